from __future__ import annotations

import json
import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.matching import MarkKey, Marks
from audit_console.errors import AuditConsoleError, UsageError
from audit_console.search.marks import (
    LONGEST_NOTE,
    LONGEST_TAG,
    MOST_TAGS,
    MarkStore,
    known_tags,
    read_tags,
)
from tests.support.disk import fill_disk
from tests.support.effort import examples

KEY = ("00000000-0000-4000-8000-000000000001", "ab" * 32)
OTHER = ("00000000-0000-4000-8000-000000000002", None)
STAR = Marks(star=True)
NOTED = Marks(star=True, tags=frozenset({"case-7", "höhe.1"}), note="first\nsecond \x1b[2J")

TAGS = st.from_regex(r"[a-zø0-9_.-]{1,8}", fullmatch=True)
MARKS = st.builds(
    Marks, st.booleans(), st.frozensets(TAGS, max_size=3), st.none() | st.text(max_size=20)
)
KEYS = st.tuples(st.sampled_from("abc"), st.sampled_from(["0" * 64, None]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "marks.jsonl"


def line(**fields: Any) -> bytes:
    plain = {"v": 1, "id": "a", "hash": None, "star": True, "tags": [], "note": None}
    return json.dumps(plain | fields).encode() + b"\n"


def test_what_is_noted_is_there_the_next_time(path: Path) -> None:
    store = MarkStore(path)
    store.change(KEY, NOTED)
    store.change(OTHER, STAR)

    assert store.marks == {KEY: NOTED, OTHER: STAR}
    assert MarkStore(path).marks == store.marks
    assert MarkStore(path).warning is None


def test_a_change_leaves_the_marks_that_were_taken_before(path: Path) -> None:
    store = MarkStore(path)
    before = store.marks
    store.change(KEY, STAR)

    assert before == {}
    assert store.marks is not before


def test_what_is_taken_away_is_gone(path: Path) -> None:
    store = MarkStore(path)
    store.change(KEY, NOTED)
    store.change(KEY, Marks())

    assert store.marks == {}
    assert MarkStore(path).marks == {}


@examples(100)
@given(st.lists(st.tuples(KEYS, MARKS), max_size=12))
def test_the_last_change_of_an_event_counts(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[MarkKey, Marks]]
) -> None:
    path = tmp_path_factory.mktemp("marks") / "marks.jsonl"
    store = MarkStore(path)
    for key, marks in changes:
        store.change(key, marks)

    expected = {key: marks for key, marks in dict(changes).items() if marks != Marks()}
    assert store.marks == expected
    assert MarkStore(path).marks == expected
    assert MarkStore(path).warning is None


def test_two_consoles_keep_what_the_other_noted(path: Path) -> None:
    mine, theirs = MarkStore(path), MarkStore(path)
    mine.change(KEY, STAR)
    theirs.change(OTHER, NOTED)

    assert theirs.marks == {KEY: STAR, OTHER: NOTED}
    assert mine.marks == {KEY: STAR}
    mine.refresh()
    assert mine.marks == theirs.marks


def test_two_consoles_note_on_one_event(path: Path) -> None:
    mine, theirs = MarkStore(path), MarkStore(path)
    mine.change(KEY, Marks(tags=frozenset({"old"}), note="seen"))
    theirs.refresh()
    mine.change(KEY, Marks(star=True, tags=frozenset({"old", "mine"}), note="seen"))
    theirs.change(KEY, Marks(tags=frozenset({"theirs"}), note="checked"))

    expected = Marks(star=True, tags=frozenset({"mine", "theirs"}), note="checked")
    assert theirs.marks == MarkStore(path).marks == {KEY: expected}


def test_many_at_once_lose_nothing(path: Path) -> None:
    def note(number: int) -> None:
        MarkStore(path).change((str(number), None), STAR)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(40)))

    store = MarkStore(path)
    assert {event_id for event_id, _ in store.marks} == {str(number) for number in range(40)}
    assert store.warning is None


def test_a_torn_line_costs_itself_alone(path: Path) -> None:
    store = MarkStore(path)
    store.change(KEY, NOTED)
    with path.open("ab") as file:
        file.write(line(id="torn")[:20])

    store = MarkStore(path)
    assert store.marks == {KEY: NOTED}
    assert store.warning == f"1 line is no marks and left out: {path}"
    store.change(OTHER, STAR)
    assert MarkStore(path).marks == {KEY: NOTED, OTHER: STAR}


