"""From the places that a user names to what prunes the log there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from audit_console.database import connect
from audit_console.errors import PruneRefused, SourceNotFound, UsageError
from audit_console.retention.opening import active_file, pruner_of
from tests.support.chains import CHAIN, v1_chain
from tests.support.postgres import fill
from tests.support.retention import aged_chain, store


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return store(tmp_path, aged_chain(20), (5, 10))


def test_a_log_is_found_by_any_of_its_places(log: Path) -> None:
    folder = log.parent
    places = [
        [str(folder)],
        [str(log)],
        [f"{folder}/audit*.jsonl"],
        list(map(str, folder.iterdir())),
    ]
    assert [active_file(one) for one in places] == [log] * 4
    assert pruner_of([str(folder)], CHAIN) is not None


def test_other_files_are_no_log_of_a_writer(log: Path) -> None:
    (log.parent / "other.jsonl").write_bytes(log.read_bytes())
    for places in ([str(log.parent)], ["-"]):
        with pytest.raises(PruneRefused, match="not the one log of a writer"):
            active_file(places)
    log.unlink()
    with pytest.raises(PruneRefused, match="not the one log of a writer"):
        active_file([str(log.parent / "audit.000000000000.jsonl")])
    with pytest.raises(SourceNotFound):
        active_file([str(log)])


def test_another_chain_is_not_here(log: Path) -> None:
    with pytest.raises(PruneRefused, match=f"is the chain {CHAIN}, not"):
        pruner_of([str(log)], "example.org/other")


def test_one_of_several_chains_of_a_database(database: str) -> None:
    with pytest.raises(PruneRefused, match="no event is in it"):
        pruner_of([database])
    with closing(connect(database)) as connection:
        fill(connection, aged_chain(3))
    assert pruner_of([database]) is not None
    assert pruner_of([database], CHAIN) is not None
    with pytest.raises(PruneRefused, match=r"has no chain example\.org/other") as refused:
        pruner_of([database], "example.org/other")
    assert refused.value.hint == f"its chains: --chain {CHAIN}"
    with closing(connect(database)) as connection:
        fill(connection, v1_chain(3, chain="example.org/other"))
    with pytest.raises(UsageError, match="has 2 chains") as unclear:
        pruner_of([database])
    assert unclear.value.hint == f"say which: --chain {CHAIN}; --chain example.org/other"


def test_a_log_without_events_has_no_chain(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").touch()
    with pytest.raises(PruneRefused, match="no event is in it"):
        pruner_of([str(tmp_path)])
