"""The verdicts on logs that others wrote."""

from __future__ import annotations

import base64
import json
import threading
from pathlib import Path

import pytest

from audit_console.core.event import Scheme
from audit_console.core.findings import Code, FindingClass, Verdict
from audit_console.integrity.verification import Progress
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from tests.support.chains import v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.judging import verify_archive
from tests.support.places import UPSTREAM_VECTORS, V1_VECTORS, lines_of, sample, text_of

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines

EXPECTED = json.loads((V1_VECTORS.parent / "expected.json").read_text(encoding="utf-8"))
WEAK = ["user_id", "details", "ip_address", "user_agent", "request_id", "result_error"]


@pytest.mark.parametrize("place", [V1_VECTORS, V1_VECTORS.parent], ids=["file", "folder"])
def test_the_v1_vectors_lack_nothing_but_a_checkpoint(place: Path) -> None:
    verification = verify_archive(place)
    assert verification.verdict is Verdict.INCOMPLETE
    assert verification.counts == {Code.NO_CHECKPOINT: 1}
    (chain,) = verification.chains
    assert (chain.scheme, chain.events, chain.verified, chain.failed) == (Scheme.V1, 200, 200, 0)
    assert (chain.first_seq, chain.last_seq, chain.uncovered_fields) == (0, 199, ())
    assert chain.head_hash == EXPECTED["event_hash"][-1]
    assert chain.root is not None
    assert base64.b64encode(chain.root).decode() == EXPECTED["root_base64"]["200"]
    assert verification.verified == 200
    assert verification.cannot_show


@pytest.mark.parametrize("size", [int(size) for size in EXPECTED["root_base64"] if int(size)])
def test_every_tree_head_of_the_v1_vectors(size: int) -> None:
    (chain,) = verify(MemorySource(lines_of(V1_VECTORS)[:size], batch_lines=37)).chains
    assert chain.root is not None
    assert base64.b64encode(chain.root).decode() == EXPECTED["root_base64"][str(size)]


def test_a_chain_that_is_not_whole_or_says_two_things_has_no_tree_head() -> None:
    lines = lines_of(V1_VECTORS)
    for part in (lines[1:], lines[:5] + lines[6:], lines + lines[:1]):
        (chain,) = verify(MemorySource(part)).chains
        assert chain.root is None


@pytest.mark.parametrize("order", [slice(None, None, -1), slice(None)])
def test_a_chain_has_its_tree_head_in_whatever_order_it_stands(order: slice) -> None:
    (chain,) = verify(MemorySource(lines_of(V1_VECTORS)[order], batch_lines=37)).chains
    assert chain.root is not None
    assert base64.b64encode(chain.root).decode() == EXPECTED["root_base64"]["200"]


def test_the_orchestrators_own_lines_verify_and_are_weak() -> None:
    verification = verify_archive(UPSTREAM_VECTORS)
    assert verification.verdict is Verdict.INCOMPLETE
    assert verification.counts == {Code.WEAK_COVERAGE: 1, Code.NO_CHECKPOINT: 1}
    (chain,) = verification.chains
    assert (chain.scheme, chain.events, chain.verified) == (Scheme.ORCHESTRATOR, 240, 240)
    assert set(chain.uncovered_fields) == set(WEAK)
    (weak,) = [one for one in verification.findings if one.code is Code.WEAK_COVERAGE]
    assert all(field in weak.message for field in WEAK)


@pytest.mark.parametrize(("name", "events"), [("invictus.jsonl", 2_900), ("stratus.jsonl", 310)])
def test_real_activity_without_hashes_is_unverifiable_and_counted(name: str, events: int) -> None:
    verification = verify_archive(sample(name))
    assert verification.verdict is Verdict.INCOMPLETE
    assert verification.counts == {Code.UNVERIFIABLE: 1, Code.NO_CHECKPOINT: 1}
    (chain,) = verification.chains
    assert (chain.events, chain.not_checked, chain.verified) == (events, events, 0)
    (found,) = [one for one in verification.findings if one.code is Code.UNVERIFIABLE]
    assert f"{events:,}" in found.message
    assert verification.status.malformed == 0


def test_all_of_them_in_one_folder_are_three_logs(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").write_bytes(V1_VECTORS.read_bytes())
    (tmp_path / "audit.log.20251114-101010").write_bytes(UPSTREAM_VECTORS.read_bytes())
    verification = verify_archive(tmp_path)
    assert [chain.events for chain in verification.chains] == [200, 240]
    assert verification.verified == 440
    assert verification.counts == {Code.NO_CHECKPOINT: 2, Code.WEAK_COVERAGE: 1}


def test_a_stopped_verification_says_what_it_did_not_cover(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(v1_lines(v1_chain(3_000))))
    for source in (
        open_archive([str(path)], keep=False),
        MemorySource(lines_of(path), batch_lines=100),
    ):
        stop = threading.Event()
        seen: list[Progress] = []

        def stop_at_first(
            progress: Progress, seen: list[Progress] = seen, stop: threading.Event = stop
        ) -> None:
            seen.append(progress)
            stop.set()

        verification = verify(source, stop=stop, on_progress=stop_at_first)
        source.close()
        assert len(seen) == 1
        assert seen[0].faults == 0
        assert verification.status.stopped
        assert not verification.status.complete
        assert verification.verdict is Verdict.INCOMPLETE
        assert verification.counts[Code.RANGE_NOT_COVERED] == 1
        assert 0 < verification.verified < 3_000
        assert verification.cannot_show[0].startswith("Anything about the part")


def test_progress_counts_faults_as_they_are_found() -> None:
    lines = v1_lines(v1_chain(60))
    broken = [*lines[:10], b"garbage", *lines[10:20], *lines[25:]]
    faults: list[int] = []
    verification = verify(
        MemorySource(broken, batch_lines=10),
        on_progress=lambda progress: faults.append(progress.faults),
    )
    assert faults == sorted(faults)
    assert (faults[0], faults[-1]) == (0, 1)
    assert verification.counts[Code.GAP] == 1


def test_findings_are_capped_in_what_is_listed_never_in_what_is_counted() -> None:
    verification = verify(MemorySource([b"{"] * 2_500 + v1_lines(v1_chain(1))))
    assert verification.counts[Code.MALFORMED] == 2_500
    listed = [one for one in verification.findings if one.finding_class is FindingClass.FAULT]
    assert len(listed) == 1_000


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_verified_is_never_pass(count: int) -> None:
    verification = verify(MemorySource(v1_lines(v1_chain(count))))
    assert verification.verdict is Verdict.INCOMPLETE
    assert (Code.EMPTY in verification.counts) == (count == 0)
