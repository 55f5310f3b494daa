"""What a verification says in numbers."""

from __future__ import annotations

from audit_console.core.checkpoints import Checkpoint
from audit_console.core.event import Scheme
from audit_console.core.findings import Verdict
from audit_console.core.notes import Note
from audit_console.core.vouchers import SignedHead
from audit_console.integrity.verification import ChainSummary, Verification
from audit_console.sources.memory import MemorySource


def chain(
    events: int, sealed_by: SignedHead | None = None, *, first_seq: int | None = 0
) -> ChainSummary:
    return ChainSummary(
        chain="a chain",
        scheme=Scheme.UNHASHED if first_seq is None else Scheme.V1,
        first_seq=first_seq,
        last_seq=None if first_seq is None else first_seq + events - 1,
        events=events,
        verified=0,
        failed=0,
        not_checked=events,
        sealed_by=sealed_by,
    )


def sealed_and_not(*chains: ChainSummary) -> tuple[int, int]:
    found = Verification(
        verdict=Verdict.PASS,
        chains=chains,
        findings=(),
        counts={},
        faults=0,
        cannot_show=(),
        status=MemorySource([]).status,
    )
    return found.sealed, found.unsealed


def over(size: int) -> SignedHead:
    checkpoint = Checkpoint("a chain", size, bytes(32))
    return SignedHead(checkpoint=checkpoint, note=Note(str(checkpoint), ()))


def test_without_a_checkpoint_nothing_is_sealed() -> None:
    assert sealed_and_not(chain(40), chain(3, first_seq=None)) == (0, 43)


def test_sealed_are_events_that_are_here() -> None:
    assert sealed_and_not(chain(40, over(30))) == (30, 10)
    assert sealed_and_not(chain(40, over(110), first_seq=100)) == (10, 30)


def test_chains_count_together_and_a_seal_over_lines_once() -> None:
    lines = [chain(events, over(25), first_seq=None) for events in (20, 10)]
    assert sealed_and_not(chain(40, over(40)), chain(7)) == (40, 7)
    assert sealed_and_not(*lines) == (25, 5)
