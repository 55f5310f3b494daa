"""A prune of a table: what goes, what stays, what is refused, and what a crash leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from audit_console.core.codec import encode_line
from audit_console.core.event import AuditEvent
from audit_console.core.findings import Code
from audit_console.core.holds import Hold, HoldChange
from audit_console.core.prunes import PRUNE_ACTION
from audit_console.core.retention import PrunePlan, RetentionPolicy
from audit_console.database import connect
from audit_console.errors import (
    PrefixBroken,
    PruneRefused,
    SinkUnavailable,
    SourceChanged,
    UsageError,
)
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.postgres import PostgresSource, open_postgres
from audit_console.writer.postgres import PostgresSink
from audit_console.writer.pruning import postgres, postgres_log, request
from audit_console.writer.pruning.postgres import PostgresPruner
from audit_console.writer.pruning.postgres_log import PostgresLog, chains_of, opened_alone
from audit_console.writer.pruning.recording import EventsDeleted, PruneStep
from audit_console.writer.pruning.request import hold_event
from tests.support.chains import CHAIN
from tests.support.effort import UNMEASURED
from tests.support.postgres import fill, wait_for_the_dead
from tests.support.retention import POLICY, REQUEST, Kept, aged_chain, day, hold, plan_of
from tests.support.trusting import leaves, stored
from tests.support.writing import sealer, stored_lines, unsealed

EVENTS = aged_chain(30)
NOW = day(40)
PLAN = plan_of(EVENTS, 0, 12, 12)
PRUNED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}


@pytest.fixture
def log(database: str) -> str:
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
    return database


def pruner(dsn: str, batch: int = 5) -> PostgresPruner:
    return PostgresPruner(dsn, chain=CHAIN, batch_events=batch)


def apply(
    dsn: str, plan: PrunePlan = PLAN, policy: RetentionPolicy = POLICY, *, batch: int = 5
) -> list[str]:
    return list(pruner(dsn, batch).steps(plan, policy, REQUEST, NOW))


def verified(dsn: str) -> Verification:
    with closing(open_postgres(dsn)) as source:
        return verify(source)


def kept(dsn: str) -> list[str]:
    return [line for line in stored_lines(dsn) if '"action":"retention.' not in line]


def lines(events: Sequence[AuditEvent]) -> list[str]:
    return [encode_line(one) for one in events]


def as_user(dsn: str, role: str) -> str:
    """Give the DSN of a session that has the rights of a role alone."""
    return psycopg.conninfo.make_conninfo(dsn, options=f"-crole={role}")


@pytest.mark.parametrize("batch", [1, 5, 12, 100])
def test_a_prune_leaves_a_log_that_verifies(log: str, batch: int) -> None:
    steps = apply(as_user(log, "audit_retention"), batch=batch)
    deleted = [step for step in steps if isinstance(step, EventsDeleted)]
    ends = {1: range(1, 13), 5: (5, 10, 12)}.get(batch, ())
    assert deleted == [f"{end} of 12 events are deleted" for end in ends]
    assert dict(verified(log).counts) == PRUNED
    assert kept(log) == lines(EVENTS[12:])
    assert apply(log) == []


def test_a_hold_that_is_gone_from_the_book_lets_nothing_go(log: str) -> None:
    pruner(log).change_holds(HoldChange("add", hold("user:user-4")), NOW)
    with psycopg.connect(log) as owner:
        owner.execute("ALTER TABLE audit_holds DISABLE TRIGGER ALL")
        owner.execute("DELETE FROM audit_holds")
    with pytest.raises(PruneRefused, match="the log tells of hold h1 of legal"):
        apply(as_user(log, "audit_retention"))
    assert kept(log) == lines(EVENTS)


@UNMEASURED
def test_prunes_follow_one_another_beside_a_writer_that_goes_on(log: str) -> None:
    with closing(PostgresSink(log, chain=CHAIN)) as sink:
        for number, cutoff in enumerate((3, 12, 25)):
            found = pruner(log).find(POLICY, day(cutoff + POLICY.days))
            assert found is not None
            apply(log, found.plan)
            sink.append(sealer([unsealed(f"meanwhile {number}")]), durable=True)
            assert dict(verified(log).counts) == PRUNED
    assert len(kept(log)) == 8


def test_a_log_that_is_pruned_while_it_is_read_is_not_taken_for_one_that_was_cut(
    log: str,
) -> None:
    with closing(open_postgres(log)) as source:
        apply(log)
        with pytest.raises(SourceChanged, match="retention deleted events") as refusal:
            verify(source)
        assert refusal.value.hint == "open the log again"
    assert dict(verified(log).counts) == PRUNED


def test_a_log_that_is_pruned_between_its_records_and_its_events_is_not_either(
    log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = PostgresSource.checkpoints

    def checkpoints(source: PostgresSource) -> Sequence[str]:
        apply(log)
        return read(source)

    monkeypatch.setattr(PostgresSource, "checkpoints", checkpoints)
    with (
        closing(open_postgres(log)) as source,
        pytest.raises(SourceChanged, match="retention deleted events"),
    ):
        verify(source)


def test_a_reader_may_look_what_would_go(log: str) -> None:
    found = pruner(as_user(log, "audit_reader")).find(POLICY, day(22))
    assert found is not None
    assert found.plan == PLAN
    assert stored_lines(log) == lines(EVENTS)


def test_who_looks_while_another_prunes_is_told_of_it(
    log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = PostgresLog.lines

    def lines(self: PostgresLog, first: int = 0) -> Iterator[bytes]:
        for number, line in enumerate(read(self, first)):
            if number == 3:
                monkeypatch.undo()
                apply(log)
            yield line

    monkeypatch.setattr(postgres_log, "_FETCHED", 5)
    monkeypatch.setattr(PostgresLog, "lines", lines)
    with pytest.raises(PruneRefused, match="another prune deletes its events") as refusal:
        pruner(log).find(POLICY, day(22))
    assert not isinstance(refusal.value, PrefixBroken)
    assert len(kept(log)) == 18


def test_the_record_tells_how_it_was(log: str) -> None:
    note = json.loads(stored(leaves(EVENTS), 25))["note"]
    with closing(connect(log)) as connection:
        connection.execute(
            "INSERT INTO audit_checkpoints (chain, size, note) VALUES (%s, 25, %s)", [CHAIN, note]
        )
    copy = Kept()
    list(pruner(log).steps(PLAN, POLICY, replace(REQUEST, keeper=copy), NOW))
    assert [one.decode() for one in copy.lines] == lines(EVENTS[:12])
    with closing(connect(log)) as connection:
        (record,) = connection.execute("SELECT record FROM audit_prunes").fetchall()[0]
    assert copy.records == [record]
    members = json.loads(record)
    assert (members["checkpoint"], members["archive"]["name"]) == (note, "copy")
    assert json.loads(stored_lines(log)[-1])["details"] == members


def refused(dsn: str, plan: PrunePlan = PLAN, policy: RetentionPolicy = POLICY) -> PruneRefused:
    before = stored_lines(dsn)
    with pytest.raises(PruneRefused) as error:
        apply(dsn, plan, policy)
    assert stored_lines(dsn) == before
    return error.value


def test_a_broken_prefix_is_evidence(log: str) -> None:
    with closing(connect(log)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE audit_events SET user_id = 'mallory' WHERE seq = 3")
    assert isinstance(refused(log), PrefixBroken)
    with pytest.raises(PrefixBroken, match="seq 3"):
        pruner(log).find(POLICY, day(22))


def test_a_plan_for_another_log(log: str) -> None:
    assert "the plan is for" in str(refused(log, replace(PLAN, chain="example.org/other")))


def test_a_plan_that_does_not_fit(log: str) -> None:
    other = replace(PLAN, last_event_hash="a" * 64)
    assert "not those of the plan" in str(refused(log, other))


def test_a_policy_under_the_floor(log: str) -> None:
    assert "under the floor" in str(refused(log, policy=RetentionPolicy(floor=60)))


@pytest.mark.parametrize("role", ["audit_reader", "audit_writer"])
def test_a_missing_role(log: str, role: str) -> None:
    with pytest.raises(PruneRefused, match="has not the role audit_retention"):
        apply(as_user(log, role))
    assert stored_lines(log) == lines(EVENTS)


def test_a_second_prune_at_once(log: str) -> None:
    first = pruner(log).steps(PLAN, POLICY, REQUEST, NOW)
    next(first)
    with pytest.raises(PruneRefused, match="another prune or change of holds"):
        apply(log)
    with pytest.raises(PruneRefused, match="another prune"):
        pruner(log).change_holds(HoldChange("add", hold("user:x")), NOW)
    list(first)
    assert dict(verified(log).counts) == PRUNED


OTHER = "audit.example.org/other"


@pytest.fixture
def other_chain(log: str) -> PostgresPruner:
    """A pruner of a second chain in the same table."""
    with closing(PostgresSink(log, chain=OTHER)) as sink:
        sink.append(sealer([unsealed()], OTHER), durable=True)
    return PostgresPruner(log, chain=OTHER)


def test_a_hold_that_comes_through_another_chain_waits_for_a_prune_too(
    log: str, other_chain: PostgresPruner
) -> None:
    steps = pruner(log).steps(PLAN, POLICY, REQUEST, NOW)
    next(steps)
    with pytest.raises(PruneRefused, match="another prune or change of holds is under way"):
        other_chain.change_holds(HoldChange("add", hold("user:user-4")), NOW)
    list(steps)
    assert kept(log)[:18] == lines(EVENTS[12:])


def test_a_hold_that_comes_through_another_chain_finishes_a_prune_that_was_told_of(
    log: str, other_chain: PostgresPruner
) -> None:
    steps = pruner(log).steps(PLAN, POLICY, REQUEST, NOW)
    while next(steps) is not PruneStep.TOLD_AND_RECORDED:
        pass
    steps.close()
    other_chain.change_holds(HoldChange("add", hold("user:user-4")), NOW)
    with closing(connect(log)) as connection:
        left = connection.execute("SELECT min(seq) FROM audit_events WHERE chain = %s", [CHAIN])
        assert left.fetchone() == (12,)


def test_a_hold_is_ended_once_through_whichever_chain(
    log: str, other_chain: PostgresPruner, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = HoldChange("add", hold("user:user-4"))
    end = replace(add, change="remove")
    pruner(log).change_holds(add, NOW)
    fitting = request.require_fitting
    answers: list[str] = []

    def ended_meanwhile(change: HoldChange, holds: Sequence[Hold]) -> None:
        monkeypatch.undo()
        with pytest.raises(PruneRefused) as refusal:
            other_chain.change_holds(end, NOW)
        answers.append(str(refusal.value))
        fitting(change, holds)

    monkeypatch.setattr(postgres, "require_fitting", ended_meanwhile)
    pruner(log).change_holds(end, NOW)
    assert len(answers) == 1
    assert pruner(log).find(POLICY, day(22)) is not None


class LosingTheLock(Kept):
    """Loses the connection that holds the lock, and lets somebody else act, before it is told."""

    def __init__(self, dsn: str, act: Callable[[], None]) -> None:
        super().__init__()
        self.dsn, self.act = dsn, act

    def keep_records(self, chain: str, records: Sequence[str]) -> None:
        super().keep_records(chain, records)
        with closing(connect(self.dsn)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        wait_for_the_dead(self.dsn)
        self.act()


def test_a_hold_that_came_when_the_lock_was_lost_is_kept(log: str) -> None:
    change = HoldChange("add", hold("user:user-4"))
    keeper = LosingTheLock(log, lambda: pruner(log).change_holds(change, NOW))
    with pytest.raises(PruneRefused, match="holds or prunes were changed meanwhile"):
        list(pruner(log).steps(PLAN, POLICY, replace(REQUEST, keeper=keeper), NOW))
    assert kept(log) == lines(EVENTS)
    assert dict(verified(log).counts) == {Code.NO_CHECKPOINT: 1}
    assert "seq 4 stays: under hold h1" in str(refused(log))


def test_a_prune_that_came_when_the_lock_was_lost_is_the_only_one(log: str) -> None:
    keeper = LosingTheLock(log, lambda: list(apply(log)).clear())
    with pytest.raises(PruneRefused, match="holds or prunes were changed meanwhile"):
        list(pruner(log).steps(PLAN, POLICY, replace(REQUEST, keeper=keeper), NOW))
    assert dict(verified(log).counts) == PRUNED


def test_what_was_told_when_the_answer_was_lost_is_told_once(log: str) -> None:
    change = HoldChange("add", hold("user:user-4"))
    event = hold_event(change, CHAIN)
    with opened_alone(log, CHAIN) as alone:
        for _ in range(2):
            alone.tell_of_hold(event, change, NOW)
        assert len(alone.holds()) == 1
    assert len(stored_lines(log)) == 31


def test_a_database_without_the_schema(empty_database: str) -> None:
    with pytest.raises(PruneRefused, match="does not exist") as error:
        pruner(empty_database).find(POLICY, NOW)
    assert "audit-console migrate" in error.value.hint


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(SinkUnavailable):
        pruner("host=/nowhere dbname=x").find(POLICY, NOW)


def test_holds_are_kept_in_a_table(log: str) -> None:
    add = HoldChange("add", hold("user:user-4"))
    end = replace(add, change="remove")
    user = as_user(log, "audit_retention")
    pruner(user).change_holds(add, NOW)
    with pytest.raises(UsageError, match="in force already"):
        pruner(user).change_holds(add, NOW)
    assert "seq 4 stays: under hold h1" in str(refused(log))
    with closing(open_postgres(log)) as source:
        assert source.hold_changes() == [add.text]
    pruner(user).change_holds(end, NOW)
    apply(user)
    assert [json.loads(line)["action"] for line in stored_lines(log)[-3:]] == [
        "retention.hold.add",
        "retention.hold.remove",
        "retention.prune",
    ]
    assert dict(verified(log).counts) == PRUNED


def test_a_hold_that_cannot_be_read(log: str) -> None:
    with closing(connect(log)) as connection:
        connection.execute("INSERT INTO audit_holds (change) VALUES ('{}')")
    assert "audit_holds, line 1" in str(refused(log))


def test_chains_that_have_events_are_listed(log: str) -> None:
    with closing(connect(log)) as connection:
        connection.execute("INSERT INTO audit_chain_heads (chain) VALUES ('empty')")
    assert chains_of(log) == [CHAIN]


@UNMEASURED
def test_a_prune_that_was_cut_short_is_finished(log: str) -> None:
    for stopped in range(1, 6):
        steps = pruner(log).steps(
            plan_of(EVENTS, 4 * (stopped - 1), 4 * stopped, 4 * stopped), POLICY, REQUEST, NOW
        )
        for _ in zip(range(stopped), steps, strict=False):
            pass
        steps.close()
        pruner(log, 1).finish()
        found = pruner(log).find(POLICY, day(4 * stopped + POLICY.days))
        if found is not None:
            apply(log, found.plan, batch=1)
        assert dict(verified(log).counts) == PRUNED
        assert kept(log) == lines(EVENTS[4 * stopped :])


def test_a_hold_comes_behind_a_prune_that_the_chain_told_of(log: str) -> None:
    steps = pruner(log).steps(PLAN, POLICY, REQUEST, NOW)
    while next(steps) is not PruneStep.TOLD_AND_RECORDED:
        pass
    steps.close()
    pruner(log).change_holds(HoldChange("add", hold("user:user-4")), NOW)
    assert kept(log) == lines(EVENTS[12:])


KILLED = """
import os, signal, sys
from tests.writer.pruning.test_postgres import NOW, PLAN, POLICY, REQUEST, pruner

