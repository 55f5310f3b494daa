from __future__ import annotations

import pytest

from audit_console.core.chain import LogCheck
from audit_console.core.findings import Code, FindingList, Place
from audit_console.core.run import run_of
from tests.support.chains import v1_chain


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
