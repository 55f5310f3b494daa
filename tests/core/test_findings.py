from __future__ import annotations

import pytest

from audit_console.core.findings import (
    CODES,
    EXIT_CODES,
    Code,
    FindingClass,
    FindingList,
    Place,
    Severity,
    Verdict,
    finding,
)


def test_every_code_has_its_class_severity_and_meaning() -> None:
    assert set(CODES) == set(Code)
    for code, meaning in CODES.items():
        assert meaning.meaning
        assert finding(code, "x").finding_class is meaning.default_class
        assert finding(code, "x").severity is meaning.severity


def test_the_scheme_may_change_a_class_but_not_the_severity() -> None:
    restart = finding(Code.CHAIN_RESTART, "x", finding_class=FindingClass.INCOMPLETE)
    assert (restart.finding_class, restart.severity) == (FindingClass.INCOMPLETE, Severity.MEDIUM)


def test_a_finding_tells_its_place() -> None:
    found = finding(Code.GAP, "x", first_seq=1, last_seq=2, place=Place("a.jsonl", 3, "id"))
    assert (found.file, found.line, found.event_id) == ("a.jsonl", 3, "id")


def test_all_findings_are_counted_and_the_first_of_each_code_kept() -> None:
    findings = FindingList(keep_per_code=2)
    for seq in range(5):
        findings.add(finding(Code.GAP, "x", first_seq=seq))
    findings.add(finding(Code.TORN_TAIL, "x"))
    assert findings.counts == {Code.GAP: 5, Code.TORN_TAIL: 1}
    assert [one.first_seq for one in findings.kept] == [0, 1, None]


@pytest.mark.parametrize(
    ("codes", "verdict", "exit_code"),
    [
        ([], Verdict.PASS, 0),
        ([Code.TORN_TAIL], Verdict.PASS, 0),
        ([Code.NO_CHECKPOINT, Code.TORN_TAIL], Verdict.INCOMPLETE, 3),
        ([Code.NO_CHECKPOINT, Code.GAP], Verdict.FAIL, 1),
    ],
)
def test_the_worst_class_gives_the_verdict(
    codes: list[Code], verdict: Verdict, exit_code: int
) -> None:
    findings = FindingList()
    for code in codes:
        findings.add(finding(code, "x"))
    assert findings.verdict is verdict
    assert EXIT_CODES[verdict] == exit_code


def test_a_list_that_takes_in_another_counts_all_of_it() -> None:
    more, found = FindingList(keep_per_code=2), FindingList(keep_per_code=3)
    for number in range(5):
        more.add(finding(Code.GAP, str(number)))
    more.add(finding(Code.EMPTY, "x"))
    for one in (finding(Code.GAP, "first"), finding(Code.EMPTY, "y")):
        found.add(one)
    found.extend(more)
    assert found.counts == {Code.GAP: 6, Code.EMPTY: 2}
    assert (found.faults, found.verdict) == (6, Verdict.FAIL)
    assert [one.message for one in found.kept] == ["first", "y", "0", "1", "x"]
