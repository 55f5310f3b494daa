"""Lines are read back as the events that were read, and checked, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from audit_console.core.filters import EVERYTHING
from audit_console.errors import SourceChanged
from audit_console.search.printing import print_events
from audit_console.search.question import Question
from audit_console.sources.archive import ArchiveSource, open_archive
from tests.support.chains import orchestrator_chain, orchestrator_lines, v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.indexes import opened, page_of
from tests.support.places import text_of
from tests.support.reading import read_whole
from tests.support.tampers import Lines, Tamper, edited, replaced, respelled

AT = 5
EVENTS = v1_chain(12)
OTHER_HASH = "1" * 64


def _with(old: bytes, new: bytes) -> Tamper:
    return lambda lines: replaced(AT, lines[AT].replace(old, new))(lines)


V1 = v1_lines(EVENTS)
RESPELLED = respelled(AT)(V1)
BROKEN = edited(AT, user_id="nobody")(V1)
ORCHESTRATOR = orchestrator_lines(orchestrator_chain(12))
PREVIOUS = str(EVENTS[AT].previous_hash).encode()
OWN = str(EVENTS[AT].event_hash).encode()

CHANGES: dict[str, tuple[Lines, Tamper]] = {
    "hashed anew": (V1, edited(AT, rehash=True, user_id="user-6")),
    "not hashed anew": (V1, edited(AT, user_id="user-6")),
    "link": (V1, _with(PREVIOUS, OTHER_HASH.encode())),
    "own hash": (V1, _with(OWN, OTHER_HASH.encode())),
    "another event": (V1, lambda lines: replaced(AT, lines[AT + 1])(lines)),
    "no event": (V1, _with(b'"result":"', b'"result":""')),
    "no text": (V1, _with(b"user-5", b"user-\xff")),
    "respelled": (RESPELLED, _with(b"user-5", b"user-6")),
    "link of a respelled one": (RESPELLED, _with(PREVIOUS, OTHER_HASH.encode())),
    "broken": (BROKEN, _with(b"nobody", b"nobodi")),
    "what the orchestrator hashes": (ORCHESTRATOR, _with(b"run 5", b"ran 5")),
    "digits that a column has no room for": (ORCHESTRATOR, _with(b"415731Z", b"415732Z")),
    "what it does not hash": (ORCHESTRATOR, _with(b"user-5", b"user-6")),
}


def _held(log: Path, _: Path) -> ArchiveSource:
    return open_archive([str(log)], keep=True)


@UNMEASURED
@pytest.mark.parametrize("open_log", [_held, opened], ids=["held", "indexed"])
@pytest.mark.parametrize(("lines", "tamper"), CHANGES.values(), ids=CHANGES)
def test_a_line_that_changed_is_none_of_what_was_read(
    tmp_path: Path, lines: Lines, tamper: Tamper, open_log: Callable[[Path, Path], ArchiveSource]
) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(text_of(lines))
    with closing(open_log(log, tmp_path / "index")) as source:
        read_whole(source)
        as_read = page_of(source).rows.sort("line")
        assert as_read["raw"].to_list() == [line.decode() for line in lines]
        changed = tamper(lines)
        assert changed != lines
        log.write_bytes(text_of(changed))
        now = page_of(source).rows.sort("line")
        assert now.drop("raw").equals(as_read.drop("raw"))
        assert now["raw"][AT] is None
        assert now["raw"][:AT].equals(as_read["raw"][:AT])
        for form in ("jsonl", "parquet"):
            with pytest.raises(SourceChanged):
                list(print_events(Question(source, EVERYTHING), (), form))
