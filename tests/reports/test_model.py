"""What a verification says, whatever prints it."""

from __future__ import annotations

from audit_console.core.findings import Code
from audit_console.reports.model import Standing, only_unanchored
from tests.reports.builders import (
    EDITED,
    REMOVED,
    SHUFFLED,
    UNANCHORED,
    finding,
    report,
    verification,
)


def test_an_edited_event_speaks_against_integrity_alone() -> None:
    made = report(verification(EDITED, UNANCHORED))
    assert made.integrity.standing is Standing.FAULTY
    assert made.integrity.faults == (Code.EVENT_HASH_MISMATCH,)
    assert made.coverage.standing is Standing.OPEN
    assert made.coverage.open_points == (Code.NO_CHECKPOINT,)


def test_a_removed_event_speaks_against_coverage_alone() -> None:
    made = report(verification(REMOVED, UNANCHORED))
    assert made.integrity.standing is Standing.HOLDS
    assert made.coverage.standing is Standing.FAULTY
    assert made.coverage.open_points == (Code.NO_CHECKPOINT,)


def test_a_notice_speaks_against_nothing() -> None:
    made = report(verification(SHUFFLED), exit_code=0)
    assert (made.integrity.standing, made.coverage.standing) == (Standing.HOLDS, Standing.HOLDS)


def test_nothing_verified_is_not_integrity() -> None:
    checked = verification(UNANCHORED, finding(Code.EMPTY), chains=())
    made = report(checked, exit_code=3)
    assert made.integrity.standing is Standing.OPEN
    assert made.integrity.open_points == ()


def test_the_headline_counts_every_fault() -> None:
    checked = verification(
        EDITED, REMOVED, UNANCHORED, counts={EDITED.code: 5000, REMOVED.code: 1, UNANCHORED.code: 1}
    )
    assert report(checked).headline == "FAIL: 5,001 faults found, 41 lines read"


def test_the_headline_of_each_verdict() -> None:
    assert report(verification(EDITED)).headline == "FAIL: 1 fault found, 41 lines read"
    assert report(verification(), exit_code=0).headline == "PASS: 39 events verified, no fault"
    unanswered = "INCOMPLETE: no fault found, but open: NO_CHECKPOINT"
    assert report(verification(UNANCHORED), exit_code=3).headline == unanswered
    assert report(verification(UNANCHORED), exit_code=0).headline == f"{unanswered} (accepted)"


def test_what_is_counted_but_not_kept_is_said() -> None:
    checked = verification(EDITED, UNANCHORED, counts={EDITED.code: 7, UNANCHORED.code: 1})
    assert report(checked).unlisted == {Code.EVENT_HASH_MISMATCH: 6}


def test_only_the_missing_checkpoint_can_be_accepted() -> None:
    assert only_unanchored(verification(UNANCHORED))
    assert only_unanchored(verification(UNANCHORED, SHUFFLED))
    assert not only_unanchored(verification(UNANCHORED, finding(Code.WEAK_COVERAGE)))
    assert not only_unanchored(verification(UNANCHORED, EDITED))
    assert not only_unanchored(verification(finding(Code.EMPTY)))
    assert not only_unanchored(verification())
