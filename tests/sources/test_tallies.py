"""What an archive counts, against the reference; many threads ask at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from audit_console.core.event import AuditEvent
from audit_console.core.query import parse
from audit_console.core.timespan import Anchor
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Source
from tests.core.query.reading import event
from tests.sources.test_contract import small_blocks
from tests.support.chains import linked, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.reading import read_whole

FIELDS = (
    *("type", "user", "action", "rtype", "rid", "resource", "result", "error", "ip", "agent"),
    *("request", "id", "hash", "chain", "seq", "hour", "weekday", "details.a"),
)
NASTY = (
    *("", " ", "\x00", "a", "A", "ä", "a\u0308", "\u202e\u2066x", "\U0001f468\u200d\U0001f469"),
    *("a/b", "b", "/", "\n", '"', "\\", "null", "x" * 5_000, "\ufeff", "\ufffd", "ﬀ", "İ"),
)
WORDS = {
    "optional": ("user_id", "result_error", "ip_address", "user_agent", "request_id"),
    "always": ("event_type", "action", "resource_type", "resource_id"),
}


def _event(rng: Random, seq: int) -> AuditEvent:
    texts: dict[str, str | None] = {name: rng.choice(NASTY) for name in WORDS["always"]}
    texts |= {name: rng.choice((*NASTY, None)) for name in WORDS["optional"]}
    time = f"2026-11-{rng.randrange(1, 4):02}T{rng.randrange(24):02}:00:00.000000Z"
    details = rng.choice(['{"a":"x"}', '{"a":["x","y",{}]}', '{"b":1}', None])
    return event(id=f"event {seq}", seq=seq, timestamp=time, details=details, **texts)


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    rng = Random(7)
    events = linked(_event(rng, seq) for seq in range(1, 200))
    return v1_lines(events)


@pytest.fixture(scope="module")
def reference(lines: list[bytes]) -> Source:
    return read_whole(MemorySource(lines))


@pytest.fixture(scope="module")
def archive(lines: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    path = tmp_path_factory.mktemp("tallies") / "audit.jsonl"
    path.write_bytes(text_of(lines))
    with small_blocks():
        source = read_whole(open_archive([str(path)], keep=True))
    yield source
    source.close()


def tally(source: Source, text: str) -> pl.DataFrame:
    query = parse(text, Anchor(datetime(2026, 11, 30, tzinfo=UTC)))
    return source.tally(query.where, by=query.stages)


@UNMEASURED
@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("where", ["", "-result:failure", "seq:<9", "action:nobody"])
def test_an_archive_counts_as_the_reference_does(
    archive: Source, reference: Source, where: str, name: str
) -> None:
    for stage in (f"timeline 6h by {name}", f"count by {name}", f"count by user,{name}"):
        text = f"{where} | {stage}"
        assert_frame_equal(tally(archive, text), tally(reference, text))


def test_a_timeline_has_each_event_once(archive: Source) -> None:
    for name in FIELDS[:-1]:
        counts = tally(archive, f"| timeline 6h by {name}")
        assert counts["count"].sum() == archive.status.events
        assert not counts.select("time", name).is_duplicated().any()


@UNMEASURED
def test_threads_that_ask_at_once_get_the_same(archive: Source, reference: Source) -> None:
    texts = [f"seq:>{least} | timeline 6h by {name}" for least in range(5) for name in FIELDS]
    with ThreadPoolExecutor(8) as threads:
        counted = list(threads.map(lambda text: tally(archive, text), texts))
    for text, counts in zip(texts, counted, strict=True):
        assert_frame_equal(counts, tally(reference, text))
