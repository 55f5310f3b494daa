"""Parquet in an object store: read as the same files are here, and never a secret shown."""

from __future__ import annotations

import io
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest

from audit_console.cli.opening import check_places
from audit_console.core.beside import CHECKPOINTS
from audit_console.core.codec import decode_line
from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING
from audit_console.core.findings import Code, Verdict
from audit_console.errors import (
    AuditConsoleError,
    NotAnAuditLog,
    PruneRefused,
    SourceError,
    SourceNotFound,
    SourceUnreadable,
    UsageError,
)
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.retention.opening import pruner_of
from audit_console.sources.archive import open_archive, remote
from audit_console.sources.archive.aws_files import credentials
from audit_console.sources.archive.beside import path_beside
from audit_console.sources.protocol import AtRow, Order
from audit_console.tui.recent import RecentSource, RecentSources
from tests.cli.program import children_of, run_here, run_program, spoken_line, started
from tests.support.chains import v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.object_store import (
    ACCESS_KEY,
    SECRET,
    ObjectStore,
    answering,
    nobody,
    object_store,
    silent,
    url_of,
)
from tests.support.places import text_of
from tests.support.tampers import edited

LINES = v1_lines(v1_chain(30))
STRANGE = "we ird%20+[1]/ü?.parquet"
DAYS = ("day=2026-11-03", "day=2026-11-01", "day=2026-11-02")


def parquet(lines: Sequence[bytes], **more: object) -> bytes:
    file = io.BytesIO()
    table = pl.DataFrame({"line": [line.decode() for line in lines]}, schema={"line": pl.String})
    table.with_columns(**{name: pl.lit(value) for name, value in more.items()}).write_parquet(file)
    return file.getvalue()


@pytest.fixture(scope="module")
def filled() -> Iterator[ObjectStore]:
    """A store with one log in one object, in days, and with what is none."""
    with object_store() as store:
        store.put("logs")
        store.put("logs/all.parquet", parquet(LINES))
        store.put("logs/edited.parquet", parquet(edited(7, action="x")(LINES)))
        store.put(f"logs/{STRANGE}", parquet(LINES))
        for number, day in enumerate(DAYS):
            lines = LINES[number * 10 : number * 10 + 10]
            other = 7 if number else "another type"
            store.put(f"logs/days/{day}/part.parquet", parquet(lines, x=other))
        store.put("logs/days/_SUCCESS", b"")
        store.put("logs/odd/counts.parquet", parquet([]).replace(b"line", b"lime"))
        store.put("logs/odd/damaged.parquet", parquet(LINES)[:-9] + b"\xff" * 9)
        store.put("logs/half/1.parquet", parquet(LINES))
        store.put("logs/half/2.parquet", parquet(LINES).replace(b"line", b"lime"))
        yield store


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def store(filled: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    monkeypatch.setenv("AWS_ENDPOINT_URL", filled.url)
    return filled


def verified(*places: str) -> Verification:
    with closing(open_archive(places, keep=False)) as source:
        return verify(source)


@UNMEASURED
@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "place",
    [
        "s3://logs/all.parquet",
        f"s3://logs/{STRANGE}",
        "s3://logs/we ird%20+*/*.parquet",
        "s3://logs/days/",
        "s3://logs/days",
        "s3://logs/days/**/*.parquet",
        "s3://logs/days/day=2026-11-0*/part.parquet",
    ],
)
def test_a_log_in_a_store_verifies_as_it_does_here(place: str) -> None:
    found = verified(place)
    assert found.counts == {Code.NO_CHECKPOINT: 1}
    assert found.status.events == found.verified == 30


@UNMEASURED
@pytest.mark.usefixtures("store")
def test_places_here_and_there_are_one_log(tmp_path: Path) -> None:
    here = tmp_path / "audit.jsonl"
    here.write_bytes(text_of(LINES[:10]))
    days = [f"s3://logs/days/{day}/*.parquet" for day in DAYS[1:]]
    found = verified(*days, str(here), "s3://logs/days/day=2026-11-01/part.parquet")
    assert found.counts == {Code.NO_CHECKPOINT: 1}
    assert len(found.status.files) == 3


@pytest.mark.usefixtures("store")
def test_an_edit_is_found_in_it_too() -> None:
    found = verified("s3://logs/edited.parquet")
    assert (found.verdict, found.counts[Code.EVENT_HASH_MISMATCH]) == (Verdict.FAIL, 1)


