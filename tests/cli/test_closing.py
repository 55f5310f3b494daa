"""Logs that the screen opened: closed in the end, and not kept until then."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence

from audit_console.cli.screen import closing_all
from audit_console.sources.memory import MemorySource


class Log(MemorySource):
    closed = 0

    def close(self) -> None:
        Log.closed += 1


def open_log(_places: Sequence[str]) -> Log:
    return Log([])


def test_what_is_open_is_closed_in_the_end() -> None:
    Log.closed = 0
    with closing_all(open_log) as opener:
        kept = [opener(["first"]), opener(["second"])]
        assert Log.closed == 0
    assert Log.closed == len(kept)


def test_what_was_let_go_is_not_kept() -> None:
    with closing_all(open_log) as opener:
        gone = weakref.ref(opener(["first"]))
        gc.collect()
        assert gone() is None
