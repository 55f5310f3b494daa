"""What every test may use."""

from __future__ import annotations

import fcntl
import gc
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from coverage import Coverage
from hypothesis import settings

import audit_console
from audit_console.core import matching, safe_text
from audit_console.core.codec import decode_line
from audit_console.core.event import AuditEvent
from audit_console.demo import FILE_NAME, write_demo
from audit_console.demo.log import sealed_demo
from audit_console.embedded import EmbeddedServer
from audit_console.migrate import migrate
from audit_console.writer import intake
from tests.support.postgres import database_of, new_database, server_dsn

DIRECTORY_VARIABLES = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
CONFIGURATION = Path(__file__).parents[1] / "pyproject.toml"

PROGRAMS = {"audit_console.__main__", "audit_console.integrity.check_proof_script"}
"""They run when they are imported."""

FOLDERS = count()

OBJECTS_UNTIL_GARBAGE = 20_000
"""A screen is thousands of objects that refer to each other: few are looked at again and again."""

Tracers = tuple[Callable[..., Any] | None, Callable[..., Any] | None]
"""What traces a thread, and those that it starts."""
NOBODY: Tracers = (None, None)
TRACERS = pytest.StashKey[Tracers]()

settings.register_profile("without a clock", parent=settings(), deadline=None)
settings.load_profile("without a clock")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a test after the beginning of a long value: what runs tests hands its name on often."""
    if isinstance(val, str | bytes) and len(val) > 200:
        return f"{val[:50]!a} and so on, {len(val)} long"
    return None


def pytest_sessionstart() -> None:
    """Look for no garbage while tests are collected: all of it stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage among what tests make alone, not among all that they have in common."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_UNTIL_GARBAGE)
    gc.enable()


def pytest_sessionfinish() -> None:
    """Look for what tests left once; pytest does so five times, among what all have in common."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def signals_are_heard() -> None:
    """Let tests and what they start hear signals that a shell ignores for them.

    It ignores SIGINT for what runs in the background, and `nohup` does SIGHUP.
    """
    for number, usual in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@contextmanager
def traced_by(tracers: Tracers) -> Iterator[Tracers]:
    """Let these trace, this thread and those to come, and give those that did before."""
    before = sys.gettrace(), threading.gettrace()
    _trace(tracers)
    try:
        yield before
    finally:
        _trace(before)


def _trace(tracers: Tracers) -> None:
    sys.settrace(tracers[0])
    threading.settrace(tracers[1])


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Measure the imports of the project, and nothing else that happens while tests are found."""
    if Coverage.current() is not None:
        import_all()
    with traced_by(NOBODY) as session.stash[TRACERS]:
        return (yield)


def import_all() -> None:
    """Import all modules, or which test imports one, and whether that is measured, is chance."""
    for module in walk_packages(audit_console.__path__, "audit_console."):
        if module.name not in PROGRAMS:
            import_module(module.name)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """Measure coverage in tests and their own fixtures alone, where `measured` switches it on.

    Tracing costs as much in pytest as in what it tests. A fixture that tests share is not
    traced either: which test comes first is chance, and all that it runs has tests of its own.
    """
    with traced_by(NOBODY):
        return (yield)


def measured(item: pytest.Item) -> AbstractContextManager[Tracers]:
    """Trace what a test runs, unless it is marked `unmeasured`.

    The mark `no_cover` of pytest-cov is for this too, but has no effect in the processes
    of pytest-xdist: there it stops one of two measurements.
    """
    is_measured = item.get_closest_marker("unmeasured") is None
    return traced_by(item.session.stash[TRACERS] if is_measured else NOBODY)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    with measured(request.node) if fixturedef.scope == "function" else traced_by(NOBODY):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    with measured(item):
        return (yield)


@pytest.fixture(autouse=True)
def nothing_kept(request: pytest.FixtureRequest) -> None:
    """Start with empty caches: what an unmeasured test filled, no measured one would fill."""
    if request.node.get_closest_marker("unmeasured") is None:
        for cached in (matching._like, matching._regex, safe_text._symbol, intake._known_address):
            cached.cache_clear()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a test a folder of its own, counted here.

    Pytest looks through all folders that there are for the next number, and keeps a link to
    the last: with thousands of tests that takes longer than many of them.
    """
    name = re.sub(r"\W", "_", request.node.name)[:20]
    return tmp_path_factory.mktemp(f"{name}-{next(FOLDERS)}", numbered=False)


@pytest.fixture(autouse=True)
def user_directories(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Keep tests, and the programs that they start, out of the user's own directories."""
    home = tmp_path_factory.mktemp(f"home-{next(FOLDERS)}", numbered=False)
    monkeypatch.setenv("HOME", str(home))
    for variable in DIRECTORY_VARIABLES:
        monkeypatch.setenv(variable, str(home / variable.lower()))
    return home


@pytest.fixture
def measured_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count for coverage what the programs run that the test starts, if coverage is measured.

    Without it they run at their own speed, and may be killed at any moment: one that is
    killed while it stores what it measured leaves a file that cannot be read.
    """
    measuring = Coverage.current()
    if measuring is not None:
        data_file = Path(str(measuring.get_option("run:data_file")))
        monkeypatch.setenv("COVERAGE_FILE", str(data_file.absolute()))
        monkeypatch.setenv("COVERAGE_PROCESS_START", str(CONFIGURATION))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """DSN of a real server, which is never left out: without one the tests fail."""
    with server_dsn() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> Iterator[str]:
    """Name of a database that has the schema and nobody is connected to, to be copied."""
    with new_database(postgres_server) as dsn:
        migrate(dsn)
        yield database_of(dsn)


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    """DSN of a new database without a table."""
    with new_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def database(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """DSN of a new database with the schema of the log."""
    with new_database(postgres_server, template=migrated_template) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def own_server() -> Iterator[EmbeddedServer]:
    """A server that the tests of a module may stop; each starts it again."""
    with closing(EmbeddedServer()) as server:
        yield server


@pytest.fixture(scope="session")
def demo_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, tampered with; for reading alone."""
    return written_once(tmp_path_factory, "demo", write_demo)


@pytest.fixture(scope="session")
def whole_demo_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo before it was tampered with; for reading alone."""
    return written_once(tmp_path_factory, "whole-demo", write_whole_demo)


def write_whole_demo(folder: Path) -> None:
    lines = "".join(f"{sealed.line}\n" for sealed in sealed_demo())
    (folder / FILE_NAME).write_text(lines, encoding="utf-8", newline="\n")


def written_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, write: Callable[[Path], object]
) -> Path:
    """Give a log that the first of the processes that run tests writes for all of them."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path = folder / name / FILE_NAME
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.parent.mkdir()
            write(path.parent)
    return path


@pytest.fixture(scope="session")
def events_of_the_demo(whole_demo_log: Path) -> list[AuditEvent]:
    """The demo before it was tampered with, to be read event by event."""
    return events_in(whole_demo_log.read_text(encoding="utf-8").splitlines())


@pytest.fixture(scope="session")
def last_events_of_the_demo(whole_demo_log: Path) -> list[AuditEvent]:
    """The last days of it, for what is reckoned for each of its events."""
    return events_in(whole_demo_log.read_text(encoding="utf-8").splitlines()[-3_600:])


def events_in(lines: Sequence[str]) -> list[AuditEvent]:
    decoded = [decode_line(line) for line in lines]
    return [event for event in decoded if isinstance(event, AuditEvent)]