steps = pruner(sys.argv[1]).steps(PLAN, POLICY, REQUEST, NOW)
for _ in range(int(sys.argv[2])):
    next(steps)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_prune_is_finished_by_the_next(log: str) -> None:
    for stopped in (1, 3):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, log, str(stopped)],
            check=False,
            env=os.environ,
        )
        assert killed.returncode == -signal.SIGKILL
        assert kept(log)[-18:] == lines(EVENTS[12:])
    wait_for_the_dead(log)
    pruner(log).finish()
    assert dict(verified(log).counts) == PRUNED
    told = [line for line in stored_lines(log) if f'"action":"{PRUNE_ACTION}"' in line]
    assert len(told) == 1


def test_a_connection_that_is_lost(log: str) -> None:
    steps = pruner(log).steps(PLAN, POLICY, REQUEST, NOW)
    while not isinstance(next(steps), EventsDeleted):
        pass
    with closing(connect(log)) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    with pytest.raises(SinkUnavailable):
        list(steps)
    pruner(log).finish()
    assert dict(verified(log).counts) == PRUNED


def test_writers_are_not_kept_waiting(log: str) -> None:
    """While a batch is deleted, and not committed, a writer appends."""
    steps = pruner(log).steps(PLAN, POLICY, REQUEST, NOW)
    while next(steps) is not PruneStep.TOLD_AND_RECORDED:
        pass
    with closing(psycopg.connect(log)) as deleting, closing(PostgresSink(log, chain=CHAIN)) as sink:
        deleting.execute(sql.SQL("SELECT audit_prune_events(%s, 0, 5)"), [CHAIN])
        sink.append(sealer([unsealed("meanwhile")]), durable=True)
        deleting.commit()
    list(steps)
    assert dict(verified(log).counts) == PRUNED
