"""From the events of one chain to a few counted stretches of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from audit_console.columns.sound import SoundRun, moment
from audit_console.core.codec import MAX_SEQ
from audit_console.core.event import Scheme


class Stretch(NamedTuple):
    """Events whose places lie in one stretch of a chain.

    `key` times the width of a stretch is where it begins; `first` and `last` are places of
    events. `start` and `end` bound `timestamp`. `broken_id` is the first broken event's.
    """

    key: int
    first: int
    last: int
    events: int
    broken: int
    unverifiable: int
    start: datetime
    end: datetime
    event_id: str
    broken_id: str | None


def places(events: pl.DataFrame, behind: int) -> pl.Series:
    """Give each event its place in its chain.

    In format v1 the place is the seq. An event that fails its own hash is believed about
    it only where it goes on from the event before; else it is put behind that one.
    Elsewhere events are numbered as they come.

    Args:
        events: the next `columns.schema.BATCH` events of one chain.
        behind: place of the event before them, -1 at the start.
    """
    if events["scheme"][0] != Scheme.V1:
        return pl.int_range(behind + 1, behind + 1 + events.height, eager=True).alias("place")
    if not (events["check"] == "broken").any():
        return events["seq"].alias("place")
    before = pl.col("seq").shift(1, fill_value=behind)
    believed = (pl.col("event_hash") == pl.col("computed_hash")) | (pl.col("seq") == before + 1)
    known = pl.when(believed).then(pl.col("seq")).forward_fill().fill_null(behind)
    place = pl.when(believed).then(known).otherwise(known.clip(upper_bound=MAX_SEQ - 1) + 1)
    return events.select(place=place).to_series()


def width_for(place: pl.Series, width: int, most: int) -> int:
    """Double a width until the places lie in at most `most` stretches."""
    while (place // width).n_unique() > most:
        width *= 2
    return width


def width_for_run(run: SoundRun, width: int, most: int) -> int:
    """Double a width until a run lies in at most `most` stretches."""
    while run.last_seq // width - run.first_seq // width >= most:
        width *= 2
    return width


def stretches_of_run(run: SoundRun, width: int) -> Iterator[Stretch]:
    """Count the events of a run by stretches of `width` places, in order."""
    first_key = run.first_seq // width
    inside = np.arange(width - run.first_seq % width, run.events, width)
    begins = np.append(0, inside)
    starts = np.minimum.reduceat(run.timestamps, begins)
    ends = np.maximum.reduceat(run.timestamps, begins)
    behind = [*inside.tolist(), run.events]
    for index, (begin, end) in enumerate(zip(begins.tolist(), behind, strict=True)):
        yield Stretch(
            key=first_key + index,
            first=run.first_seq + begin,
            last=run.first_seq + end - 1,
            events=end - begin,
            broken=0,
            unverifiable=0,
            start=moment(starts[index]),
            end=moment(ends[index]),
            event_id=run.event_id(begin),
            broken_id=None,
        )


def stretches(events: pl.DataFrame, place: pl.Series, width: int) -> Iterator[Stretch]:
    """Count the events of one chain by stretches of `width` places, in no order."""
    broken = pl.col("check") == "broken"
    counted = (
        events.select("check", "timestamp", "id", place=place)
        .group_by(key=pl.col("place") // width)
        .agg(
            pl.col("place").min().alias("first"),
            pl.col("place").max().alias("last"),
            pl.len().alias("events"),
            broken.sum().alias("broken"),
            (pl.col("check") == "unverifiable").sum().alias("unverifiable"),
            pl.col("timestamp").min().alias("start"),
            pl.col("timestamp").max().alias("end"),
            pl.col("id").first().alias("event_id"),
            pl.col("id").filter(broken).first().alias("broken_id"),
        )
    )
    return (Stretch(*row) for row in counted.iter_rows())
