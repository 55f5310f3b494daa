"""Whatever happens to an archive between two calls, it stays one whole chain."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from audit_console.core.sealing import Sealed
from audit_console.writer import ArchiveSink, AuditLogger, Rotation
from tests.support.archives import stored_events
from tests.support.effort import UNMEASURED, effort
from tests.support.judging import judge_one_by_one
from tests.support.ticks import CHAIN, tick

pytestmark = UNMEASURED  # generated steps: what each does is tested elsewhere

ROTATIONS = st.sampled_from([Rotation.never(), Rotation.size(1), Rotation.size(1800)])


class ArchiveStates(RuleBasedStateMachine):
    """Two loggers, either of which may write at any time or start anew."""

    @initialize(rotation=ROTATIONS)
    def begin(self, rotation: Rotation) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "audit.jsonl"
        self.rotation = rotation
        self.stored: list[Sealed] = []
        self.torn = 0
        self.loggers = [self._logger(), self._logger()]

    def _logger(self) -> AuditLogger:
        return AuditLogger(ArchiveSink(self.path, chain=CHAIN, rotation=self.rotation), sync="os")

    @rule(which=st.integers(0, 1), size=st.integers(0, 5))
    def log(self, which: int, size: int) -> None:
        number = len(self.stored)
        group = self.loggers[which].log_events([tick(number + more) for more in range(size)])
        self.stored.extend(group)

    @rule(which=st.integers(0, 1))
    def start_anew(self, which: int) -> None:
        self.loggers[which].close()
        self.loggers[which] = self._logger()

    @rule(torn=st.sampled_from([b"{", b'{"v":1,"chain":"', b"\0\0", b"\xff"]))
    def crash_within_a_line(self, torn: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(torn)
        self.torn += 1
        self.start_anew(0)

    @rule()
    def crash_before_a_line_end(self) -> None:
        data = self.path.read_bytes()
        self.path.write_bytes(data.removesuffix(b"\n"))
        self.start_anew(1)

    @rule()
    def crash_within_a_rotation(self) -> None:
        if self.path.stat().st_size:
            first_line, _, _ = self.path.read_bytes().partition(b"\n")
            seq = next(one.seq for one in self.stored if one.line.encode() == first_line)
            self.path.rename(self.path.with_name(f"audit.{seq:012d}.jsonl"))

    @invariant()
    def every_event_is_there_and_the_chain_is_whole(self) -> None:
        if not self.path.exists():
            self.start_anew(0)
        assert stored_events(self.path.parent) == [one.event for one in self.stored]
        assert len(list(self.path.parent.glob("audit.torn.*"))) == self.torn
        lines = [one.line.encode() for one in self.stored]
        assert not lines or not judge_one_by_one(lines).beyond_the_unanchored_end

    def teardown(self) -> None:
        for logger in self.loggers:
            logger.close()
        self.folder.cleanup()


TestArchiveStates = ArchiveStates.TestCase
TestArchiveStates.settings = effort(8)
