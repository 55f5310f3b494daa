"""The selected events: their lines as they are stored, and where in the log they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from audit_console.core.codec import EVENT_HASH_TAIL
from audit_console.core.event import Scheme
from audit_console.core.hashing import leaf_hash
from audit_console.errors import SourceChanged
from audit_console.search.question import Question

_ALTERED = "the content differs from the hash that the event carries"
_RESPELLED = "the line is not spelled as it was when it was hashed"
_TAKEN = "another event claims the same place"

_KEPT = ("file", "line", "scheme", "chain", "seq", "check", "timestamp")


@dataclass(slots=True)
class SelectedEvents:
    """The events of a question in the order of the log, collected while their lines are packed.

    What it holds grows with the selected events, by some 150 bytes for each.
    """

    question: Question
    _frames: list[pl.DataFrame] = field(default_factory=list)

    def lines(self) -> Iterator[bytes]:
        """Give the original lines, byte for byte, with a newline behind each.

        Raises:
            SourceChanged: a line is no longer what was read.
        """
        for rows in self.question.in_log_order():
            hashes = []
            for raw, scheme in rows.select("raw", "scheme").iter_rows():
                if raw is None:
                    raise SourceChanged("the log changed while it was packed", hint="Try again")
                line = raw.encode()
                hashes.append(_leaf_hash(line, scheme))
                yield line + b"\n"
            leaves = pl.Series("leaf_hash", hashes, pl.String)
            self._frames.append(rows.select(*_KEPT, _stored_hash(), leaves))

    def events(self) -> pl.DataFrame:
        """Give one row for each event, in the order of `lines`.

        `leaf_hash` is the Merkle leaf that the line makes; `why_not` says why it cannot be
        proven, null where it may be.
        """
        events = pl.concat(self._frames)
        is_v1 = pl.col("scheme") == Scheme.V1
        differs = pl.col("event_hash") != pl.col("leaf_hash")
        reason = (
            pl.when(is_v1 & differs & (pl.col("check") == "verified"))
            .then(pl.lit(_RESPELLED))
            .when(is_v1 & differs)
            .then(pl.lit(_ALTERED))
        )
        events = events.with_columns(why_not=reason)
        again = is_v1 & (pl.int_range(pl.len()).over("chain", "seq", "why_not") > 0)
        unexplained = pl.col("why_not").is_null()
        return events.with_columns(
            why_not=pl.when(unexplained & again).then(pl.lit(_TAKEN)).otherwise("why_not")
        )


def _stored_hash() -> pl.Expr:
    return pl.col("event_hash").fill_null("")


def _leaf_hash(line: bytes, scheme: str) -> str:
    return leaf_hash(line[:-EVENT_HASH_TAIL] if scheme == Scheme.V1 else line)
