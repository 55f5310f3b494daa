"""Whatever happens to an archive, it verifies, and what must stay is there."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit_console.core.event import AuditEvent, format_time
from audit_console.core.findings import Code
from audit_console.core.holds import HoldChange
from audit_console.core.matching import matches
from audit_console.core.prunes import PruneRecord, read_prunes
from audit_console.core.sealing import Head, SealedGroup, seal
from audit_console.integrity.trust import Trust
from audit_console.integrity.verifier import verify
from audit_console.retention.copies import Copies
from audit_console.sources.archive import open_archive
from audit_console.writer import ArchiveSink, Rotation
from tests.support.archives import stored_events
from tests.support.chains import CHAIN
from tests.support.copies import require_sound_copies
from tests.support.effort import UNMEASURED, effort
from tests.support.retention import POLICY, REQUEST, day, hold, pruner
from tests.support.trusting import leaves, stored, trust_in
from tests.support.writing import unsealed

pytestmark = UNMEASURED  # generated steps: what each does is tested elsewhere

USERS = ("alice", "bob", "carol")
ROTATIONS = st.sampled_from([Rotation.never(), Rotation.size(1), Rotation.size(2500)])
SIGNED: Trust = trust_in(witnesses=())
OPEN = {Code.PRUNED_PREFIX, Code.PRUNE_NOT_BACKED, Code.NO_CHECKPOINT, Code.UNSEALED_TAIL}


class PrunedStates(RuleBasedStateMachine):
    """A writer, an operator who prunes, and a lawyer who holds, none of whom knows the others."""

    @initialize(rotation=ROTATIONS)
    def begin(self, rotation: Rotation) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "log" / "audit.jsonl"
        self.copies = Path(self.folder.name) / "copies"
        self.path.parent.mkdir()
        self.copies.mkdir()
        self.rotation = rotation
        self.now = day(0)
        self.all: dict[int, AuditEvent] = {}
        self.holds: dict[str, str] = {}
        self.write(user="alice", count=2)

    @rule(user=st.sampled_from(USERS), count=st.integers(1, 4))
    def write(self, user: str, count: int) -> None:
        sink = ArchiveSink(self.path, chain=CHAIN, rotation=self.rotation)
        events = [unsealed(user_id=user) for _ in range(count)]

        def sealed(head: Head | None) -> SealedGroup:
            return seal(events, chain=CHAIN, head=head, recorded_at=format_time(self.now))

        sink.append(sealed, durable=True)

    @rule(days=st.integers(1, 9))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(user=st.sampled_from(USERS))
    def hold(self, user: str) -> None:
        change = HoldChange("remove" if user in self.holds else "add", hold(f"user:{user}", user))
        pruner(self.path).change_holds(change, self.now)
        if self.holds.pop(user, None) is None:
            self.holds[user] = change.hold.query

    @rule(size=st.floats(0, 1))
    def sign(self, size: float) -> None:
        self.keep_what_is_there()
        whole = [self.all[seq] for seq in sorted(self.all)]
        count = max(1, round(size * len(whole)))
        with (self.path.parent / "audit.checkpoints.jsonl").open("a", encoding="utf-8") as file:
            file.write(stored(leaves(whole), count, at=None) + "\n")

    @rule(stopped=st.integers(0, 14))
    def prune(self, stopped: int) -> None:
        pruner(self.path).finish()
        held = self.held()
        found = pruner(self.path).find(POLICY, self.now)
        if found is not None:
            request = replace(REQUEST, keeper=Copies(self.copies))
            steps = pruner(self.path).steps(found.plan, POLICY, request, self.now)
            for _ in zip(range(stopped), steps, strict=False):
                pass
            steps.close()
        assert held <= {one.seq for one in stored_events(self.path.parent)}

    def held(self) -> set[int | None]:
        wheres = [hold(query).where for query in self.holds.values()]
        there = self.keep_what_is_there()
        return {one.seq for one in there if any(matches(where, one) for where in wheres)}

    @precondition(lambda self: self.latest() is not None)
    @rule()
    def finish_twice(self) -> None:
        pruner(self.path).finish()
        before = {one: one.read_bytes() for one in self.path.parent.iterdir()}
        pruner(self.path).finish()
        assert {one: one.read_bytes() for one in self.path.parent.iterdir()} == before

    def latest(self) -> PruneRecord | None:
        records = self.path.with_suffix(".prunes.jsonl")
        lines = records.read_text(encoding="utf-8").splitlines() if records.exists() else []
        return read_prunes(lines).latest(CHAIN)

    def keep_what_is_there(self) -> list[AuditEvent]:
        there = stored_events(self.path.parent)
        self.all |= {one.seq or 0: one for one in there}
        return there

    @invariant()
    def what_must_stay_is_there(self) -> None:
        if not self.path.exists():
            self.write(user="alice", count=1)
        there = self.keep_what_is_there()
        record = self.latest()
        boundary = record.pruned_to if record else 0
        assert [one.seq for one in there[-(len(self.all) - boundary) :]] == list(
            range(boundary, len(self.all))
        )

    @invariant()
    def the_log_verifies(self) -> None:
        pending = self.path.with_suffix(".prune.pending").exists()
        result = verify(open_archive([str(self.path.parent)], keep=False), trust=SIGNED)
        interrupted = {Code.EVENT_BELOW_PRUNE_BOUNDARY} if pending else set()
        assert set(result.counts) <= OPEN | interrupted, result.findings

    @invariant()
    def what_went_is_there_as_copies(self) -> None:
        record = self.latest()
        require_sound_copies(self.copies, record.pruned_to if record else 0, SIGNED)

    def teardown(self) -> None:
        self.folder.cleanup()


TestPrunedStates = PrunedStates.TestCase
TestPrunedStates.settings = settings(effort(4), stateful_step_count=12)
