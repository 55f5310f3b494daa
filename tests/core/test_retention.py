"""The policy, its limits, and the plan of a prune."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audit_console.core.codec import Malformed
from audit_console.core.lasting import lasting_filter, lasting_text
from audit_console.core.retention import (
    KeepLonger,
    Limits,
    PrunePlan,
    RetentionPolicy,
    decode_plan,
)
from audit_console.errors import PruneRefused, QueryError, UsageError
from tests.support.retention import POLICY, aged_chain, day, hold, limits, plan_of

CHAIN = aged_chain(20)
PLAN = plan_of(CHAIN, 0, 5, 5)


def test_events_are_kept_for_the_days_of_the_policy() -> None:
    now = day(30)
    assert RetentionPolicy().cutoff(now) == now - timedelta(days=90)
    assert POLICY.cutoff(now) == day(20)
    assert POLICY.cutoff(now, day(7)) == day(7)
    assert POLICY.cutoff(now, day(25)) == day(20)


def test_a_policy_older_than_time_lets_nothing_go() -> None:
    ages = RetentionPolicy(days=100_000)
    assert RetentionPolicy(days=99_999).cutoff(datetime(2, 1, 1, tzinfo=UTC)).year == 1
    assert Limits(day(0), POLICY).cutoff_of(KeepLonger("user:x", 100_000)) < day(0)
    far = Limits(datetime(2, 1, 1, tzinfo=UTC), POLICY)
    assert far.cutoff_of(KeepLonger("user:x", 100_000)).year == 1
    assert ages.cutoff(day(0)) < day(0)


@pytest.mark.parametrize("days", [-1, 100_001])
def test_what_is_no_number_of_days_is_refused(days: int) -> None:
    with pytest.raises(UsageError, match="not a number of days"):
        RetentionPolicy(days=days)
    with pytest.raises(UsageError, match="not a number of days"):
        KeepLonger("user:x", days)


def test_nobody_goes_under_the_floor() -> None:
    policy = RetentionPolicy(days=90, floor=30)
    assert replace(policy, days=30).days == 30
    with pytest.raises(UsageError, match="1 day is under the floor of 30"):
        RetentionPolicy(days=1, floor=30)
    with pytest.raises(UsageError, match="29 days are under the floor of 30"):
        replace(policy, days=29)


def test_the_longest_rule_wins() -> None:
    policy = RetentionPolicy(
        days=10, longer=(KeepLonger("user:user-1", 12), KeepLonger("resource:*/setting/1", 15))
    )
    kept = limits(16, policy=policy)
    reasons = [kept.reason_to_keep(one) for one in CHAIN]
    assert [seq for seq, reason in enumerate(reasons) if reason] == [11, 15, 16, 17, 18, 19]
    assert reasons[11] == "kept 15 days as resource:*/setting/1"
    assert reasons[15] == "kept 12 days as user:user-1"
    assert reasons[16] == "recorded after the cut-off"


def test_a_hold_keeps_what_is_old() -> None:
    held = limits(16, holds=[hold("user:user-3")])
    assert held.reason_to_keep(CHAIN[2]) is None
    assert held.reason_to_keep(CHAIN[3]) == "under hold h1 of legal: user:user-3 (case 7)"


def test_a_plan_is_read_as_it_was_printed() -> None:
    assert decode_plan(PLAN.text) == PLAN
    assert PLAN.events == 5
    assert json.loads(PLAN.text)["plan_sha256"] == PLAN.sha256


def changed(**members: object) -> str:
    return json.dumps(json.loads(PLAN.text) | members)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a plan"),
        ("[]", "not a plan"),
        ("{}", "not a plan: it does not say its chain"),
        ("[" * 5000, "not a plan"),
        (changed(chain=7), "chain is of another type"),
        (changed(pruned_to="5"), "pruned_to is of another type"),
        (changed(pruned_to=True), "pruned_to is of another type"),
        (changed(cutoff="yesterday"), "not a plan"),
        (changed(cutoff="2026-08-06T00:00:00Z"), "cutoff is not spelled"),
        (changed(pruned_to=0), "it deletes no events"),
        (changed(pruned_from=-1), "it deletes no events"),
        (changed(pruned_to=6), "plan_sha256 is not the hash of the plan"),
        (changed(more=1), "plan_sha256 is not the hash of the plan"),
        (changed(chain="\ud800"), "not a plan"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, reason: str) -> None:
    refused = decode_plan(text)
    assert isinstance(refused, Malformed)
    assert refused.reason.startswith(reason)


def test_a_plan_is_applied_by_its_own_cut_off() -> None:
    later = Limits.of(PLAN, RetentionPolicy(days=3), [], day(40))
    assert later == Limits(day(5), RetentionPolicy(days=10), [])


def test_a_plan_that_the_policy_forbids_is_refused() -> None:
    with pytest.raises(PruneRefused, match="10 days are under the floor of 11"):
        Limits.of(PLAN, RetentionPolicy(days=90, floor=11), [], day(40))
    with pytest.raises(PruneRefused, match="younger than 10 days"):
        Limits.of(PLAN, POLICY, [], day(14))


def test_a_lasting_query_says_dates() -> None:
    text = lasting_text("user:alice since:-2d", day(10))
    assert text == "user:alice time:>=2026-08-09"
    assert lasting_filter(text)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "  ",
        "user:alice | top user",
        "star:yes",
        "-tag:case",
        "note:x OR user:x",
        "check:broken",
        "around:00000000-0000-4000-8000-000000000000,5m",
        "since:end-1d",
        "user:(",
    ],
)
def test_a_query_that_does_not_last_is_refused(query: str) -> None:
    with pytest.raises(QueryError):
        lasting_text(query, day(10))


def test_a_rule_counts_from_no_clock() -> None:
    with pytest.raises(QueryError, match="counts from the clock"):
        KeepLonger("since:-2d", 100)


def test_the_same_events_make_the_same_plan() -> None:
    again: PrunePlan = plan_of(CHAIN, 0, 5, 5)
    assert again.sha256 == PLAN.sha256
    assert replace(again, pruned_to=4).sha256 != PLAN.sha256
