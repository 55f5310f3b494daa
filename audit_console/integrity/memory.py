"""What this console saw of each chain: the largest tree that it verified.

A log that no longer holds it was cut, rolled back or rewritten since. What cannot be
read is an error and never an empty memory, and nothing is forgotten but on request.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from audit_console.core.event import format_time, parse_time
from audit_console.core.findings import Verdict
from audit_console.core.merkle import HASH_BYTES, root_text
from audit_console.core.notes import strict_base64
from audit_console.core.safe_text import safe_text
from audit_console.core.vouchers import Remembered
from audit_console.errors import AuditConsoleError
from audit_console.integrity.verification import Verification
from audit_console.kept_file import KeptFile

FILE_NAME = "witness.json"


class WitnessMemory:
    """The remembered trees in one file of the user's state directory.

    Safe for several consoles at once: a change is made under a lock, to what is stored
    then, and the file is replaced as a whole.
    """

    def __init__(self, folder: Path) -> None:
        self._file = KeptFile(folder / FILE_NAME, "chains seen")

    def all(self) -> dict[str, Remembered]:
        """Give the remembered trees by chain.

        Raises:
            AuditConsoleError: the file is there and cannot be read.
        """
        return {one.chain: one for one in self._decode(self._file.entries())}

    def remember(self, seen: Iterable[Remembered]) -> None:
        """Keep trees that are larger than those that are kept already.

        Raises:
            AuditConsoleError: the file cannot be read or written; it is as before.
        """
        trees = list(seen)
        if not trees:
            return

        def merge(entries: list[Any]) -> list[Any]:
            kept = {one.chain: one for one in self._decode(entries)}
            for tree in trees:
                if tree.chain not in kept or kept[tree.chain].size < tree.size:
                    kept[tree.chain] = tree
            return [_encode(one) for one in kept.values()]

        self._file.change(merge)

    def witness(self, tree: Remembered, held_to: Remembered | None) -> None:
        """Keep a tree that is about to be cosigned, if it was held to what is remembered now.

        Args:
            tree: of the log.
            held_to: what was remembered of its chain when it was verified; None for nothing.

        Raises:
            AuditConsoleError: something else is remembered by now, or the file cannot be read
                or written; it is as before.
        """

        def merge(entries: list[Any]) -> list[Any]:
            kept = {one.chain: one for one in self._decode(entries)}
            if kept.get(tree.chain) != held_to:
                raise AuditConsoleError(
                    f"{safe_text(tree.chain)} is not cosigned: it was verified here by another run "
                    "meanwhile, so that this one was not held to it",
                    hint="run it again",
                )
            if held_to is None or held_to.size < tree.size:
                kept[tree.chain] = tree
            return [_encode(one) for one in kept.values()]

        self._file.change(merge)

    def take_in(self, verification: Verification, at: datetime) -> None:
        """Keep what a verification that read a whole log and found no fault saw.

        Raises:
            AuditConsoleError: the file cannot be read or written; it is as before.
        """
        if verification.verdict is not Verdict.FAIL and verification.status.complete:
            self.remember(
                Remembered(tree.chain, tree.size, tree.root, at) for tree in verification.trees
            )

    def forget(self, chain: str) -> bool:
        """Drop what is remembered of a chain; tell whether there was anything.

        Raises:
            AuditConsoleError: the file cannot be read or written; it is as before.
        """
        if chain not in self.all():
            return False
        self._file.change(
            lambda entries: [_encode(one) for one in self._decode(entries) if one.chain != chain]
        )
        return True

    def _decode(self, entries: list[Any]) -> list[Remembered]:
        try:
            if self._file.fault is None:
                return [_decode_one(entry) for entry in entries]
            reason = self._file.fault
        except (KeyError, TypeError, ValueError):
            reason = "not written by this program"
        raise AuditConsoleError(
            f"what this console remembers cannot be read: {reason}: {self._file.path}",
            hint="repair it from a backup; if you remove it, earlier cuts of a log go unnoticed",
        )


def _encode(one: Remembered) -> dict[str, object]:
    return {
        "chain": one.chain,
        "size": one.size,
        "root": root_text(one.root),
        "verified_at": format_time(one.verified_at),
    }


def _decode_one(entry: dict[str, Any]) -> Remembered:
    chain, root, size = entry["chain"], strict_base64(entry["root"]), entry["size"]
    if root is None or len(root) != HASH_BYTES or not isinstance(chain, str):
        raise ValueError("no tree head of a chain")
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise ValueError("no size of a tree")
    return Remembered(chain, size, root, parse_time(entry["verified_at"]))
