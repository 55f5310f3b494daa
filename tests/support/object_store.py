"""Object stores on this machine: a real one, and ones that answer wrongly or not at all."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import Thread
from urllib.parse import quote

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105 - the example of the manuals


class ObjectStore:
    """An S3 server, filled without credentials; which ones are sent it does not check."""

    def __init__(self, port: int) -> None:
        self._port = port

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def put(self, path: str, content: bytes = b"") -> None:
        """Store an object at `bucket/key`, or make a bucket."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("PUT", f"/{quote(path)}", content)
        assert connection.getresponse().status == 200
        connection.close()


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Start one in a process of its own."""
    command = [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            assert process.stderr is not None
            said = iter(process.stderr.readline, b"")
            found = next(filter(None, (re.search(rb"http://127.0.0.1:(\d+)", one) for one in said)))
            Thread(target=process.stderr.read, daemon=True).start()  # or it stops on a full pipe
            yield ObjectStore(int(found[1]))
        finally:
            process.terminate()


class Answering(ThreadingHTTPServer):
    """A store that gives every request one answer, and notes who asked."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.body = body
        self.asked_by: list[str] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        self.server.asked_by.append(self.headers.get("Authorization", ""))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(status: int, code: str = "") -> Iterator[Answering]:
    """Run a store that answers with a status and an S3 error code."""
    body = f"<Error><Code>{code}</Code><Message>\x1b[31m{SECRET}</Message></Error>".encode()
    with Answering(status, body) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@contextmanager
def silent() -> Iterator[socket]:
    """Listen on a port, take every connection and say nothing."""
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening


@contextmanager
def nobody() -> Iterator[socket]:
    """Take a port, on which then nobody listens."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken


def url_of(bound: socket) -> str:
    """Where it is bound."""
    return f"http://127.0.0.1:{bound.getsockname()[1]}"