@pytest.mark.usefixtures("store")
def test_copies_are_private_and_removed_and_their_bytes_are_not_passed_off(scratch: Path) -> None:
    source = open_archive(["s3://logs/days/"], keep=True)
    with closing(source):
        copies = list(scratch.iterdir())
        assert [copy.stat().st_mode & 0o777 for copy in copies] == [0o600] * 3
        assert verify(source).status.events == 30
        names = [f"s3://logs/days/{day}/part.parquet" for day in (DAYS[0], DAYS[1], DAYS[2])]
        assert [file.name for file in source.status.files] == names
        assert {file.sha256 for file in source.status.files} == {None}
        page = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=30)
        assert page.rows["raw"].to_list() == [line.decode() for line in LINES]
        assert source.news().lines == 0
    assert children_of(scratch) == []


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("place", "kind", "said"),
    [
        ("s3://logs/none.parquet", SourceNotFound, "s3://logs/none.parquet: no such object"),
        ("s3://logs/none/", SourceNotFound, "s3://logs/none/: no Parquet file is there"),
        ("s3://logs/none/*.parquet", SourceNotFound, "no Parquet file is there"),
        ("s3://nobody/x.parquet", SourceNotFound, "s3://nobody/x.parquet: no such bucket"),
        ("s3://nobody", SourceNotFound, "s3://nobody: no such bucket"),
        ("s3://logs/odd/counts.parquet", NotAnAuditLog, "without a column of texts named 'line'"),
        ("s3://logs/odd/damaged.parquet", SourceUnreadable, "not a Parquet file, or a damaged"),
        ("s3://logs/half", NotAnAuditLog, "s3://logs/half/2.parquet: a Parquet file without"),
    ],
)
def test_what_is_no_log_is_told_and_nothing_is_left(
    scratch: Path, place: str, kind: type[SourceError], said: str
) -> None:
    with pytest.raises(kind) as refused:
        open_archive([place], keep=True)
    assert said in str(refused.value)
    assert children_of(scratch) == []


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("s3://logs/audit.jsonl", "s3://logs/audit.jsonl: of an object store, only Parquet"),
        ("s3://logs/audit.jsonl.gz", "only Parquet files are read"),
        ("s3://logs/audit.log.20251114-101010", "only Parquet files are read"),
        ("s3://logs/*", "only Parquet files are read"),
        ("s3://", "not an address of an object store"),
        ("s3://logs/\udcff.parquet", "not an address of an object store"),
        (f"s3://me:{SECRET}@logs/x.parquet", "not an address of an object store"),
    ],
)
def test_what_is_not_read_from_a_store(place: str, said: str) -> None:
    refused = run_here("verify", place)
    assert refused.returncode == 2
    assert said in spoken_line(refused)
    assert SECRET not in refused.stderr


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "AccessDenied", "not permitted"),
        (403, "InvalidAccessKeyId", "not permitted"),
        (401, "Unauthorized", "not permitted"),
        (404, "NoSuchBucket", "no such bucket"),
        (400, "ExpiredToken", "the store answered ExpiredToken"),
        (301, "PermanentRedirect", "the bucket is in another region"),
        (503, "SlowDown", "the store answered SlowDown"),
        (500, "\x1b[31m", "the store did not give it"),
    ],
)
@pytest.mark.parametrize("key", ["x.parquet", "folder/"])
def test_a_store_that_refuses_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, said: str, key: str
) -> None:
    monkeypatch.setattr(remote, "RETRIES", 0)
    with answering(status, code) as server:
        url = f"http://me:{quote(SECRET, safe='')}@127.0.0.1:{server.port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        place = f"s3://refuses-{server.port}/{key}"
        refused = run_here("verify", place)
    assert refused.returncode == 4
    assert spoken_line(refused).startswith(f"audit-console: {place}: {said}")
    assert (SECRET in refused.stderr, "\x1b" in refused.stderr) == (False, False)


@UNMEASURED
@pytest.mark.parametrize("key", ["x.parquet", "folder/"])
def test_a_store_that_is_not_there_or_says_nothing(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr(remote, "RETRIES", 0)
    monkeypatch.setattr(remote, "SECONDS_WITHOUT_A_BYTE", 1)
    with silent() as listening:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url_of(listening))
        refused = run_here("verify", f"s3://silent-{len(key)}/{key}")
    assert refused.returncode == 4
    assert "the store did not answer in time" in spoken_line(refused)
    with nobody() as taken:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url_of(taken))
        gone = run_here("verify", f"s3://gone-{len(key)}/{key}")
    assert gone.returncode == 4
    assert "the store cannot be reached" in spoken_line(gone)


@UNMEASURED
def test_waiting_for_a_store_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as listening:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url_of(listening))
        with started("verify", "s3://silent/x.parquet") as process:
            asked, _ = listening.accept()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=remote.SECONDS_WITHOUT_A_BYTE * 2)
            asked.close()
    assert (process.returncode, said) == (130, b"audit-console: interrupted\n")


