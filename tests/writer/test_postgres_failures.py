"""Nothing lost, nothing twice, no fork: lost connections, dead writers, a server that stops."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from audit_console.core.sealing import Unsealed
from audit_console.embedded import EmbeddedServer
from audit_console.errors import SinkUnavailable
from audit_console.migrate import migrate
from audit_console.writer.postgres import PostgresSink
from tests.support.chains import CHAIN
from tests.support.effort import UNMEASURED
from tests.support.postgres import database_of, new_database
from tests.support.writing import sealer, stored_lines, unsealed, whole_chain

ROOT = Path(__file__).parents[2]
WRITERS, EACH, KILLED = (int(text) for text in os.environ.get("WRITERS", "8,25,3").split(","))
"""How many, how many events of each, how many are killed. By hand: `WRITERS=8,2000,0`."""


class CuttingProxy:
    """Stands between a sink and its server, and cuts the line at the next commit.

    It forwards whatever comes. Once `cut` is set it either keeps the commit from the
    server (`"before"`), or waits for the server's answer and keeps that (`"after"`).
    """

    def __init__(self, dsn: str) -> None:
        parts = conninfo_to_dict(dsn)
        self.cut = ""
        self._server = f"{parts['host']}/.s.PGSQL.5432"
        self._folder = tempfile.TemporaryDirectory(prefix="audit-console-")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self._folder.name}/.s.PGSQL.5432")
        self._listener.listen()
        self.dsn = f"postgresql:///{database_of(dsn)}?user=postgres&host={self._folder.name}"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._folder.cleanup()

    def _accept(self) -> None:
        lines: list[threading.Thread] = []
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                lines.append(threading.Thread(target=self._serve, args=[client]))
                lines[-1].start()
        for line in lines:
            line.join()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            answers = threading.Thread(target=self._forward, args=[server, client])
            answers.start()
            while data := client.recv(1 << 16):
                if self.cut and b"COMMIT" in data:
                    self._cut(data, client, server, answers)
                    break
                server.sendall(data)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            answers.join()

    def _cut(
        self, data: bytes, client: socket.socket, server: socket.socket, answers: threading.Thread
    ) -> None:
        cut, self.cut = self.cut, ""
        client.shutdown(socket.SHUT_WR)  # what the server answers from now on is lost
        if cut == "after":
            server.sendall(data)
            server.shutdown(socket.SHUT_WR)
            answers.join()

    def _forward(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(1 << 16):
                with suppress(OSError):
                    client.sendall(data)


@pytest.fixture
def proxy(database: str) -> Iterator[CuttingProxy]:
    if "host" not in conninfo_to_dict(database):
        pytest.fail("these tests need a server that is reached by a socket")
    with closing(CuttingProxy(database)) as opened:
        yield opened


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_connection_lost_while_it_commits_stores_the_group_once(
    proxy: CuttingProxy, database: str, cut: str
) -> None:
    with closing(PostgresSink(proxy.dsn, chain=CHAIN)) as sink:
        sink.append(sealer([unsealed()]), durable=True)
        proxy.cut = cut
        group = [unsealed("a"), unsealed("b")]
        stored = sink.append(sealer(group), durable=True)
        assert not proxy.cut
        sink.append(sealer([unsealed()]), durable=True)
    lines = stored_lines(database)
    assert lines[1:3] == [one.line for one in stored]
    assert [event.action for event in whole_chain(lines)][1:3] == ["a", "b"]


def test_a_group_that_a_lost_try_stored_is_on_disk_when_it_is_stored_durably(
    database: str,
) -> None:
    """Nobody knows whether that try waited for the disk."""
    group = sealer([unsealed()])
    with (
        closing(PostgresSink(database, chain=CHAIN)) as lost,
        closing(PostgresSink(database, chain=CHAIN)) as sink,
        psycopg.connect(database, autocommit=True) as connection,
    ):
        lost.append(group, durable=False)
        end = _end_of_wal(connection)
        sink.append(group, durable=True)
        assert _is_flushed(connection, end)


def test_a_group_that_a_lost_try_stored_is_on_disk_after_a_sync(
    proxy: CuttingProxy, database: str
) -> None:
    with (
        closing(PostgresSink(proxy.dsn, chain=CHAIN)) as sink,
        psycopg.connect(database, autocommit=True) as connection,
    ):
        proxy.cut = "after"
        sink.append(sealer([unsealed()]), durable=False)
        end = _end_of_wal(connection)
        sink.sync()
        assert _is_flushed(connection, end)


def test_what_is_appended_as_a_sync_ends_is_on_disk_after_the_next(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        closing(PostgresSink(database, chain=CHAIN)) as sink,
        psycopg.connect(database, autocommit=True) as connection,
    ):
        sink.append(sealer([unsealed()]), durable=False)
        give = sink._pool.connection

        @contextmanager
        def given() -> Iterator[psycopg.Connection]:
            with give() as one:
                yield one
            monkeypatch.undo()
            sink.append(sealer([unsealed()]), durable=False)

        monkeypatch.setattr(sink._pool, "connection", given)
        sink.sync()
        end = _end_of_wal(connection)
        sink.sync()
        assert _is_flushed(connection, end)


def test_two_who_sync_at_once_need_not_both_do_it(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(PostgresSink(database, chain=CHAIN)) as sink:
        sink.append(sealer([unsealed()]), durable=False)
        give = sink._pool.connection

        @contextmanager
        def given() -> Iterator[psycopg.Connection]:
            monkeypatch.undo()
            sink.sync()
            with give() as one:
                yield one

        monkeypatch.setattr(sink._pool, "connection", given)
        sink.sync()
    assert len(stored_lines(database)) == 1


def _end_of_wal(connection: psycopg.Connection) -> str:
    row = connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
    assert row
    return str(row[0])


def _is_flushed(connection: psycopg.Connection, end: str) -> bool:
    flushed = connection.execute("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", [end])
    return flushed.fetchone() == (True,)


@UNMEASURED
def test_writers_beside_each_other_some_killed_do_not_fork_nor_lose(database: str) -> None:
    rng = random.Random(8)
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.appending", database, str(EACH)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(WRITERS)
    ]
    told: list[str] = []
    for number, writer in enumerate(writers):
        if number < KILLED:
            assert writer.stdout
            told += [writer.stdout.readline().strip() for _ in range(rng.randrange(EACH))]
            writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        told += rest.split()
    stored = [event.id for event in whole_chain(stored_lines(database))]
    assert len(set(stored)) == len(stored)
    assert set(told) <= set(stored)
    assert len(stored) >= (WRITERS - KILLED) * EACH
    assert len(stored) <= len(told) + KILLED


@UNMEASURED
def test_a_server_that_stops_and_starts_loses_and_doubles_nothing(
    own_server: EmbeddedServer,
) -> None:
    with new_database(own_server.dsn) as database:
        migrate(database)
        stored: SimpleQueue[str] = SimpleQueue()
        enough = threading.Event()
        with closing(PostgresSink(database, chain=CHAIN)) as sink:
            writer = threading.Thread(target=append_until, args=[sink, enough, stored])
            writer.start()
            told = []
            for _ in range(2):
                told += [stored.get() for _ in range(20)]
                own_server.stop()
                own_server.start()
            told += [stored.get() for _ in range(20)]
            enough.set()
            writer.join()
        while not stored.empty():
            told.append(stored.get())
        assert [event.id for event in whole_chain(stored_lines(database))] == told


def test_what_a_server_loses_that_was_not_durable_is_said(
    own_server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It is stopped as by a crash, and its log writer is told to take its time."""
    with new_database(own_server.dsn) as database:
        migrate(database)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
            connection.execute("SELECT pg_reload_conf()")
        with closing(PostgresSink(database, chain=CHAIN)) as sink:
            sink.append(sealer([unsealed()]), durable=True)
            sink.append(sealer([unsealed()]), durable=False)
            own_server.stop()
            with pytest.raises(SinkUnavailable):
                sink.sync()
            own_server.start()
            if len(stored_lines(database)) == 1:
                with pytest.raises(SinkUnavailable, match="lost events up to seq 1"):
                    sink.append(sealer([unsealed()]), durable=True)
                assert "lost events up to seq 1" in caplog.text
            sink.append(sealer([unsealed()]), durable=True)
        whole_chain(stored_lines(database))