@pytest.mark.parametrize(
    "bad",
    [
        b"{\n",
        b"[]\n",
        b"3\n",
        b"\xff\xfe\n",
        b"\x00\n",
        b"[" * 100_000 + b"\n",
        line(v=2),
        line(id=None),
        line(id=7),
        line(hash=0),
        line(star="yes"),
        line(star=None),
        line(tags="a"),
        line(tags=[1]),
        line(tags=[["a"]]),
        line(tags=["A"]),
        line(tags=["a b"]),
        line(tags=[""]),
        line(tags=["a" * (LONGEST_TAG + 1)]),
        line(note=False),
        line(note="x" * (LONGEST_NOTE + 1)),
        line(note="\ud800"),
        line(id="\udcff"),
    ],
)
def test_a_bad_line_is_counted_and_left_out(path: Path, bad: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(line(id="before") + bad + line(id="behind"))
    store = MarkStore(path)

    assert store.marks == {("before", None): STAR, ("behind", None): STAR}
    assert store.warning == f"1 line is no marks and left out: {path}"


def test_bad_lines_stay_in_the_file(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"{\n[\n")
    store = MarkStore(path)
    store.change(KEY, STAR)

    assert path.read_bytes().startswith(b"{\n[\n{")
    assert store.warning == f"2 lines are no marks and left out: {path}"


def test_a_file_that_cannot_be_read_is_a_warning(path: Path) -> None:
    path.mkdir(parents=True)
    store = MarkStore(path)

    assert store.marks == {}
    assert store.warning == f"marks cannot be read: Is a directory: {path}"
    with pytest.raises(AuditConsoleError, match="the mark is not kept: Is a directory"):
        store.change(KEY, STAR)


def test_a_file_that_was_replaced_is_read_anew(path: Path) -> None:
    store = MarkStore(path)
    store.change(KEY, STAR)
    path.with_name("new").write_bytes(line(id="new"))
    path.with_name("new").replace(path)
    store.refresh()
    assert store.marks == {("new", None): STAR}

    path.unlink()
    store.refresh()
    assert store.marks == {}


def test_a_full_disk_leaves_the_old_marks_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MarkStore(path)
    store.change(KEY, STAR)
    stored = path.read_bytes()

    fill_disk(monkeypatch)
    with pytest.raises(AuditConsoleError, match="No space left"):
        store.change(KEY, NOTED)

    assert path.read_bytes() == stored
    assert store.marks == {KEY: STAR}


def test_only_the_user_reads_the_marks(path: Path) -> None:
    MarkStore(path).change(KEY, STAR)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def tags(count: int) -> Iterable[str]:
    return (f"t{number}" for number in range(count))


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        (Marks(tags=frozenset({"a b"})), "not a tag: a b"),
        (Marks(tags=frozenset({"Case"})), "not a tag: Case"),
        (Marks(tags=frozenset({"a" * (LONGEST_TAG + 1)})), "the tag is too long"),
        (Marks(tags=frozenset(tags(MOST_TAGS + 1))), "too many tags"),
        (Marks(note="x" * (LONGEST_NOTE + 1)), "the note has 4,001 characters"),
    ],
)
def test_marks_beyond_the_limits_are_refused(path: Path, marks: Marks, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        MarkStore(path).change(KEY, marks)

    assert not path.exists()


def test_tags_of_two_consoles_that_are_too_many_together_are_refused(path: Path) -> None:
    mine, theirs = MarkStore(path), MarkStore(path)
    mine.change(KEY, Marks(tags=frozenset(tags(MOST_TAGS))))
    with pytest.raises(UsageError, match="too many tags"):
        theirs.change(KEY, Marks(tags=frozenset({"another"})))

    assert MarkStore(path).warning is None


def test_tags_are_read_as_they_are_typed() -> None:
    assert read_tags(" Case-7, exfil\tsvc_bkp  a.b ,") == {"case-7", "exfil", "svc_bkp", "a.b"}
    assert read_tags("") == frozenset()
    with pytest.raises(UsageError, match="not a tag: #x"):
        read_tags("#x")


def test_tags_in_use_are_known() -> None:
    marks = {KEY: NOTED, OTHER: Marks(tags=frozenset({"a", "case-7"}))}

    assert known_tags(marks) == ("a", "case-7", "höhe.1")
    assert known_tags({}) == ()
