"""The SHA-256 of a file while it is read, on a thread of its own."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

WORTH_A_THREAD = 64 << 10
"""Bytes: to hash fewer takes less than to hand them over."""
BEHIND = 2
"""Pieces that may wait to be hashed, and are held in memory for it."""


class Digest:
    """Takes in the bytes of a file in their order; to be closed."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._worker = ThreadPoolExecutor(1)
        self._pending: deque[Future[None]] = deque()

    def update(self, data: bytes) -> None:
        """Take in the next bytes."""
        if len(data) < WORTH_A_THREAD:
            self._wait(0)
            self._sha256.update(data)
        else:
            self._wait(BEHIND)
            self._pending.append(self._worker.submit(self._sha256.update, data))

    def hexdigest(self) -> str:
        """Give the hash of all that was taken in, in lower-case hex."""
        self._wait(0)
        return self._sha256.hexdigest()

    def close(self) -> None:
        """Leave off."""
        self._worker.shutdown(cancel_futures=True)

    def _wait(self, left: int) -> None:
        while len(self._pending) > left:
            self._pending.popleft().result()
