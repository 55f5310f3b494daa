"""The line expression prints what the encoder prints."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from audit_console.columns.frame import Location, event_row, events_frame
from audit_console.columns.line import orchestrator_line, quoted, v1_entry, v1_line
from audit_console.core.codec import V1_KEYS, decode_line, encode_line
from audit_console.core.event import AuditEvent
from audit_console.core.hashing import event_hash
from tests.support.chains import orchestrator_chain, orchestrator_lines
from tests.support.effort import UNMEASURED, examples
from tests.support.strategies import MAYBE, TEXT, v1_events

NOWHERE = Location(0, 1, 0, 0)
TEXTS = ("chain", "id", "event_type", "user_id", "action", "result", "request_id", "event_hash")


def v1_wire(events: pl.DataFrame) -> pl.DataFrame:
    """Turn v1 events into the columns that their lines are cut into."""
    return events.select(
        pl.lit("1").alias("v"),
        *(pl.col(key) for key in V1_KEYS[1:] if key not in ("recorded_at", "timestamp", "result")),
        pl.col("recorded_at", "timestamp").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        quoted(pl.col("result").cast(pl.String)).alias("result"),
    )


def _needs_escapes(texts: pl.Series) -> bool:
    return any(text is None or json.dumps(text) != f'"{text}"' for text in texts)


@examples(60)
@given(st.lists(v1_events(), min_size=20, max_size=20))
def test_v1_lines_equal_the_encoder_byte_for_byte_and_read_back(events: list[AuditEvent]) -> None:
    lines = [encode_line(event) for event in events]
    frame = events_frame(
        event_row(event, line, NOWHERE) for event, line in zip(events, lines, strict=True)
    )
    printed = v1_wire(frame).select(v1_line(v1_entry())).to_series().to_list()
    assert printed == lines
    plain = {name for name in TEXTS if not _needs_escapes(frame[name])}
    wire = v1_wire(frame)
    if "result" in plain:
        wire = wire.with_columns(frame["result"].cast(pl.String))
    assert wire.select(v1_line(v1_entry(plain))).to_series().to_list() == lines
    assert [decode_line(line) for line in printed] == events
    assert frame["computed_hash"].to_list() == [event_hash(event) for event in events]
    assert frame["canonical"].all()


@examples(100)
@given(st.lists(TEXT, min_size=1, max_size=20))
def test_strings_are_quoted_as_the_format_says(texts: list[str]) -> None:
    printed = pl.DataFrame({"text": texts}).select(quoted(pl.col("text"))).to_series().to_list()
    assert printed == [json.dumps(text, ensure_ascii=False) for text in texts]


@UNMEASURED
def test_every_character_is_quoted_as_the_format_says() -> None:
    texts = [chr(code) for code in range(0x11_0000) if not 0xD800 <= code < 0xE000]
    printed = pl.DataFrame({"text": texts}).select(quoted(pl.col("text"))).to_series().to_list()
    assert printed == [json.dumps(text, ensure_ascii=False) for text in texts]


@examples(60)
@given(
    st.lists(
        st.tuples(TEXT, MAYBE, st.none() | st.just('{"a":[1.0]}'), st.none() | TEXT), min_size=1
    )
)
def test_the_orchestrators_lines_are_printed_as_it_does(
    values: list[tuple[str, str | None, str | None, str | None]],
) -> None:
    entries = [
        entry
        | {
            "action": action,
            "user_id": user,
            "details": details and json.loads(details),
            "result": {"Failure": failure} if failure is not None else "Success",
        }
        for entry, (action, user, details, failure) in zip(
            orchestrator_chain(len(values)), values, strict=True
        )
    ]
    wire = pl.DataFrame(
        [
            {
                key: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
                if key == "result" or (key == "details" and value is not None)
                else value
                for key, value in entry.items()
            }
            for entry in entries
        ],
        schema=dict.fromkeys(entries[0], pl.String),
    )
    printed = wire.select(orchestrator_line()).to_series().to_list()
    assert printed == [line.decode() for line in orchestrator_lines(entries)]
