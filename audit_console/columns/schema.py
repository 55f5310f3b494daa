"""The columns that events travel in.

`LINE` locates a line: `file` is an index into the source's files, `line` counts
from 1 within the file, `offset` and `length` are bytes of the uncompressed text
without its newline. `BATCH` is the least that a source yields, `PAGE` what a screen gets.
"""

from __future__ import annotations

import polars as pl

from audit_console.core.event import RESULTS, Scheme
from audit_console.core.filters import CHECKS

TIME = pl.Datetime("us", "UTC")
SCHEME = pl.Enum([scheme.value for scheme in Scheme])
RESULT = pl.Enum(RESULTS)
CHECK = pl.Enum(CHECKS)

LINE: dict[str, pl.DataType | type[pl.DataType]] = {
    "file": pl.UInt32,
    "line": pl.UInt64,
    "offset": pl.UInt64,
    "length": pl.UInt32,
}

EVENT: dict[str, pl.DataType | type[pl.DataType]] = {
    "scheme": SCHEME,
    "chain": pl.Categorical,
    "seq": pl.Int64,
    "id": pl.String,
    "recorded_at": TIME,
    "timestamp": TIME,
    "event_type": pl.Categorical,
    "user_id": pl.String,
    "action": pl.String,
    "resource_type": pl.Categorical,
    "resource_id": pl.String,
    "result": RESULT,
    "result_error": pl.String,
    "details": pl.String,
    "ip_address": pl.String,
    "user_agent": pl.Categorical,
    "request_id": pl.String,
}

HASHES: dict[str, pl.DataType | type[pl.DataType]] = {
    "previous_hash": pl.String,
    "event_hash": pl.String,
    "computed_hash": pl.String,
}

CHECKED = LINE | EVENT | HASHES | {"line_hash": pl.String, "canonical": pl.Boolean}
"""Events and what their own lines tell. `computed_hash` is null where the scheme gives
nothing to compute, or what it covers was not kept; `line_hash` is the Merkle leaf of a line
that is none of v1, and null where there is no line; `canonical` is false for a v1 line in
another JSON spelling."""

_LOOKED_AT = {
    *("user_id", "resource_type", "resource_id", "result", "result_error"),
    *("ip_address", "user_agent", "request_id"),
}
JUDGED = {name: dtype for name, dtype in CHECKED.items() if name not in _LOOKED_AT}
"""What of `CHECKED` a verification asks for. The rest is for who looks at events."""

LINKS: dict[str, pl.DataType | type[pl.DataType]] = {
    "check": CHECK,
    "joined": pl.Boolean,
    "link_known": pl.Boolean,
    "link_taken": pl.Boolean,
}
"""What the predecessors of an event tell. `joined`: follows the event before
it in its chain, and nothing is wrong with or between the two. `link_known`: not joined,
but links to one of the `FORK_WINDOW` events before it; `link_taken`: where one of those does
too (the orchestrator's format only)."""

BATCH = JUDGED | LINKS
"""What every batch of a log has. One of a log whose events are kept has all of `CHECKED`."""

PAGE = LINE | EVENT | {"event_hash": pl.String, "check": CHECK, "raw": pl.String}
"""`raw` is the line as stored, read back from the log. A table holds no lines: there, `raw`
is built of the columns, `offset` is null, and `file` and `line` only order events of one time.
"""

COLUMNS_HELD = {name: dtype for name, dtype in PAGE.items() if name != "raw"}
"""What of `PAGE` is held of each event; its line is read when it is looked at."""

MALFORMED = LINE | {"length": pl.UInt64, "code": pl.String, "reason": pl.String, "start": pl.Binary}
"""`length` has room for a line of any size, `start` is the first 4096 bytes of it."""
