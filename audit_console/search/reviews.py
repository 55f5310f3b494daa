"""The standing reviews: queries that are run every day or month, and what is then too much.

Each is a query as it is typed, so that it can be read, changed and kept. Times count from
the last event of the log, because an archive may have ended long ago and from the clock
nothing would be found in it; in a live log that is now.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the screens list reviews before Polars is there
    import polars as pl


class Side(StrEnum):
    """On which side of a threshold a number calls for attention."""

    ABOVE = "above"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Numbers of a column of the result that call for attention."""

    column: str
    side: Side
    number: int

    def marks(self, value: object) -> bool:
        """Tell whether a value of the column calls for attention."""
        if not isinstance(value, int):
            return False
        return value > self.number if self.side is Side.ABOVE else value <= self.number

    def __str__(self) -> str:
        return f"{self.column} {self.side} {self.number:,}"


@dataclass(frozen=True, slots=True)
class Review:
    """A query that is asked again and again.

    Attributes:
        name: one word by which it is kept and called.
        title: what it is about, in a few words.
        text: the query.
        sentence: what the result shows, and what to do with it.
        threshold: which rows call for attention; None where a person decides.
    """

    name: str
    title: str
    text: str
    sentence: str
    threshold: Threshold | None = None


REVIEWS = (
    Review(
        "failed-logins",
        "Failed logins of the last 24 h by address",
        "type:authentication result:failure since:end-24h | count by ip | sort count desc",
        "More than 10 from one address is guessing, or a program with an old password.",
        Threshold("count", Side.ABOVE, 10),
    ),
    Review(
        "denied",
        "Denied permissions by user and day",
        "type:authorization result:failure since:end-30d | timeline 1d by user | sort count desc",
        "More than 5 on one day is somebody trying doors, or a role that lacks a right.",
        Threshold("count", Side.ABOVE, 5),
    ),
    Review(
        "addresses",
        "Users seen from many addresses in 7 days",
        "user:* ip:* since:end-7d | count by user,ip | count by user | sort count desc",
        "Different addresses are counted: more than 5 may be an account that is shared.",
        Threshold("count", Side.ABOVE, 5),
    ),
    Review(
        "configuration",
        "Configuration changes of the last 30 days",
        "type:config_change since:end-30d",
        "Every change that was made or tried. Compare them with what was asked for.",
    ),
    Review(
        "executed",
        "Everything that a user executed",
        "type:(workflow_execution OR step_execution) user:* | count by user | sort count desc",
        "Workflows and steps by user; Enter on a row gives the events of that user.",
    ),
    Review(
        "silence",
        "Hours without any event",
        "| timeline 1h | sort count",
        "An hour of nothing, first in the list, is an outage, or events were not kept.",
        Threshold("count", Side.AT_MOST, 0),
    ),
    Review(
        "monthly",
        "Monthly count sheet",
        "| timeline 1mo by type",
        "Events of each type in each month, for the file.",
    ),
)


def over_threshold(review: Review, rows: pl.DataFrame) -> tuple[int, ...]:
    """Give the numbers of the rows that call for attention, in order, counting from 0.

    None do where the query was changed so that the column is gone.
    """
    threshold = review.threshold
    if threshold is None or threshold.column not in rows.columns:
        return ()
    values = rows[threshold.column]
    return tuple(number for number, value in enumerate(values) if threshold.marks(value))
