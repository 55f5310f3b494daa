"""What the user may name, and in which order the files are one log."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import signal
import tarfile
import threading
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from audit_console.core.filters import EVERYTHING
from audit_console.core.findings import Code
from audit_console.errors import NotAnAuditLog, SourceError, SourceNotFound, SourceUnreadable
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.sources.protocol import AtRow, Order
from tests.support.chains import (
    orchestrator_chain,
    orchestrator_lines,
    rehashed,
    v1_chain,
    v1_lines,
)
from tests.support.effort import UNMEASURED
from tests.support.judging import judge_archive, verify_archive
from tests.support.places import text_of
from tests.support.reading import read_whole
from tests.support.trusting import leaves, stored

V1 = v1_lines(v1_chain(9))
ORCHESTRATOR = orchestrator_lines(orchestrator_chain(6))


def written(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(text_of(lines))
    return path


def names(*places: str | Path) -> list[str]:
    source = open_archive([str(place) for place in places], keep=False)
    source.close()
    return [Path(file.name).name for file in source.status.files]


@pytest.fixture
def rotated(tmp_path: Path) -> Path:
    """A folder with rotated files of both formats, whose names do not sort as they are."""
    written(tmp_path / "audit.jsonl", V1[6:])
    written(tmp_path / "audit.000000000003.jsonl", V1[3:6])
    (tmp_path / "audit.000000000000.jsonl.gz").write_bytes(gzip.compress(text_of(V1[:3])))
    written(tmp_path / "audit.log", ORCHESTRATOR[4:])
    written(tmp_path / "audit.log.20251114-101010", ORCHESTRATOR[2:4])
    written(tmp_path / "audit.log.20251115-101010", ORCHESTRATOR[:2])
    checkpoint = stored(leaves(v1_chain(3)), 3)
    written(tmp_path / "audit.checkpoints.jsonl", [checkpoint.encode()])
    written(tmp_path / "audit.torn.1763960000", [b"half"])
    (tmp_path / "notes.txt").write_text("not a log", encoding="utf-8")
    (tmp_path / "folder.jsonl").mkdir()
    return tmp_path


ORDER = [
    "audit.000000000000.jsonl.gz",
    "audit.000000000003.jsonl",
    "audit.jsonl",
    "audit.log.20251115-101010",
    "audit.log.20251114-101010",
    "audit.log",
]


@UNMEASURED
def test_rotated_files_of_both_formats_are_one_log_in_order(rotated: Path) -> None:
    assert names(rotated) == ORDER
    found = judge_archive(rotated)
    assert found.notices == []
    assert set(found.counts) == {Code.NO_CHECKPOINT, Code.WEAK_COVERAGE}
    assert sorted(chain[0] for chain in found.chains.values()) == [6, 9]


@UNMEASURED
@pytest.mark.parametrize(
    ("name", "said", "edited"),
    [("audit.000000000003.jsonl", b'"seq":3', b'"seq":30'), ("audit.log", b'"2026', b'"2001')],
)
def test_an_edited_event_does_not_move_the_file_that_begins_with_it(
    rotated: Path, name: str, said: bytes, edited: bytes
) -> None:
    text = (rotated / name).read_bytes()
    (rotated / name).write_bytes(text.replace(said, edited, 1))
    assert names(rotated) == ORDER
    found = judge_archive(rotated)
    assert found.notices == []
    weak = (Code.WEAK_COVERAGE, (None, None))
    (fault,) = (one for one in found.beyond_the_unanchored_end if one != weak)
    assert fault[0] is Code.EVENT_HASH_MISMATCH


def test_files_that_logrotate_renamed_are_of_the_log(tmp_path: Path) -> None:
    written(tmp_path / "audit.jsonl", V1[6:])
    written(tmp_path / "audit.jsonl.1", V1[3:6])
    (tmp_path / "audit.jsonl.2.gz").write_bytes(gzip.compress(text_of(V1[:3])))
    checkpoint = stored(leaves(v1_chain(3)), 3)
    written(tmp_path / "audit.checkpoints.jsonl.1", [checkpoint.encode()])

    assert names(tmp_path) == ["audit.jsonl.2.gz", "audit.jsonl.1", "audit.jsonl"]


def test_a_glob_and_a_list_give_the_same_order(rotated: Path) -> None:
    files = [name for name in reversed(ORDER) if ".log" not in name]
    assert names(*(rotated / name for name in files)) == ORDER[:3]
    assert names(rotated / "audit.*jsonl*") == [*ORDER[:3], "audit.checkpoints.jsonl"]
    assert names(rotated / "*.log*") == ORDER[3:]


def test_a_log_is_called_by_its_file_or_its_first_place(rotated: Path) -> None:
    folder, (first, *others) = str(rotated), [str(rotated / name) for name in ORDER]
    several = f"{first} and {len(others)} more · {len(others) + 1} files"
    for places, label in (
        ([first], first),
        ([folder], f"{folder} · {len(others) + 1} files"),
        ([first, *others], several),
    ):
        with closing(open_archive(places, keep=False)) as source:
            assert source.label == label


def test_a_file_named_twice_is_read_once(rotated: Path) -> None:
    link = rotated / "link.jsonl"
    link.symlink_to(rotated / "audit.jsonl")
    again = rotated / ".." / rotated.name / "audit.jsonl"
    assert len(names(rotated / "audit.jsonl", again, link)) == 1
    assert len(names(rotated, rotated / "*.jsonl")) == len(ORDER) + 1  # the checkpoints, by name


def test_a_copy_of_a_file_is_found_as_a_repeat(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", V1)
    written(tmp_path / "b.jsonl", V1)
    assert judge_archive(tmp_path).beyond_the_unanchored_end == [(Code.DUPLICATE_SEQ, (0, 8))]


@UNMEASURED
def test_a_missing_rotated_file_is_a_gap(rotated: Path) -> None:
    (rotated / ORDER[1]).unlink()
    assert (Code.GAP, (3, 5)) in judge_archive(rotated).beyond_the_unanchored_end


def test_an_event_torn_off_a_rotated_file_is_missing(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.jsonl", V1[:4]).read_bytes()
    written(tmp_path / "b.jsonl", V1[4:])
    (tmp_path / "a.jsonl").write_bytes(whole[:-40])
    found = judge_archive(tmp_path)
    assert found.beyond_the_unanchored_end == [(Code.GAP, (3, 3))]
    assert found.notices == [(Code.TORN_TAIL, (None, None))]


def test_a_torn_line_that_the_writer_wrote_again_is_a_notice(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.jsonl", V1[:5]).read_bytes()
    written(tmp_path / "b.jsonl", V1[4:])
    (tmp_path / "a.jsonl").write_bytes(whole[:-40])
    found = judge_archive(tmp_path)
    assert found.beyond_the_unanchored_end == []
    assert found.notices == [(Code.TORN_TAIL, (None, None))]


def test_a_symlinked_folder_is_a_folder(
    rotated: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(rotated, target_is_directory=True)
    assert names(link) == ORDER


def test_names_with_glob_characters_are_files_first(tmp_path: Path) -> None:
    odd = written(tmp_path / "audit[1].jsonl", V1)
    assert names(odd) == ["audit[1].jsonl"]


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("missing.jsonl", SourceNotFound),
        ("*.nothing", SourceNotFound),
        ("missing/[", SourceNotFound),
        ("empty", SourceNotFound),
        ("pipe", SourceUnreadable),
        ("binary.log", NotAnAuditLog),
        ("text.log", NotAnAuditLog),
        ("json.log", NotAnAuditLog),
        ("binary.gz", NotAnAuditLog),
        ("x" * 5000, SourceUnreadable),
        ("a\x00b", SourceError),
        ("loop", SourceError),
        ("/proc/self/mem", SourceUnreadable),
    ],
)
def test_what_cannot_be_looked_at_is_one_clear_error(
    tmp_path: Path, place: str, error: type[SourceError]
) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "binary.log").write_bytes(bytes(range(256)) * 50)
    (tmp_path / "binary.gz").write_bytes(gzip.compress(b"\x00\x01"))
    (tmp_path / "text.log").write_text("Nov 23 sshd[1]: hello\n" * 5, encoding="utf-8")
    (tmp_path / "json.log").write_text('{"level":"info"}\n' * 5, encoding="utf-8")
    with pytest.raises(error) as caught:
        verify_archive(tmp_path / place)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


TEXT = text_of(V1)
EVENTS = [json.loads(line) for line in V1]


def zipped(text: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("audit.jsonl", text)
    return packed.getvalue()


def tarred(text: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("audit.jsonl")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        (lzma.compress(TEXT), "packed with xz", "xz -dk"),
        (bz2.compress(TEXT), "packed with bzip2", "bzip2 -dk"),
        (zipped(TEXT), "a ZIP archive", "open the log in it"),
        (tarred(TEXT), "a tar archive", "open the logs in it"),
        (gzip.compress(tarred(TEXT)), "a tar archive", "open the logs in it"),
        (TEXT.decode().encode("utf-16"), "text in UTF-16", "iconv"),
        (json.dumps(EVENTS).encode(), "expected {", "jq -c '.[]' FILE"),
        (json.dumps(EVENTS, indent=2).encode(), "expected {", "jq -c '.[]' FILE"),
        (json.dumps(EVENTS[0], indent=2).encode(), "field name", "jq -c . FILE"),
    ],
    ids=["xz", "bz2", "zip", "tar", "tar.gz", "utf-16", "array", "indented array", "indented"],
)
def test_what_is_no_log_yet_is_called_what_it_is(
    tmp_path: Path, content: bytes, what: str, hint: str
) -> None:
    (tmp_path / "audit.log").write_bytes(content)
    with pytest.raises(NotAnAuditLog, match=re.escape(what)) as caught:
        verify_archive(tmp_path / "audit.log")
    assert hint in str(caught.value.hint)


def test_no_text_of_an_event_makes_a_log_something_else(tmp_path: Path) -> None:
    event = v1_chain(1)[0]
    for shift in range(len("ustar")):
        user = "u" * shift + "ustar" * 40
        lines = v1_lines([rehashed(replace(event, user_id=user))])
        assert verify_archive(written(tmp_path / "audit.jsonl", lines)).verified == 1


@pytest.mark.parametrize("start", [b"BZh", b"PK\x03\x04", b"\xff\xfe", b"\xfd7zXZ\x00"])
def test_a_damaged_beginning_costs_its_line_alone(tmp_path: Path, start: bytes) -> None:
    log = written(tmp_path / "audit.jsonl", [start + V1[0], *V1[1:]])
    verification = verify_archive(log)
    assert verification.counts[Code.MALFORMED] == 1
    assert verification.verified == len(V1) - 1


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    for content in (b"", b"\n", b"\n\n \n"):
        (tmp_path / "audit.jsonl").write_bytes(content)
        assert verify_archive(tmp_path).counts == {Code.EMPTY: 1}


def test_standard_input_is_kept_and_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = written(tmp_path / "audit.jsonl", V1)
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setenv("TMPDIR", str(kept))
    monkeypatch.setattr("tempfile.tempdir", None)
    with log.open() as piped:
        monkeypatch.setattr("sys.stdin", piped)
        source = open_archive(["-"], keep=True)
    assert verify(source).verified == 9
    assert len(list(kept.iterdir())) == 1
    source.close()
    assert list(kept.iterdir()) == []


def folder_of_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(copies))
    return copies


@pytest.mark.parametrize(
    ("piped", "places"),
    [
        (bytes(range(256)) * 50, ["-"]),
        (text_of(V1), ["-", "/no/such/log"]),
    ],
    ids=["no log", "another place is not there"],
)
def test_what_was_piped_in_does_not_stay_behind_when_nothing_is_opened(
    piped: bytes, places: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copies = folder_of_copies(tmp_path, monkeypatch)
    (tmp_path / "piped").write_bytes(piped)
    with (tmp_path / "piped").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(SourceError):
            open_archive(
                [place.replace("missing", str(tmp_path / "a")) for place in places], keep=True
            )
    assert list(copies.iterdir()) == []


def interrupt_the_copying(folder: Path) -> None:
    while not any(copy.stat().st_size for copy in folder.iterdir()):
        pass
    signal.raise_signal(signal.SIGINT)


def test_nor_when_the_reader_waits_no_longer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copies = folder_of_copies(tmp_path, monkeypatch)
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "wb") as piped:
        piped.write(b"".join(V1) * 5)
        piped.flush()
        monkeypatch.setattr("sys.stdin", stdin)
        threading.Thread(target=interrupt_the_copying, args=(copies,)).start()
        with pytest.raises(KeyboardInterrupt):
            open_archive(["-"], keep=True)
    assert list(copies.iterdir()) == []


def test_a_closed_log_is_not_opened_again_by_a_late_question(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", V1)
    source = read_whole(open_archive([str(path)], keep=True))
    source.close()

    page = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=3)

    assert page.rows["raw"].to_list() == [None, None, None]
    assert page.rows["seq"].to_list() == [0, 1, 2]
