"""The stars, tags and notes of the user, for commands that ask a log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from audit_console.cli.talk import PROGRAM, say

if TYPE_CHECKING:  # the query language comes with it, and `--help` must answer at once
    from audit_console.core.matching import MarkKey, Marks


def user_marks() -> Mapping[MarkKey, Marks]:
    """Read the marks that the user made on the screen; what cannot be read is said."""
    from platformdirs import user_data_path

    from audit_console.search.marks import FILE_NAME, MarkStore

    store = MarkStore(user_data_path(PROGRAM) / FILE_NAME)
    if store.warning is not None:
        say(store.warning)
    return store.marks
