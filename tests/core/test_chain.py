from __future__ import annotations

from dataclasses import replace

import pytest

from audit_console.core.chain import LogCheck
from audit_console.core.findings import Code, FindingList, Place
from audit_console.core.run import run_of
from tests.support.chains import rehashed, v1_chain


@pytest.mark.parametrize(("code", "unreadable"), [(Code.MALFORMED, 3), (Code.TORN_TAIL, 0)])
def test_lines_that_are_not_listed_are_counted_as_listed_ones_are(
    code: Code, unreadable: int
) -> None:
    check = LogCheck()
    check.add_unlisted(code, 3)
    assert check.findings.counts == {code: 3}
    assert check.findings.kept == []
    assert check.unreadable == unreadable


def test_events_that_fail_their_hash_are_all_counted_and_the_first_ones_listed() -> None:
    check = LogCheck(findings=FindingList(keep_per_code=2))
    for event in v1_chain(5):
        check.add_run(run_of(event, "0" * 64, Place(None, None)))
    assert check.findings.counts == {Code.EVENT_HASH_MISMATCH: 5}
    assert [one.first_seq for one in check.findings.kept] == [0, 1]


def test_gaps_are_all_counted_and_the_first_ones_listed() -> None:
    check = LogCheck(findings=FindingList(keep_per_code=2))
    for event in v1_chain(9)[::2]:
        check.add_run(run_of(event, event.event_hash or "", Place(None, None)))
    check.finish({})
    assert check.findings.counts == {Code.GAP: 4, Code.NO_CHECKPOINT: 1}
    gaps = [one for one in check.findings.kept if one.code is Code.GAP]
    assert [one.first_seq for one in gaps] == [1, 3]


def test_what_is_out_of_order_is_all_counted_and_the_first_ones_listed() -> None:
    check = LogCheck(findings=FindingList(keep_per_code=2))
    for event in reversed(v1_chain(6)):
        check.add_run(run_of(event, event.event_hash or "", Place(None, None)))
    check.finish({})
    assert check.findings.counts == {Code.OUT_OF_ORDER: 5, Code.NO_CHECKPOINT: 1}
    late = [one for one in check.findings.kept if one.code is Code.OUT_OF_ORDER]
    assert [one.first_seq for one in late] == [4, 3]


def test_links_and_clocks_that_go_wrong_are_all_counted_and_the_first_ones_listed() -> None:
    check = LogCheck(findings=FindingList(keep_per_code=2))
    for seq, event in enumerate(v1_chain(5)):
        moment = f"{2030 - seq}-01-01T00:00:00Z"
        odd = rehashed(replace(event, previous_hash="f" * 64, recorded_at=moment))
        check.add_run(run_of(odd, odd.event_hash or "", Place(None, None)))
    check.finish({})
    counts = check.findings.counts
    assert (counts[Code.PREVIOUS_HASH_MISMATCH], counts[Code.CLOCK_BACKWARDS]) == (5, 4)
    for code in (Code.PREVIOUS_HASH_MISMATCH, Code.CLOCK_BACKWARDS):
        assert len([one for one in check.findings.kept if one.code is code]) == 2
