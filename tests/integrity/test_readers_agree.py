"""However a log is read and cut, the findings and the tallies are the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.columns import links, runs
from audit_console.core import run, strays
from audit_console.core.findings import Code
from audit_console.core.vouchers import Remembered
from audit_console.integrity.trust import Trust
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import blocks
from audit_console.sources.memory import MemorySource
from tests.support.chains import (
    BEGIN,
    branch,
    orchestrator_chain,
    orchestrator_lines,
    rehashed,
    v1_chain,
    v1_lines,
)
from tests.support.compiled import without_compiled
from tests.support.effort import UNMEASURED, examples
from tests.support.judging import (
    judge_archive,
    judge_in_memory,
    judge_one_by_one,
    told,
    verify_archive,
)
from tests.support.places import text_of
from tests.support.tampers import Lines, event_of
from tests.support.trees import grown

pytestmark = UNMEASURED  # generated logs: what a line does is tested elsewhere

COUNT = 14
CHAIN = v1_chain(COUNT)
WHOLE = v1_lines(CHAIN)
OTHER = v1_lines(v1_chain(COUNT, chain="other"))
ORCHESTRATED = orchestrator_lines(orchestrator_chain(COUNT))
RESTARTED = orchestrator_lines(orchestrator_chain(5, first=COUNT))
BATCHES = [1, 2, 7, 5000]

_PLACES = st.integers(0, COUNT - 1)
_CLOCKS = st.sampled_from(["2020-01-01T00:00:00.000000Z", "2030-01-01T00:00:00.000000Z"])


@st.composite
def stray_lines(draw: st.DrawFn) -> bytes:
    """A line that somebody puts into a log: forged, edited, copied or no event at all."""
    event = draw(st.sampled_from(CHAIN))
    kind = draw(st.integers(0, 8))
    if kind <= 1:
        first = draw(_PLACES)
        last = draw(st.integers(first, COUNT - 1))
        return draw(st.sampled_from(v1_lines(branch(CHAIN, first, last))))
    if kind == 2:
        event = rehashed(replace(event, recorded_at=draw(_CLOCKS)))
    elif kind == 3:
        event = replace(event, action="edited")
    elif kind == 4:
        event = replace(event, seq=draw(st.integers(0, COUNT + 3)))
    elif kind == 5:
        event = rehashed(replace(event, seq=draw(st.integers(0, COUNT + 3))))
    elif kind == 6:
        return draw(st.sampled_from([b"garbage", b"", b"{}", b"  ", b"\xff"]))
    elif kind == 7:
        return draw(st.sampled_from([*OTHER, *ORCHESTRATED, *RESTARTED]))
    elif kind == 8:
        return v1_lines([event])[0] + b" "
    return v1_lines([event])[0]


@st.composite
def tampered_logs(draw: st.DrawFn) -> Lines:
    """A log of up to three chains, to which several things were done."""
    lines = list(WHOLE[: draw(st.integers(0, COUNT))])
    if draw(st.booleans()):
        first = draw(_PLACES)
        lines += v1_lines(branch(CHAIN, first, draw(st.integers(first, COUNT - 1))))
    for chain in (OTHER, ORCHESTRATED, [*ORCHESTRATED, *RESTARTED]):
        if draw(st.integers(0, 4)) == 0:
            lines = _interleaved(draw, lines, chain)
    for _ in range(draw(st.integers(0, 6))):
        lines = _tampered(draw, lines)
    return lines


def _interleaved(draw: st.DrawFn, lines: Lines, others: Lines) -> Lines:
    mixed, rest = [], list(lines)
    for line in others:
        taken = draw(st.integers(0, 2))
        mixed += [line, *rest[:taken]]
        rest = rest[taken:]
    return mixed + rest


def _tampered(draw: st.DrawFn, lines: Lines) -> Lines:
    first = draw(st.integers(0, len(lines)))
    last = draw(st.integers(first, min(first + 5, len(lines))))
    part, rest = lines[first:last], lines[:first] + lines[last:]
    to = draw(st.integers(0, len(rest)))
    match draw(st.integers(0, 5)):
        case 0:
            return rest
        case 1:
            return rest[:to] + part + rest[to:]
        case 2:
            return lines[:to] + part + lines[to:]
        case 3:
            return lines[:first] + part[::-1] + lines[last:]
        case _:
            return [*lines[:first], draw(stray_lines()), *lines[first:]]


@examples(100)
@given(tampered_logs(), st.sampled_from(BATCHES))
def test_columns_say_what_the_core_says(lines: Lines, batch_lines: int) -> None:
    assert judge_in_memory(lines, batch_lines) == judge_one_by_one(lines)


@st.composite
def edited_logs(draw: st.DrawFn) -> Lines:
    """A tampered log of which stretches fail their own hashes, in place or behind the rest."""
    lines = list(draw(tampered_logs()))
    for _ in range(draw(st.integers(1, 3))):
        first = draw(_PLACES)
        last = draw(st.integers(first + 1, COUNT))
        edited = v1_lines([replace(event, action="edited") for event in CHAIN[first:last]])
        if draw(st.booleans()) and lines[first:last] == WHOLE[first:last]:
            lines[first:last] = edited
        else:
            at = draw(st.integers(0, len(lines)))
            lines[at:at] = edited
    return lines


@examples(40)
@given(edited_logs(), st.sampled_from([7, 5000]), st.sampled_from([0, 2, strays.STRAYS_KEPT]))
def test_events_that_are_not_listed_are_judged_together_as_they_would_be_alone(
    lines: Lines, batch_lines: int, strays_kept: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strays, "STRAYS_KEPT", strays_kept)
        alone = judge_in_memory(lines, batch_lines)
        patch.setattr(runs, "KEEP_PER_CODE", 1)
        together = judge_in_memory(lines, batch_lines)
    assert together.counts == alone.counts
    assert together.chains == alone.chains
    assert together.without(Code.EVENT_HASH_MISMATCH) == alone.without(Code.EVENT_HASH_MISMATCH)


@examples(60)
@given(tampered_logs(), st.integers(1, COUNT), st.sampled_from([2, 7, 5000]))
def test_trees_are_those_of_single_events(lines: Lines, seen: int, batch_lines: int) -> None:
    leaves = [bytes.fromhex(event.event_hash or "") for event in CHAIN[:seen]]
    held = Remembered(CHAIN[0].chain or "", seen, grown(leaves).root(), BEGIN)
    trust = Trust(remembered={held.chain: held})
    alone, together = (
        verify(MemorySource(lines, batch_lines=count), trust=trust) for count in (1, batch_lines)
    )
    assert [chain.root for chain in together.chains] == [chain.root for chain in alone.chains]
    assert together.counts == alone.counts


@pytest.mark.usefixtures("parsers_stay")
@examples(40)
@given(tampered_logs(), st.sampled_from([600, 1_300, 2_600, 1 << 20]))
def test_archives_say_what_the_core_says_with_and_without_what_was_compiled(
    tmp_path_factory: pytest.TempPathFactory, lines: Lines, block_bytes: int
) -> None:
    if not any(line.startswith((b'{"v":1', b'{"id":')) for line in lines):
        return  # no audit log
    path = tmp_path_factory.mktemp("log") / "audit.jsonl"
    path.write_bytes(text_of(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "FIRST_BLOCK_BYTES", block_bytes)
        patch.setattr(blocks, "LARGEST_BLOCK_BYTES", block_bytes)
        found = verify_archive(path)
        assert told(found) == judge_one_by_one(lines)
        without_compiled(patch)
        assert _in_order(found) == _in_order(verify_archive(path))


def _in_order(found: Verification) -> Verification:
    """Give findings in an order that does not come from how the log was cut."""
    return replace(found, findings=tuple(sorted(found.findings, key=str)))


@pytest.mark.parametrize("batch_lines", BATCHES)
@pytest.mark.parametrize("window", [1, 2, 3, 6])
def test_the_fork_window_is_the_same(
    monkeypatch: pytest.MonkeyPatch, window: int, batch_lines: int
) -> None:
    monkeypatch.setattr(links, "FORK_WINDOW", window)
    for back in range(1, 8):
        lines = [*ORCHESTRATED[:10], ORCHESTRATED[10 - back], *ORCHESTRATED[10:]]
        alone = judge_one_by_one(lines, fork_window=window)
        assert judge_in_memory(lines, batch_lines) == alone
    assert run.FORK_WINDOW == 10_000


@pytest.mark.parametrize("batch_lines", [900, 5_000])
def test_a_run_over_a_thousand_islands(batch_lines: int) -> None:
    lines = v1_lines(v1_chain(2_400))
    torn = lines[::2] + lines
    assert judge_in_memory(torn, batch_lines).counts == judge_one_by_one(torn).counts


def test_files_of_a_log_are_one_log(tmp_path: Path) -> None:
    for number, begin in enumerate(range(0, COUNT, 5)):
        part = WHOLE[begin : begin + 5]
        name = tmp_path / f"audit.{9 - number}.jsonl"
        name.write_bytes(text_of(part))
    found = judge_archive(tmp_path)
    assert found.beyond_the_unanchored_end == []
    assert found.notices == []
    assert found.chains[event_of(WHOLE[0]).chain or ""][0] == COUNT
