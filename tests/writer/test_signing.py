"""A writer signs its log as it goes, over all events of the chain, and never loses one for it."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from audit_console.core.findings import Code, Verdict
from audit_console.core.notes import KeyType
from audit_console.database import connect
from audit_console.errors import ChainBroken, KeyFileError, UsageError
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.signing import SigningKey
from audit_console.sources.archive import open_archive
from audit_console.sources.postgres import open_postgres
from audit_console.sources.protocol import Source
from audit_console.writer import ArchiveSink, AuditLogger, RetentionManager, Rotation, Signing
from audit_console.writer.postgres import PostgresSink
from audit_console.writer.signing.archive import SignedArchive
from audit_console.writer.signing.log import NOTHING, read_on
from audit_console.writer.signing.signer import Signer
from audit_console.writer.sink import Sink
from audit_console.writer.testing import MemorySink, capture_events
from tests.support.chains import linked
from tests.support.effort import UNMEASURED
from tests.support.postgres import fill
from tests.support.retention import aged_chain, day, store
from tests.support.ticks import CHAIN, tick
from tests.support.trusting import log_key, trust_in
from tests.writer.processes import ROOT, let_go, start, start_writer


class Log(NamedTuple):
    sink: Callable[[], Sink]
    source: Callable[[], Source]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "log.key"
    log_key(CHAIN).store(path)
    return path


@pytest.fixture(params=["archive", "postgres"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Log:
    if request.param == "archive":
        return archive(tmp_path)
    dsn: str = request.getfixturevalue("database")
    as_writer = psycopg.conninfo.make_conninfo(dsn, options="-crole=audit_writer")
    return Log(lambda: PostgresSink(as_writer, chain=CHAIN), lambda: open_postgres(dsn))


def archive(folder: Path, **options: Any) -> Log:
    return Log(
        lambda: ArchiveSink(folder / "audit.jsonl", chain=CHAIN, **options),
        lambda: open_archive([str(folder)], keep=False),
    )


def verified(log: Log) -> Verification:
    with closing(log.source()) as source:
        return verify(source, trust=trust_in([log_key(CHAIN)], []))


def sizes(log: Log) -> list[int]:
    """Give the sizes of the checkpoints in the order in which they were signed."""
    with closing(log.source()) as source:
        return [int(line.split(r"\n")[1]) for line in source.checkpoints()]


def test_it_signs_every_so_many_events_and_at_its_close(log: Log, key: Path) -> None:
    with AuditLogger(log.sink(), signing=Signing(key, every_events=3)) as logger:
        for number in range(7):
            logger.log_event(**tick(number))
        assert logger.metrics.checkpoints == 2
    assert sizes(log) == [3, 6, 7]
    assert verified(log).verdict is Verdict.PASS
    with AuditLogger(log.sink(), signing=Signing(key, every_events=3)):
        pass
    assert sizes(log) == [3, 6, 7]


def test_two_loggers_sign_what_both_wrote(log: Log, key: Path) -> None:
    signing = Signing(key, every_events=2, every_seconds=None)
    first, second = (AuditLogger(log.sink(), signing=signing) for _ in range(2))
    for number in range(0, 10, 2):
        first.log_event(**tick(number))
        second.log_events([tick(number + 1), tick(number + 1)])
    first.close()
    second.close()
    assert sizes(log) == [3, 4, 6, 9, 10, 12, 15, 15]
    assert verified(log).verdict is Verdict.PASS


def test_what_is_signed_while_a_log_is_read_is_not_held_to_what_was_opened(
    log: Log, key: Path
) -> None:
    with AuditLogger(log.sink(), signing=Signing(key, every_events=1)) as logger:
        logger.log_event(**tick(0))
        with closing(log.source()) as source:
            logger.log_event(**tick(1))
            found = verify(source, trust=trust_in([log_key(CHAIN)], []))
    assert found.counts.keys() <= {Code.UNSEALED_TAIL}  # an archive is read to its end as it is
    assert sizes(log) == [1, 2]


def test_what_is_signed_over_a_file_that_came_since_is_not_held_to_those_before(
    tmp_path: Path, key: Path
) -> None:
    log = archive(tmp_path, rotation=Rotation.size(1))
    with AuditLogger(log.sink(), signing=Signing(key, every_events=1)) as logger:
        logger.log_event(**tick(0))
        with closing(log.source()) as source:
            logger.log_event(**tick(1))
            assert verify(source, trust=trust_in([log_key(CHAIN)], [])).counts == {}


@UNMEASURED
def test_a_table_is_never_too_short_beside_a_writer_that_signs(database: str, key: Path) -> None:
    log = Log(lambda: PostgresSink(database, chain=CHAIN), lambda: open_postgres(database))
    stop = threading.Event()

    def write() -> None:
        with AuditLogger(log.sink(), signing=Signing(key, every_events=5)) as logger:
            while not stop.is_set():
                logger.log_events([tick(number) for number in range(5)])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [verified(log).counts for _ in range(12)]
    finally:
        stop.set()
        writer.join()
    harmless = {Code.UNSEALED_TAIL, Code.NO_CHECKPOINT, Code.EMPTY, Code.CHAIN_MISSING}
    assert [codes for codes in counts if not codes.keys() <= harmless] == []


def test_it_signs_when_an_event_is_so_old(log: Log, key: Path) -> None:
    clock = Clock()
    with AuditLogger(log.sink(), signing=Signing(key, every_seconds=60, clock=clock)) as logger:
        logger.log_event(**tick(0))
        clock.now = 59.9
        logger.log_event(**tick(1))
        assert sizes(log) == []
        clock.now = 60.0
        logger.log_event(**tick(2))
        assert sizes(log) == [3]
        clock.now = 119.0
        logger.log_event(**tick(3))
        assert sizes(log) == [3]
    assert sizes(log) == [3, 4]


def test_the_thread_signs_a_log_that_is_quiet(tmp_path: Path, key: Path) -> None:
    log = archive(tmp_path)
    signed = threading.Event()
    moments = itertools.count()

    def clock() -> float:
        if (tmp_path / "audit.checkpoints.jsonl").exists():
            signed.set()
        return next(moments) * 0.003

    signing = Signing(key, every_seconds=0.01, clock=clock)
    with AuditLogger(log.sink(), background=True, signing=signing) as logger:
        logger.log_event(**tick(0))
        assert signed.wait(60)
        assert sizes(log) == [1]
    assert sizes(log) == [1]
    assert verified(log).verdict is Verdict.PASS


@pytest.mark.parametrize("kind", ["closed files", "one file", "postgres"])
def test_it_begins_where_a_prune_ended(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    events = aged_chain(30)
    chain = events[0].chain or ""
    path = tmp_path / "other.key"
    log_key(chain).store(path)
    if kind != "postgres":
        folder = tmp_path / "log"
        folder.mkdir()
        closed = (8, 20) if kind == "closed files" else ()
        sink: Any = ArchiveSink(store(folder, events, closed), chain=chain)
        log = Log(lambda: sink, lambda: open_archive([str(folder)], keep=False))
    else:
        dsn: str = request.getfixturevalue("database")
        with closing(connect(dsn)) as connection:
            fill(connection, events)
        sink = PostgresSink(dsn, chain=chain)
        log = Log(lambda: sink, lambda: open_postgres(dsn))
    logger = AuditLogger(sink, signing=Signing(path, every_events=2))
    assert RetentionManager(sink, days=10, clock=lambda: day(22)).cleanup() == 12
    logger.log_events([tick(0), tick(1)])
    assert RetentionManager(sink, days=10, clock=lambda: day(25)).cleanup() == 3
    logger.log_events([tick(2), tick(3)])
    logger.close()
    with closing(log.source()) as source:
        found = verify(source, trust=trust_in([log_key(chain)], []))
    assert dict(found.counts) == {Code.PRUNED_PREFIX: 1}
    assert found.verdict is Verdict.PASS
    assert sizes(log) == [33, 36]


@pytest.mark.parametrize(
    ("known_events", "past", "is_refused"),
    [(8, "", False), (8, "another past", True), (5, "another past", True), (5, "", True)],
)
def test_a_prune_record_stands_for_nothing_that_it_does_not_show(
    tmp_path: Path, known_events: int, past: str, is_refused: bool
) -> None:
    events = aged_chain(30)
    chain = events[0].chain or ""
    sink = ArchiveSink(store(tmp_path, events[:known_events], ()), chain=chain)
    log = SignedArchive(sink)
    known = read_on(log, chain, NOTHING)
    if past:
        events = linked(replace(event, action=past) for event in events)
    store(tmp_path, events, ())
    sink = ArchiveSink(sink.path, chain=chain)
    assert RetentionManager(sink, days=10, clock=lambda: day(22)).cleanup() == 12
    if is_refused:
        with pytest.raises(ChainBroken, match=f"does not show the first {known_events}, which"):
            read_on(log, chain, known)
    else:
        went_on, anew = read_on(log, chain, known), read_on(SignedArchive(sink), chain, NOTHING)
        assert went_on.tree.size == 31
        assert went_on.tree.root() == anew.tree.root()


def test_files_that_are_closed_meanwhile_are_read_on(tmp_path: Path, key: Path) -> None:
    log = archive(tmp_path, rotation=Rotation.size(1_500))
    with AuditLogger(log.sink(), signing=Signing(key, every_events=3)) as logger:
        for number in range(20):
            logger.log_event(**tick(number))
    assert sizes(log) == [3, 6, 9, 12, 15, 18, 20]
    assert verified(log).verdict is Verdict.PASS


def test_a_file_that_is_closed_while_older_ones_are_read_is_read_by_its_new_name(
    tmp_path: Path,
) -> None:
    sink = ArchiveSink(tmp_path / "audit.jsonl", chain=CHAIN, rotation=Rotation.size(1))
    with AuditLogger(sink) as logger:
        for number in range(4):
            logger.log_event(**tick(number))
        lines = SignedArchive(sink).lines(0)
        first = next(lines)
        logger.log_event(**tick(4))
    assert [first, *lines] == [
        (tmp_path / f"audit.{seq:012d}.jsonl").read_bytes().removesuffix(b"\n") for seq in range(4)
    ]


@UNMEASURED
def test_it_signs_beside_a_process_that_rotates_all_the_time(tmp_path: Path, key: Path) -> None:
    log = archive(tmp_path)
    with AuditLogger(log.sink(), sync="os") as logger:
        logger.log_events([tick(number) for number in range(2_000)])
    writer = start_writer(tmp_path, "writer", 400, sync="os", max_bytes=1_500)
    let_go(writer)
    turns = 0
    while writer.poll() is None:
        signer = Signer(Signing(key), log.sink())
        signer.sign()
        turns += 1
    writer.communicate()
    assert len(sizes(log)) == turns
    assert sizes(log) == sorted(sizes(log))
    assert verified(log).counts.keys() <= {Code.UNSEALED_TAIL}


def test_what_cannot_be_signed_is_stored_and_told_and_signed_later(
    tmp_path: Path, key: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = archive(tmp_path)
    checkpoints = tmp_path / "audit.checkpoints.jsonl"
    with AuditLogger(log.sink(), signing=Signing(key, every_events=2)) as logger:
        checkpoints.mkdir()
        logger.log_events([tick(0), tick(1)])
        logger.log_event(**tick(2))
        assert (logger.metrics.written, logger.metrics.failed_checkpoints) == (3, 1)
        assert "Is a directory" in (logger.metrics.last_error or "")
        checkpoints.rmdir()
        logger.log_event(**tick(3))
        assert logger.metrics.checkpoints == 1
    assert caplog.text.count(f"no checkpoint of {CHAIN} was signed") == 1
    assert sizes(log) == [4]
    assert verified(log).verdict is Verdict.PASS


def test_half_a_checkpoint_does_not_spoil_the_next(tmp_path: Path, key: Path) -> None:
    log = archive(tmp_path)
    with AuditLogger(log.sink(), signing=Signing(key, every_events=1)) as logger:
        logger.log_event(**tick(0))
        with (tmp_path / "audit.checkpoints.jsonl").open("a") as file:
            file.write('{"note":"exa')
        assert verified(log).verdict is Verdict.PASS
        logger.log_event(**tick(1))
    assert sizes(log) == [1, 2]
    assert verified(log).verdict is Verdict.PASS
    (torn,) = tmp_path.glob("audit.checkpoints.torn.*")
    assert torn.read_text() == '{"note":"exa'


@pytest.mark.parametrize(
    ("old", "new"), [("tick 1", "tick 9"), ('"seq":1', '"seq":7'), ("\n", " \n")]
)
def test_what_was_changed_is_not_signed(tmp_path: Path, key: Path, old: str, new: str) -> None:
    log = archive(tmp_path)
    with AuditLogger(log.sink()) as logger:
        logger.log_events([tick(0), tick(1), tick(2)])
    path = tmp_path / "audit.jsonl"
    path.write_text(path.read_text().replace(old, new, 1))
    with AuditLogger(log.sink(), signing=Signing(key)) as logger:
        logger.log_event(**tick(3))
    assert logger.metrics.written == 1
    assert "does not verify, so no checkpoint is signed" in (logger.metrics.last_error or "")
    assert sizes(log) == []


def test_what_is_captured_in_a_test_is_not_signed(tmp_path: Path, key: Path) -> None:
    log = archive(tmp_path)
    with AuditLogger(log.sink(), signing=Signing(key, every_events=1)) as logger:
        with capture_events(logger) as events:
            logger.log_event(**tick(0))
        assert len(events) == 1
        logger.log_event(**tick(1))
    assert sizes(log) == [1]


@pytest.mark.parametrize("wrong", [{"every_events": 0}, {"every_seconds": 0}])
def test_numbers_are_positive(key: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="signing every"):
        Signing(key, **wrong)


def test_the_key_is_that_of_the_log(tmp_path: Path, key: Path) -> None:
    with pytest.raises(UsageError, match="a MemorySink has no place for checkpoints"):
        AuditLogger(MemorySink(CHAIN), signing=Signing(key))
    with pytest.raises(KeyFileError, match=f"is the key of {CHAIN}"):
        AuditLogger(ArchiveSink(tmp_path / "a.jsonl", chain="other"), signing=Signing(key))
    witness = tmp_path / "witness.key"
    SigningKey(CHAIN, KeyType.WITNESS, bytes(32)).store(witness)
    with pytest.raises(KeyFileError, match="not the key of a log"):
        AuditLogger(archive(tmp_path).sink(), signing=Signing(witness))


PREPARE = """
import os, sys
from audit_console.writer import ArchiveSink, AuditLogger, Rotation, Signing
from tests.support.ticks import CHAIN, tick