@pytest.mark.parametrize(("profile", "key"), [("", "OF-A-FILE"), ("other", "OF-A-PROFILE")])
def test_keys_come_from_files_too(
    monkeypatch: pytest.MonkeyPatch, user_directories: Path, profile: str, key: str
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_REGION")
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    monkeypatch.setattr(remote, "RETRIES", 0)
    aws = user_directories / ".aws"
    aws.mkdir()
    (aws / "credentials").write_text(
        "[default]\naws_access_key_id = OF-A-FILE\naws_secret_access_key = x\n"
        "[other]\naws_access_key_id = OF-A-PROFILE\naws_secret_access_key = x\n"
    )
    (aws / "config").write_text(
        "[default]\nregion = eu-north-1\n[profile other]\nregion=eu-north-1\n"
    )
    with answering(403, "AccessDenied") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
        refused = run_here("verify", f"s3://files-{server.port}/x.parquet")
        assert "not permitted" in spoken_line(refused)
        assert re.search(f"Credential={key}/[0-9]+/eu-north-1/", server.asked_by[-1])


def test_a_machine_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setattr(remote, "RETRIES", 0)
    with answering(403) as server:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{server.port}")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
        refused = run_here("verify", f"s3://nobody-{server.port}/x.parquet")
    assert refused.returncode == 4
    assert "no credentials were found" in spoken_line(refused)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("AWS_ENDPOINT_URL", one) for one in ("", "not a url", "ftp://x", "http://", "x:9")),
        *(("AWS_ENDPOINT_URL_S3", one) for one in ("http://[::1", "http://x:y", "http://a b/")),
        ("AWS_REGION", "eu central"),
        ("AWS_ACCESS_KEY_ID", "a\nb"),
        ("AWS_SECRET_ACCESS_KEY", f"{SECRET}\n"),
        ("AWS_SESSION_TOKEN", "\u00fc"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    refused = run_here("verify", "s3://logs/x.parquet")
    assert refused.returncode == 2
    assert f"{name} holds something that cannot be used" in spoken_line(refused)
    assert SECRET not in refused.stderr


def test_a_profile_without_keys_and_files_that_cannot_be_read(tmp_path: Path) -> None:
    none = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    assert credentials(none) == {}
    with pytest.raises(UsageError, match="the AWS profile x has no keys"):
        credentials(none | {"AWS_PROFILE": "x"})
    assert credentials(none | {"AWS_PROFILE": "x", "AWS_ACCESS_KEY_ID": "k"}) == {}
    lines = tmp_path / "lines"
    lines.write_text(f"[default]\naws_access_key_id = k\naws_secret_access_key = a\n  {SECRET}\n")
    with pytest.raises(UsageError, match="aws_secret_access_key of default holds") as torn:
        credentials({"AWS_SHARED_CREDENTIALS_FILE": str(lines)})
    assert SECRET not in f"{torn.value}"
    broken = tmp_path / "broken"
    for content in (f"aws_secret_access_key = {SECRET}\n".encode(), b"\xff"):
        broken.write_bytes(content)
        with pytest.raises(UsageError) as refused:
            credentials({"AWS_SHARED_CREDENTIALS_FILE": str(broken)})
        assert SECRET not in f"{refused.value} {refused.value.hint}"
        assert refused.value.__cause__ is None


@UNMEASURED
@pytest.mark.usefixtures("store")
def test_the_program_reads_a_store(tmp_path: Path) -> None:
    checked = run_program("verify", "s3://logs/days/")
    assert (checked.returncode, checked.stderr) == (3, "")
    assert "s3://logs/days/day=2026-11-01/part.parquet" in checked.stdout
    assert "not computed in this run" in checked.stdout
    target = tmp_path / "found.jsonl"
    query = ("user:user-3", "--format", "jsonl", "-o", str(target))
    assert run_here("search", "s3://logs/all.parquet", *query).returncode == 0
    assert target.read_bytes().splitlines() == [one for one in LINES if _user(one) == "user-3"]


def _user(line: bytes) -> str | None:
    event = decode_line(line.decode())
    assert isinstance(event, AuditEvent)
    return event.user_id


def test_nothing_is_written_to_a_store_or_remembered_as_a_file(tmp_path: Path) -> None:
    place = "s3://logs/all.parquet"
    check_places([place])
    with pytest.raises(UsageError, match="no one file beside this log"):
        path_beside([place], CHECKPOINTS)
    with pytest.raises(PruneRefused, match="not the one log of a writer"):
        pruner_of([place])
    recent = RecentSources(tmp_path / "recent.json")
    recent.remember([place])
    assert recent.sources() == [RecentSource((place,))]
    with pytest.raises(AuditConsoleError):
        check_places([place, "postgresql://host/db"])
