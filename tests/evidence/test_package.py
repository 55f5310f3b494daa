"""What goes into a package, and what its script says of it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.matching import Marks
from audit_console.core.policy import parse_policy
from audit_console.core.prunes import PruneCircumstances, encode_prune
from audit_console.core.vouchers import Remembered
from audit_console.errors import SourceChanged
from audit_console.evidence.package import check_script, write_package
from audit_console.evidence.tree_places import place, unproven
from audit_console.integrity.trust import Trust
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from tests.support.chains import (
    BEGIN,
    CHAIN,
    linked,
    orchestrator_chain,
    orchestrator_lines,
    v1_chain,
    v1_lines,
)
from tests.support.effort import UNMEASURED, examples
from tests.support.packages import (
    case_of,
    files_of,
    log_of,
    manifest_of,
    packed,
    refusal,
    sentences,
)
from tests.support.places import V1_VECTORS, lines_of
from tests.support.retention import day, plan_of
from tests.support.tampers import (
    Tamper,
    both,
    branched,
    copied,
    edited,
    removed,
    renumbered,
    respelled,
    shuffled,
)
from tests.support.trees import grown, naive_root
from tests.support.trusting import (
    leaves,
    log_key,
    policy_text,
    stored,
    trust_in,
    witness_key,
)

COUNT = 40
CHAINED = v1_chain(COUNT)
WHOLE = v1_lines(CHAINED)
LEAVES = leaves(CHAINED)
OF_USER_3 = "user:user-3"
SELECTED = [3, 10, 17, 24, 31, 38]


def _json_lines(content: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in content.splitlines()]


def test_the_selected_lines_are_there_byte_for_byte() -> None:
    package, made = packed(log_of(WHOLE), OF_USER_3)
    files = files_of(package)
    assert files["events.jsonl"] == b"".join(WHOLE[seq] + b"\n" for seq in SELECTED)
    assert (made.selected, made.proven, made.vouched) == (6, 6, 0)
    assert refusal(files) is None


def test_the_manifest_says_what_was_asked_and_found() -> None:
    manifest = manifest_of(files_of(packed(log_of(WHOLE), OF_USER_3)[0]))
    assert manifest["query"] == OF_USER_3
    assert manifest["source"] == {"label": "audit.jsonl", "kind": "memory"}
    assert manifest["made_at"] == "2026-11-24T09:30:00.000000Z"
    assert manifest["window"] == [CHAINED[3].timestamp, CHAINED[38].timestamp]
    assert manifest["log_window"] == [CHAINED[0].timestamp, CHAINED[39].timestamp]
    assert manifest["counts"] == {
        "lines": 40,
        "events": 40,
        "malformed": 0,
        "selected": 6,
        "proven": 6,
    }
    assert manifest["verdict"] == "INCOMPLETE"
    assert manifest["cannot_show"]


@UNMEASURED
def test_the_manifest_names_the_hash_of_every_file() -> None:
    files = files_of(packed(log_of(WHOLE), OF_USER_3)[0])
    named = {file["name"]: file["sha256"] for file in manifest_of(files)["files"]}
    others = {"manifest.json", "manifest.sha256"}
    assert named == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name not in others
    }
    digest = hashlib.sha256(files["manifest.json"]).hexdigest()
    assert files["manifest.sha256"].decode() == f"{digest}  manifest.json\n"


@UNMEASURED
def test_the_same_case_gives_the_same_bytes() -> None:
    once, again = (packed(log_of(WHOLE), OF_USER_3, key=witness_key())[0] for _ in range(2))
    assert once == again


def test_the_script_in_it_is_the_one_of_the_project() -> None:
    assert files_of(packed(log_of(WHOLE))[0])["check.py"].decode() == check_script()


def test_marks_and_notes_of_the_selected_events_are_there() -> None:
    keys = [(CHAINED[seq].id, CHAINED[seq].event_hash) for seq in (3, 4)]
    marks = {keys[0]: Marks(tags=frozenset({"theft"}), note="asked him"), keys[1]: Marks(star=True)}
    files = files_of(packed(log_of(WHOLE), OF_USER_3, marks=marks)[0])
    (marked,) = _json_lines(files["marks.jsonl"])
    assert (marked["seq"], marked["tags"], marked["note"]) == (3, ["theft"], "asked him")


def test_the_report_is_there_for_people_and_programs() -> None:
    files = files_of(packed(log_of(WHOLE))[0])
    report = json.loads(files["report.json"])
    assert (report["verdict"], report["made_at"]) == ("INCOMPLETE", "2026-11-24T09:30:00.000000Z")
    assert b"nothing outside the log vouches for its end" in files["report.html"]


@UNMEASURED
@pytest.mark.parametrize(("query", "count"), [("", 40), ("user:nobody", 0)])
def test_all_events_and_none_can_be_packed(query: str, count: int) -> None:
    package, made = packed(log_of(WHOLE), query)
    files = files_of(package)
    assert (made.selected, made.proven) == (count, count)
    assert refusal(files) is None
    assert ("tree-1.txt" in files) == bool(count)


def test_without_a_voucher_it_says_so() -> None:
    said = sentences(files_of(packed(log_of(WHOLE), OF_USER_3)[0]))
    assert f"Proven: 6 under the head over the first 40 of '{CHAIN}'." in said
    assert "Nothing outside the log vouches for this head." in said
    assert "The package is not signed: nothing in it tells who made it." in said


# --- what vouches --------------------------------------------------------------------


def test_the_largest_trusted_checkpoint_vouches() -> None:
    notes = [stored(LEAVES, size) for size in (8, 32)]
    package, made = packed(log_of(WHOLE, notes), OF_USER_3, trust=trust_in())
    files = files_of(package)
    (tree,) = manifest_of(files)["trees"]
    root = base64.b64encode(naive_root(LEAVES[:32])).decode()
    assert tree["vouched"] == {"by": "checkpoint", "size": 32, "root": root}
    assert files["checkpoint-1.txt"].decode() == json.loads(notes[1])["note"]
    assert files["policy.txt"].decode() == policy_text()
    assert (made.proven, made.vouched) == (6, 5)
    said = sentences(files)
    assert any(line.startswith("The head over the first 32 is signed by ") for line in said)
    assert "Of these, 1 comes after what is vouched for." in said


@UNMEASURED
def test_a_checkpoint_that_the_policy_does_not_trust_does_not_vouch() -> None:
    foreign = stored(LEAVES, 32, log=log_key(number=2))
    files = files_of(packed(log_of(WHOLE, [foreign]), trust=trust_in())[0])
    assert manifest_of(files)["trees"][0]["vouched"] is None


@UNMEASURED
def test_a_checkpoint_over_another_past_does_not_vouch() -> None:
    other = leaves(v1_chain(COUNT, chain="audit.example.org/other"))
    notes = [stored(other, 32), stored(LEAVES, 16)]
    files = files_of(packed(log_of(WHOLE, notes), trust=trust_in())[0])
    assert manifest_of(files)["trees"][0]["vouched"]["size"] == 16
    assert refusal(files) is None


def test_what_the_console_remembers_vouches_where_no_checkpoint_does() -> None:
    seen = Remembered(CHAIN, 24, grown(LEAVES[:24]).root(), BEGIN)
    package, made = packed(log_of(WHOLE), OF_USER_3, trust=Trust(remembered={CHAIN: seen}))
    files = files_of(package)
    assert made.vouched == 3
    assert "The console that made this had verified the first 24 on" in " ".join(sentences(files))


@UNMEASURED
def test_the_checkpoints_of_the_published_vectors_vouch() -> None:
    policy = (V1_VECTORS.parent / "policy.txt").read_text("utf-8")
    notes = (V1_VECTORS.parent / "audit.checkpoints.jsonl").read_text("utf-8").splitlines()
    trust = Trust(parse_policy(policy))
    source = log_of(lines_of(V1_VECTORS), notes)
    package, made = packed(source, "result:failure", trust=trust)
    files = files_of(package)
    assert made.proven == made.selected > 0
    assert refusal(files, policy=policy) is None
    assert manifest_of(files)["trees"][0]["vouched"]["size"] == 200


# --- damaged logs --------------------------------------------------------------------

BEHIND = "events before it are missing, and with them the head of the tree"
ALTERED = "the content differs from the hash that the event carries"
RESPELLED = "the line is not spelled as it was when it was hashed"
TAKEN = "another event claims the same place"


@UNMEASURED
@pytest.mark.parametrize(
    ("tamper", "unproven", "vouched"),
    [
        pytest.param(edited(10, user_id="user-3", action="x"), {ALTERED: 1}, 5, id="edited"),
        pytest.param(edited(11, action="x"), {}, 6, id="another-edited"),
        pytest.param(removed(11), {}, 6, id="one-removed"),
        pytest.param(removed(11, 12), {BEHIND: 4}, 0, id="two-removed"),
        pytest.param(removed(0, 1), {BEHIND: 6}, 0, id="first-two-removed"),
        pytest.param(
            both(removed(11), renumbered(11, -1, rehash=False)), {ALTERED: 4}, 0, id="renumbered"
        ),
        pytest.param(
            lambda lines: [*edited(0, seq=COUNT)(lines[:1]), *lines], {}, 6, id="behind-in-front"
        ),
        pytest.param(respelled(10), {RESPELLED: 1}, 5, id="respelled"),
        pytest.param(copied(10, 20), {TAKEN: 1}, 6, id="doubled"),
        pytest.param(branched(10, 10, 20), {TAKEN: 1}, 6, id="forked"),
        pytest.param(shuffled(5), {}, 6, id="shuffled"),
    ],
)
def test_a_damaged_log_proves_what_is_left(
    tamper: Tamper, unproven: dict[str, int], vouched: int
) -> None:
    log = log_of(tamper(WHOLE), [stored(LEAVES, COUNT)])
    package, made = packed(log, OF_USER_3, trust=trust_in())
    files = files_of(package)
    assert refusal(files) is None
    assert manifest_of(files)["unproven"] == unproven
    assert made.proven == made.selected - sum(unproven.values())
    assert made.vouched == vouched


@UNMEASURED
def test_a_rewritten_log_is_vouched_for_by_nothing() -> None:
    log = log_of(edited(5, rehash=True, action="x")(WHOLE), [stored(LEAVES, COUNT)])
    package, made = packed(log, OF_USER_3, trust=trust_in())
    assert (made.proven, made.vouched) == (6, 0)
    assert refusal(files_of(package)) is None


def test_what_is_left_of_a_pruned_log_is_proven() -> None:
    deleted = 12
    plan = plan_of(CHAINED, 0, deleted, cutoff=120)
    told = PruneCircumstances(actor="olga", reason="yearly", applied_at=day(140))
    record = encode_prune(plan, grown(LEAVES[:deleted]), told, None)
    log = MemorySource(
        WHOLE[deleted:],
        prune_records=[record],
        checkpoints=[stored(LEAVES, COUNT)],
    )
    package, made = packed(log, OF_USER_3, trust=trust_in())
    files = files_of(package)
    assert (made.selected, made.proven, made.vouched) == (4, 4, 4)
    assert refusal(files, policy=policy_text()) is None


def test_a_log_that_changed_since_it_was_verified_is_not_packed(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"\n".join([*WHOLE, b""]))
    with closing(open_archive([str(path)], keep=True)) as source:
        case = case_of(source, OF_USER_3)
        other = edited(5, rehash=True, user_id="user-6")(WHOLE)
        path.write_bytes(b"\n".join([*other, b""]))
        with pytest.raises(SourceChanged, match="since it was verified"):
            write_package(io.BytesIO(), case)


@UNMEASURED
@pytest.mark.parametrize("fields", [(), ("event_hash", "previous_hash")], ids=["hashed", "not"])
@pytest.mark.parametrize("line", [0, 3])
def test_sealed_lines_that_changed_since_they_were_verified_are_not_packed(
    tmp_path: Path, fields: Sequence[str], line: int
) -> None:
    entries = [
        {key: value for key, value in entry.items() if key not in fields}
        for entry in orchestrator_chain(5)
    ]
    lines = orchestrator_lines(entries)
    path = tmp_path / "audit.log"
    path.write_bytes(b"\n".join([*lines, b""]))
    with closing(open_archive([str(path)], keep=True)) as source:
        case = case_of(source, "user:user-3")
        one, other = b'"user_agent":null', b'"request_id":null'
        lines[line] = lines[line].replace(one + b"," + other, other + b"," + one)
        path.write_bytes(b"\n".join([*lines, b""]))
        with pytest.raises(SourceChanged, match="since it was verified"):
            write_package(io.BytesIO(), case)


def test_a_name_that_is_no_text_is_the_same_in_all_files_and_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"n\xff.jsonl")
    path.write_bytes(b"\n".join([*WHOLE, b""]))
    with closing(open_archive([str(path)], keep=True)) as source:
        files = files_of(packed(source, OF_USER_3)[0])
    assert refusal(files) is None
    for name in ("manifest.json", "report.json", "places.jsonl"):
        assert b"n\\ufffd.jsonl" in files[name]
        assert b"\\udc" not in files[name]


def test_a_line_that_is_gone_since_it_was_found_is_not_packed(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"\n".join([*WHOLE, b""]))
    with closing(open_archive([str(path)], keep=True)) as source:
        case = case_of(source, OF_USER_3)
        path.write_bytes(b"\n".join([*WHOLE[::-1], b""]))
        with pytest.raises(SourceChanged, match="while it was packed"):
            write_package(io.BytesIO(), case)


@UNMEASURED
def test_chains_have_a_tree_each() -> None:
    other = v1_lines(v1_chain(9, chain="audit.example.org/other"))
    files = files_of(packed(log_of([*WHOLE, *other]), OF_USER_3)[0])
    assert [(tree["chain"], tree["size"]) for tree in manifest_of(files)["trees"]] == [
        (CHAIN, 40),
        ("audit.example.org/other", 9),
    ]
    assert refusal(files) is None


# --- other formats -------------------------------------------------------------------

SEALED_AS = "audit.example.org/orchestrator"
ORCHESTRATOR = orchestrator_lines(orchestrator_chain(20))


def _line_leaves(lines: Sequence[bytes]) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + line).digest() for line in lines]


def _unhashed(lines: Sequence[bytes]) -> list[bytes]:
    entries = [json.loads(line) | {"event_hash": None} for line in lines]
    return [json.dumps(entry).encode() for entry in entries]


@UNMEASURED
@pytest.mark.parametrize("lines", [ORCHESTRATOR, _unhashed(ORCHESTRATOR)], ids=["weak", "none"])
def test_lines_of_other_formats_are_leaves_as_a_seal_takes_them(lines: list[bytes]) -> None:
    note = stored(_line_leaves(lines), 16, origin=SEALED_AS)
    trust = trust_in([log_key(SEALED_AS)])
    package, made = packed(log_of(lines, [note]), "result:success", trust=trust)
    files = files_of(package)
    assert (made.selected, made.proven, made.vouched) == (7, 7, 6)
    (tree,) = manifest_of(files)["trees"]
    assert (tree["chain"], tree["leaves"], tree["size"]) == (SEALED_AS, "lines", 20)
    assert tree["root"] == base64.b64encode(naive_root(_line_leaves(lines))).decode()
    assert refusal(files) is None


def test_events_of_other_formats_without_lines_have_no_proof() -> None:
    events = pl.DataFrame(
        {"file": [0], "line": [1], "scheme": ["orchestrator"], "chain": [None], "seq": [None]}
    ).with_columns(
        pl.col("chain").cast(pl.String), seq=pl.lit(None, pl.Int64), why_not=pl.lit(None, pl.String)
    )
    nothing = pl.DataFrame(schema={"file": pl.Int64, "line": pl.Int64, "leaf": pl.Int64})
    placed = place(events, nothing, [])
    assert unproven(placed) == {"the log keeps no lines that could be hashed": 1}


def test_lines_without_a_seal_are_under_a_head_that_nothing_vouches_for() -> None:
    package, made = packed(log_of(ORCHESTRATOR), "result:success")
    assert (made.proven, made.vouched) == (7, 0)
    assert "Nothing outside the log vouches for this head." in sentences(files_of(package))


# --- any selection -------------------------------------------------------------------


@examples(25)
@given(st.integers(1, 60), st.integers(0, 2**32), st.floats(0, 1))
def test_any_selection_of_any_tree_is_proven(count: int, seed: int, share: float) -> None:
    rng = Random(seed)
    chosen = [rng.random() < share for _ in range(count)]
    events = [
        replace(one, request_id="wanted" if is_chosen else "other")
        for one, is_chosen in zip(v1_chain(count), chosen, strict=True)
    ]
    events = linked(events)
    size = rng.randint(1, count)
    source = log_of(v1_lines(events), [stored(leaves(events), size)])
    package, made = packed(source, "request:wanted", trust=trust_in())
    files = files_of(package)
    assert refusal(files) is None
    assert made.selected == made.proven == sum(chosen)
    assert made.vouched == sum(chosen[:size])
    for tree in manifest_of(files)["trees"]:
        assert tree["root"] == base64.b64encode(naive_root(leaves(events))).decode()