path, key = sys.argv[1:]
sink = ArchiveSink(path, chain=CHAIN, rotation=Rotation.size(20_000))
"""

WRITE_UNTIL_KILLED = """
log = AuditLogger(sink, sync="os", signing=Signing(key, every_events=5))
for number in range(1 << 40):
    log.log_event(**tick(number))
    print(number, flush=True)
"""


@UNMEASURED
def test_a_writer_that_is_killed_leaves_a_log_that_verifies(tmp_path: Path, key: Path) -> None:
    log = archive(tmp_path)
    for turn in range(4):
        writer = start(PREPARE + WRITE_UNTIL_KILLED, tmp_path / "audit.jsonl", key)
        assert writer.stdout is not None
        for _ in range(20 + 13 * turn):
            writer.stdout.readline()
        writer.kill()
        writer.communicate()
        assert set(verified(log).counts) <= {Code.TORN_TAIL, Code.UNSEALED_TAIL}
        assert verified(log).verdict is Verdict.PASS


FORK = """
log = AuditLogger(sink, background=True, signing=Signing(key, every_events=1000))
log.log_event(**tick(0))
log.flush()
if os.fork() == 0:
    log.log_event(**tick(1))
    sys.exit()
os.wait()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no fork")
def test_parent_and_child_sign_at_their_end(tmp_path: Path, key: Path) -> None:
    arguments = [str(tmp_path / "audit.jsonl"), str(key)]
    command = [sys.executable, "-W", "ignore", "-c", PREPARE + FORK, *arguments]
    subprocess.run(command, cwd=ROOT, check=True)
    log = archive(tmp_path)
    assert sizes(log) == [2, 2]
    assert verified(log).verdict is Verdict.PASS


WITHOUT_CRYPTOGRAPHY = """
sys.modules["cryptography"] = None
try:
    AuditLogger(sink, signing=Signing(key))
except ImportError as error:
    print(error)
"""


@pytest.mark.usefixtures("measured_programs")
def test_a_signer_says_what_it_needs(tmp_path: Path, key: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", PREPARE + WITHOUT_CRYPTOGRAPHY, tmp_path / "audit.jsonl", key],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "signing needs cryptography: pip install cryptography\n"
