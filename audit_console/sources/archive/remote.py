"""Parquet files in an object store: their lines are copied here, and read like any other file.

Polars asks the store, with the keys of the environment or of the AWS files. What it says when
that fails holds addresses and answers of the store, which may hold a password or anything
else: none of it is shown, only what kind of failure it was.
"""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import polars as pl
from polars.exceptions import PanicException, PolarsError

from audit_console.errors import (
    SourceError,
    SourceNotFound,
    SourceUnreadable,
    UsageError,
)
from audit_console.sources.archive.aws_files import credentials
from audit_console.sources.archive.parquet import ROWS, lines_of
from audit_console.sources.cancelling import QUESTION_THREAD

SECONDS_WITHOUT_A_BYTE = 15
RETRIES = 2
_SECONDS_BETWEEN_LOOKS = 0.1

_ADDRESS = re.compile(r"s3://[A-Za-z0-9][A-Za-z0-9._-]*(/[^\ud800-\udfff]*)?")
_OTHER_FILE = re.compile(r"\.(jsonl|ndjson|json|log|csv|gz|zst)$|\.log\.[^/]*$")
_FILES_OF_FOLDER = "**/*.parquet"
_CODE = re.compile(r"<Code>(\w{1,40})</Code>")

_NAME_ONE = "name a .parquet file, a folder, or a pattern that ends with .parquet"
_MAY_NOT = "check the credentials: they must be allowed to list the bucket and to get its objects"
_UNREACHABLE = "check AWS_ENDPOINT_URL, AWS_REGION and the network"
_NO_CREDENTIALS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
_REASONS: tuple[tuple[str, type[SourceError], str, str], ...] = (
    ("<Code>NoSuchBucket<", SourceNotFound, "no such bucket", "check its name and the store's"),
    ("<Code>NoSuchKey<|Object at location", SourceNotFound, "no such object", _NAME_ONE),
    ("expanded paths were empty", SourceNotFound, "no Parquet file is there", _NAME_ONE),
    (
        "/latest/(api/token|meta-data)",
        SourceUnreadable,
        "no credentials were found",
        _NO_CREDENTIALS,
    ),
    ("[pP]ath segment|parsing Path", SourceUnreadable, "such a key cannot be read", _NAME_ONE),
    ("status code: 40[13] ", SourceUnreadable, "not permitted", _MAY_NOT),
    ("configured region", SourceUnreadable, "the bucket is in another region", "set AWS_REGION"),
    ("operation timed out", SourceUnreadable, "the store did not answer in time", _UNREACHABLE),
    ("error sending request", SourceUnreadable, "the store cannot be reached", _UNREACHABLE),
    ("No space left", SourceUnreadable, "no room for a copy of it", "set TMPDIR to where there is"),
)
"""What is looked for in a message of Polars, the error, what is said, and what to do."""


def copy_objects(places: Sequence[str]) -> list[tuple[str, Path]]:
    """Copy the lines of the Parquet files at places of an object store to private files.

    Args:
        places: `s3://bucket/key.parquet`, `s3://bucket/folder/` or a pattern.

    Returns:
        the address and the copy of each file. The caller removes the copies.

    Raises:
        UsageError: a place is not of Parquet files.
        SourceError: the store cannot be asked, or does not give them.
    """
    copying: Future[list[tuple[str, Path]]] = Future()

    def copy() -> None:
        try:
            copying.set_result(_copies(places))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            copying.set_exception(error)

    # Polars hears no Ctrl+C while it waits for a store; who waits for a thread does.
    Thread(target=copy, name=QUESTION_THREAD, daemon=True).start()
    while not copying.done():
        wait([copying], _SECONDS_BETWEEN_LOOKS)
    return copying.result()


def _copies(places: Sequence[str]) -> list[tuple[str, Path]]:
    addresses = dict.fromkeys(address for place in places for address in _find(place))
    copies: dict[str, Path] = {}
    try:
        for address in addresses:
            copies[address] = _copy(address)
    except BaseException:
        for copy in copies.values():
            copy.unlink(missing_ok=True)
        raise
    return list(copies.items())


def _find(place: str) -> list[str]:
    """Give the addresses of the files at a place."""
    if not _ADDRESS.fullmatch(place):  # not quoted: it may hold a password
        raise UsageError("not an address of an object store: s3://bucket/key", hint=_NAME_ONE)
    is_pattern = "*" in place
    if place.endswith(".parquet") and not is_pattern:
        return [place]
    if _OTHER_FILE.search(place) or (is_pattern and not place.endswith(".parquet")):
        raise UsageError(
            f"{place}: of an object store, only Parquet files are read",
            hint=f"{_NAME_ONE}; copy other logs to this machine first",
        )
    pattern = place if is_pattern else f"{place.rstrip('/')}/{_FILES_OF_FOLDER}"
    with _failures_told(place):
        files = _scan(pattern, glob=True).select("address").unique().collect()
    return sorted(files["address"])


def _copy(address: str) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="audit-console-")
    os.close(descriptor)
    copy = Path(name)
    try:
        with _failures_told(address):
            lines = lines_of(_scan(address, glob=False), address)
            lines.sink_parquet(copy, compression="lz4", row_group_size=ROWS)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return copy


def _scan(address: str, *, glob: bool) -> pl.LazyFrame:
    return pl.scan_parquet(
        address,
        glob=glob,
        hive_partitioning=False,
        include_file_paths="address",
        missing_columns="insert",
        extra_columns="ignore",
        credential_provider=None,
        storage_options={
            **credentials(os.environ),
            "max_retries": RETRIES,
            "retry_timeout_ms": 30_000,
            "connect_timeout": f"{SECONDS_WITHOUT_A_BYTE}s",
            "read_timeout": f"{SECONDS_WITHOUT_A_BYTE}s",
        },
    )


@contextmanager
def _failures_told(place: str) -> Iterator[None]:
    """Turn what Polars raises into one line without anything that the store or Polars said."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*region.* not set", category=UserWarning)
            yield
    except (OSError, PolarsError, PanicException) as error:
        raise _failure(place, error) from None


def _failure(place: str, error: BaseException) -> SourceError:
    text = str(error)
    for pattern, kind, reason, hint in _REASONS:
        if re.search(pattern, text):
            return kind(f"{place}: {reason}", hint=hint)
    if not isinstance(error, PolarsError):
        code = _CODE.search(text)
        answer = f"the store answered {code[1]}" if code else "the store did not give it"
        return SourceUnreadable(f"{place}: {answer}", hint=_UNREACHABLE)
    return SourceUnreadable(
        f"{place}: not a Parquet file, or a damaged one", hint="copy it here to look into it"
    )