def append_until(sink: PostgresSink, enough: threading.Event, stored: SimpleQueue[str]) -> None:
    while not enough.is_set():
        event = unsealed()
        while not _appended(sink, event):
            pass
        stored.put(event.id)


def _appended(sink: PostgresSink, event: Unsealed) -> bool:
    try:
        sink.append(sealer([event]), durable=True)
    except SinkUnavailable:
        return False
    return True


FORK = """
import os, sys
from audit_console.writer.postgres import PostgresSink
from tests.support.chains import CHAIN
from tests.support.writing import sealer, unsealed

sink = PostgresSink(sys.argv[1], chain=CHAIN)
sink.append(sealer([unsealed()]), durable=True)
child = os.fork()
for _ in range(20):
    sink.append(sealer([unsealed()]), durable=True)
if child:
    assert os.waitpid(child, 0)[1] == 0
sink.close()
"""


@UNMEASURED
def test_a_process_that_forks_goes_on_on_both_sides(database: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORK, database]
    subprocess.run(command, cwd=ROOT, check=True)
    assert len(whole_chain(stored_lines(database))) == 41


FORK_CLOSED = """
import os, sys
from audit_console.errors import SinkUnavailable
from audit_console.writer.postgres import PostgresSink
from tests.support.chains import CHAIN
from tests.support.writing import sealer, unsealed

sink = PostgresSink(sys.argv[1], chain=CHAIN)
sink.close()
if child := os.fork():
    os.waitpid(child, 0)
try:
    sink.append(sealer([unsealed()]), durable=True)
except SinkUnavailable:
    print("closed", flush=True)
"""


def test_a_sink_that_is_closed_is_closed_in_a_forked_child(database: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORK_CLOSED, database]
    ended = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert ended.stdout.splitlines() == ["closed", "closed"]


def test_a_full_disk_is_unavailable_and_leaves_the_chain_whole(database: str) -> None:
    """The database's own limit stands for the disk: the server raises the same error."""
    with closing(PostgresSink(database, chain=CHAIN)) as sink:
        sink.append(sealer([unsealed()]), durable=True)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$"
            )
            connection.execute(
                "CREATE TRIGGER full_disk AFTER INSERT ON audit_events EXECUTE FUNCTION full_disk()"
            )
            with pytest.raises(SinkUnavailable, match="No space left"):
                sink.append(sealer([unsealed()]), durable=True)
            connection.execute("DROP TRIGGER full_disk ON audit_events")
        sink.append(sealer([unsealed()]), durable=True)
    assert len(whole_chain(stored_lines(database))) == 2
