from __future__ import annotations

from audit_console.core.wording import all_stay, chain_options, count, seqs


def test_a_count_agrees_with_its_thing() -> None:
    assert [count(number, "file") for number in (0, 1, 3_000)] == [
        "0 files",
        "1 file",
        "3,000 files",
    ]


def test_one_seq_is_no_range() -> None:
    assert [seqs(7, 7), seqs(0, 4_087)] == ["seq 7", "seq 0 to 4,087"]


def test_that_all_stay_agrees_with_how_many_there_are() -> None:
    assert [all_stay(number) for number in (1, 3_000)] == [
        "the only event stays",
        "all 3,000 events stay",
    ]


def test_names_of_chains_are_quoted_where_a_shell_would_read_them() -> None:
    assert chain_options(["log.example/a"]) == "--chain log.example/a"
    assert chain_options(["$(touch x)", "a b"]) == "--chain '$(touch x)'; --chain 'a b'"
    assert chain_options(["a"] * 9) == "; ".join(["--chain a"] * 5)
