"""Whatever happens to a chain in PostgreSQL, it verifies, and what must stay is there."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from audit_console.core.codec import decode_line
from audit_console.core.event import AuditEvent, format_time
from audit_console.core.findings import Code
from audit_console.core.holds import HoldChange
from audit_console.core.matching import matches
from audit_console.core.sealing import Head, SealedGroup, seal
from audit_console.integrity.verifier import verify
from audit_console.retention.copies import Copies
from audit_console.sources.postgres import open_postgres
from audit_console.writer.postgres import PostgresSink
from audit_console.writer.pruning.postgres import PostgresPruner
from tests.support.copies import require_sound_copies
from tests.support.effort import UNMEASURED, effort
from tests.support.retention import POLICY, REQUEST, day, hold
from tests.support.writing import stored_lines, unsealed

pytestmark = UNMEASURED  # generated steps: what each does is tested elsewhere

USERS = ("alice", "bob")
OPEN = {Code.PRUNED_PREFIX, Code.PRUNE_NOT_BACKED, Code.NO_CHECKPOINT}


class PrunedTable(RuleBasedStateMachine):
    """A writer, an operator who prunes and a lawyer who holds, on a chain of each example."""

    def __init__(self, dsn: str, number: int) -> None:
        super().__init__()
        self.dsn = dsn
        self.chain = f"example.org/{number}"

    @initialize()
    def begin(self) -> None:
        self.now = day(0)
        self.seen: set[int] = set()
        self.held_users: set[str] = set()
        self.copies = tempfile.TemporaryDirectory()
        self.write("alice", 3)

    def pruner(self) -> PostgresPruner:
        return PostgresPruner(self.dsn, chain=self.chain, batch_events=2)

    def there(self) -> list[AuditEvent]:
        events = [decode_line(line) for line in stored_lines(self.dsn, self.chain)]
        return [one for one in events if isinstance(one, AuditEvent)]

    @rule(user=st.sampled_from(USERS), many=st.integers(1, 4))
    def write(self, user: str, many: int) -> None:
        events = [unsealed(user_id=user) for _ in range(many)]

        def sealed(head: Head | None) -> SealedGroup:
            return seal(events, chain=self.chain, head=head, recorded_at=format_time(self.now))

        with closing(PostgresSink(self.dsn, chain=self.chain)) as sink:
            sink.append(sealed, durable=False)

    @rule(days=st.integers(3, 12))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(user=st.sampled_from(USERS))
    def hold(self, user: str) -> None:
        change = HoldChange(
            "remove" if user in self.held_users else "add",
            hold(f"user:{user} chain:{self.chain}", f"{self.chain} {user}"),
        )
        self.pruner().change_holds(change, self.now)
        self.held_users ^= {user}

    @rule(stopped=st.integers(0, 8))
    def prune(self, stopped: int) -> None:
        self.pruner().finish()
        wheres = [hold(f"user:{user}").where for user in self.held_users]
        held = {e.seq for e in self.there() if any(matches(w, e) for w in wheres)}
        found = self.pruner().find(POLICY, self.now)
        if found is not None:
            request = replace(REQUEST, keeper=Copies(Path(self.copies.name)))
            steps = self.pruner().steps(found.plan, POLICY, request, self.now)
            for _ in zip(range(stopped), steps, strict=False):
                pass
            steps.close()
        assert held <= {e.seq for e in self.there()}

    @invariant()
    def it_verifies_and_its_newest_event_is_there(self) -> None:
        self.pruner().finish()
        seqs = [one.seq or 0 for one in self.there()]
        self.seen |= set(seqs)
        assert seqs == list(range(seqs[0], max(self.seen) + 1))
        require_sound_copies(Path(self.copies.name), seqs[0])

    def teardown(self) -> None:
        self.copies.cleanup()
        with closing(open_postgres(self.dsn)) as source:
            found = [one for one in verify(source).findings if one.code not in OPEN]
        assert not found


def test_a_chain_stays_whole(database: str) -> None:
    numbers = count()
    run_state_machine_as_test(
        lambda: PrunedTable(database, next(numbers)),  # type: ignore[arg-type] # as it says itself
        settings=settings(effort(4), stateful_step_count=10),
    )
