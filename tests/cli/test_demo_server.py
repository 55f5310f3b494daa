"""The demo in a server of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from audit_console.cli import demo_server
from audit_console.cli.demo_server import DemoServer, require_server
from audit_console.cli.scratch import scratch_folder
from audit_console.core.findings import Code
from audit_console.database import read_dsn
from audit_console.demo import CHAIN, TAMPERS
from audit_console.errors import SourceError, UsageError
from audit_console.integrity.verifier import verify
from audit_console.sources.postgres import open_postgres
from tests.support.effort import UNMEASURED


@UNMEASURED
def test_the_server_holds_the_tampered_log_and_is_gone_with_the_demo() -> None:
    with scratch_folder() as folder, closing(DemoServer(folder)) as server:
        with scratch_folder():  # as the screen has, which is gone before the server
            dsn = server.dsn()
        assert server.dsn() == dsn
        with closing(open_postgres(dsn, label="demo")) as source:
            assert source.label == "demo"
            result = verify(source)
    assert result.counts == {tamper.code: 1 for tamper in TAMPERS.values()} | {
        Code.NO_CHECKPOINT: 1
    }
    assert [chain.chain for chain in result.chains] == [CHAIN]
    assert not Path(read_dsn(dsn)["host"]).exists()
    with pytest.raises(SourceError, match="no connection"):
        open_postgres(dsn)


_SHOWN = """
from contextlib import closing
from audit_console.cli.demo_server import DemoServer
from audit_console.cli.scratch import scratch_folder
with scratch_folder() as folder, closing(DemoServer(folder)) as server:
    with scratch_folder():
        server.dsn()
"""


@UNMEASURED
def test_the_demo_leaves_nothing_behind_when_it_has_ended() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # root runs the server as another user
        environment = os.environ | {"TMPDIR": folder}
        environment.pop("XDG_RUNTIME_DIR", None)
        subprocess.run([sys.executable, "-c", _SHOWN], env=environment, check=True)
        left = [path for path in Path(folder).rglob("*") if path.is_file()]
    assert left == []


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    require_server()
    monkeypatch.setattr(demo_server, "find_spec", lambda _: None)
    with pytest.raises(UsageError) as caught:
        require_server()
    assert "audit-console[postgres]" in caught.value.hint
