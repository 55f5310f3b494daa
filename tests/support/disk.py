"""A disk that is full."""

from __future__ import annotations

import errno
import os

import pytest


def fill_disk(patched: pytest.MonkeyPatch) -> None:
    """Let no file find room, which shows where a file is made to last."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patched.setattr(os, "fsync", full)
