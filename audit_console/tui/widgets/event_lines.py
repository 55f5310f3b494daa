"""What the detail pane says of one event, as lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from audit_console.core.codec import Malformed, decode_line
from audit_console.core.details import plain_decimal
from audit_console.core.event import GENESIS_HASH, UNCOVERED_FIELDS, AuditEvent, Scheme
from audit_console.core.filters import Field, FieldName
from audit_console.core.findings import Code
from audit_console.core.hashing import check_hash
from audit_console.core.matching import Marks
from audit_console.core.narrowing import Value
from audit_console.core.query.fields import field_text
from audit_console.core.safe_text import safe_text
from audit_console.core.wording import count
from audit_console.tui.locating import Neighbours
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets import json_tree
from audit_console.tui.widgets.event_columns import FIELDS, EventRow
from audit_console.tui.widgets.finding_lines import event_line
from audit_console.tui.wording import MISSING, RESULTS, number

LABEL_WIDTH = 14
RAW_LIMIT = 8_000


class Known(NamedTuple):
    """What is known of an event beside its line: what was noted on it, and what the check found.

    `missing` is the code by which the event before it is missing, `beside` are the events on both
    sides of it, None while they are looked for.
    """

    marks: Marks = Marks()
    missing: Code | None = None
    beside: Neighbours | None = None


NOTHING_KNOWN = Known()


class DetailLine(NamedTuple):
    """A line of the pane.

    Attributes:
        line: what is drawn.
        value: what `copy` takes from it, the log's own text; None on headings.
        fold: the path of the foldable part that it heads, None without one.
        folded: whether that part is folded.
        values: what can be filtered by; of a resource its two fields.
        path: the path of details that it is of, whether or not it has a value.
        event_id: the event that it names, beside the one of the pane.
    """

    line: Line
    value: str | None = None
    fold: json_tree.Path | None = None
    folded: bool = False
    values: tuple[Value, ...] = ()
    path: Field | None = None
    event_id: str | None = None

    @property
    def field_name(self) -> str:
        """The field or path that it is of, as a query names it; empty without one."""
        field = self.values[0].field if self.values else self.path
        return "" if field is None else field_text(field)


def detail_lines(
    row: EventRow,
    file_name: str,
    width: int,
    toggled: frozenset[json_tree.Path],
    known: Known = NOTHING_KNOWN,
) -> list[DetailLine]:
    """Say everything about an event.

    Args:
        row: the event's row of a page.
        file_name: the file that holds it.
        width: cells of a line.
        toggled: parts of the details that are not in their first state.
        known: what is known of it beside its line.
    """
    noted = list(_marks(known.marks, width))
    place = list(_place(row, file_name, width))
    if row["raw"] is None:
        gone = "the line is no longer there: the file was changed while it was open"
        return [*noted, *place, DetailLine((Span(f" {gone}", "bad"),))]
    event = decode_line(row["raw"])
    if isinstance(event, Malformed):
        reason = Span(f"this line is no longer an event: {event.reason}", "bad")
        return [*noted, *place, DetailLine((reason,)), *_raw(row["raw"], width)]
    lines = [*noted, *_fields(event, width)]
    lines += _details(event, width, toggled)
    lines += _integrity(event, row, width, known)
    return [*lines, *place, *_raw(row["raw"], width)]


def _heading(title: str) -> DetailLine:
    return DetailLine((Span(title, "heading"),))


def _labelled(
    label: str,
    value: str | None,
    width: int,
    role: str = "",
    *,
    values: tuple[Value, ...] = (),
) -> Iterator[DetailLine]:
    """Wrap a value beside its label; every line of it copies the whole value."""
    name = Span(f"{label:<{LABEL_WIDTH}}", "muted")
    if value is None:
        yield DetailLine((name, MISSING), "", values=values)
        return
    for index, part in enumerate(_wrapped(safe_text(value), width - LABEL_WIDTH - 1)):
        start = Span(" " * LABEL_WIDTH) if index else name
        yield DetailLine((start, Span(part, role)), value, values=values)


def _attribute(
    name: str, value: str | None, width: int, role: str = "", *, shown: str | None = None
) -> Iterator[DetailLine]:
    """Say an attribute of the event that can be filtered by."""
    values = (Value(FIELDS[name], value),)
    yield from _labelled(name, value if shown is None else shown, width, role, values=values)


def _wrapped(text: str, width: int) -> list[str]:
    return chop_cells(text, max(10, width)) or [""]


def _marks(marks: Marks, width: int) -> Iterator[DetailLine]:
    words = " ".join([*(["★"] if marks.star else []), *sorted(marks.tags)])
    if words:
        yield from _labelled("marked", words, width, "key")
    if marks.note is not None:
        yield from _labelled("note", marks.note, width, "key")


def _place(row: EventRow, file_name: str, width: int) -> Iterator[DetailLine]:
    if row["offset"] is None:
        return
    place = f"{file_name or 'line'}:{row['line']:,}"
    bytes_ = f"{count(row['length'], 'byte')} from byte {row['offset']:,} on"
    yield from _labelled("place", f"{place} · {bytes_}", width, "muted")


def _fields(event: AuditEvent, width: int) -> Iterator[DetailLine]:
    yield from _labelled("timestamp", event.timestamp, width)
    yield from _attribute("event_type", event.event_type, width)
    yield from _attribute("user_id", event.user_id, width, "name")
    yield from _attribute("action", event.action, width)
    resource = (
        Value(FIELDS["resource_type"], event.resource_type),
        Value(FIELDS["resource_id"], event.resource_id),
    )
    name = f"{event.resource_type}/{event.resource_id}"
    yield from _labelled("resource", name, width, values=resource)
    result = RESULTS.get(event.result, Span(event.result))
    yield from _attribute("result", event.result, width, result.role, shown=result.text)
    yield from _attribute("result_error", event.result_error, width)
    yield from _attribute("ip_address", event.ip_address, width)
    yield from _attribute("user_agent", event.user_agent, width)
    yield from _attribute("request_id", event.request_id, width)
    yield from _attribute("id", event.id, width)


def _details(
    event: AuditEvent, width: int, toggled: frozenset[json_tree.Path]
) -> Iterator[DetailLine]:
    if event.details is None:
        yield from _labelled("details", None, width)
        return
    value = json_tree.parse(event.details)
    text = "" if value else "{}"
    yield DetailLine((Span("details ", "heading"), Span(text)), event.details)
    for node in json_tree.nodes(value, toggled):
        yield from _node_lines(node, width)


def sign_place(path: json_tree.Path) -> int:
    """Give the cell on which it stands whether a part is folded."""
    return 2 * len(path)


def _node_lines(node: json_tree.JsonNode, width: int) -> Iterator[DetailLine]:
    mark = {None: " ", True: "▸", False: "▾"}[node.folded]
    key = safe_text(node.key, limit=120)
    head = f"{' ' * sign_place(node.path)}{mark} {key} "
    fold = None if node.folded is None else node.path
    copied = json_tree.as_text(node.value)
    path = _path(node)
    if node.folded is not None:
        line = (Span(head, "muted"), Span(node.text, "muted"))
        yield DetailLine(line, copied, fold, folded=node.folded, path=path)
        return
    values = () if path is None else (_details_value(path, node),)
    indent = cell_len(head)
    for index, part in enumerate(_wrapped(node.text, width - indent - 1)):
        start = Span(" " * indent) if index else Span(head, "muted")
        yield DetailLine((start, Span(part)), copied, values=values)


def _path(node: json_tree.JsonNode) -> Field | None:
    """Give the path of a part of details; elements of an array have that of the array."""
    keys = tuple(part for part in node.path if isinstance(part, str))
    return Field(FieldName.DETAILS, keys) if keys else None


def _details_value(path: Field, node: json_tree.JsonNode) -> Value:
    if node.value is None:
        return Value(path, None)
    text = json_tree.as_text(node.value)
    is_number = isinstance(node.value, str) and type(node.value) is not str
    return Value(path, (plain_decimal(text) if is_number else None) or text)


def _integrity(event: AuditEvent, row: EventRow, width: int, known: Known) -> Iterator[DetailLine]:
    missing = known.missing
    check = check_hash(event, row["raw"])
    hash_holds = check.computed is not None and check.computed == event.event_hash
    yield _heading("integrity")
    if event.seq is not None:
        yield from _attribute("chain", event.chain, width)
        yield from _attribute("seq", str(event.seq), width)
        yield from _labelled("recorded_at", event.recorded_at, width)
    yield from _worded("check", _check_words(row["check"], missing), width)
    if event.scheme is not Scheme.UNHASHED:
        yield from _labelled("event_hash", event.event_hash, width)
        yield from _worded("", _hash_words(check.computed, holds=hash_holds), width)
        yield from _labelled("previous_hash", event.previous_hash, width)
        words = _link_words(event, row["check"], missing, hash_holds=hash_holds)
        yield from _worded("", words, width)
        yield from _neighbours(event, known.beside, width)
    yield from _labelled("scheme", event.scheme.value, width)
    yield from _worded("not covered", _coverage_words(event.scheme), width)


def _worded(label: str, words: Span, width: int) -> Iterator[DetailLine]:
    yield from _labelled(label, words.text, width, words.role)


def _neighbours(event: AuditEvent, beside: Neighbours | None, width: int) -> Iterator[DetailLine]:
    """Show the events beside this one in its chain; their lines stand while they are looked for."""
    for label, step in (("event before", -1), ("event after", 1)):
        if beside is None:
            yield from _labelled(label, "…", width, "muted")
            continue
        row = beside.before if step < 0 else beside.behind
        name = f"{label:<{LABEL_WIDTH}}"
        if row is None:
            none = f"— {_no_neighbour(event, step)}"
            yield DetailLine((Span(name, "muted"), Span(none, "muted")), "")
        else:
            yield DetailLine(event_line(name, row, width), row["id"], event_id=row["id"])


def _no_neighbour(event: AuditEvent, step: int) -> str:
    begins = event.previous_hash in {None, GENESIS_HASH} if event.seq is None else event.seq == 0
    if step < 0 and begins:
        return "none: the chain begins here"
    return "none near in time" if event.seq is None else f"none with seq {number(event.seq + step)}"


def _check_words(check: str | None, missing: Code | None) -> Span:
    if check == "verified" and missing in {Code.GAP, Code.HEAD_MISSING}:
        return Span("✔ verified: the content holds; it links to an event that is missing", "warn")
    words = {
        "verified": Span("✔ verified: content and link hold", "ok"),
        "broken": Span("✘ broken: see the findings", "bad"),
    }
    return words.get(check or "", Span("· unverifiable: nothing to check it against", "muted"))


def _hash_words(computed: str | None, *, holds: bool) -> Span:
    if computed is None:
        return Span("· the content cannot be hashed again", "muted")
    if holds:
        return Span("✔ matches the content", "ok")
    return Span(f"✘ the content hashes to {computed}", "bad")


def _link_words(
    event: AuditEvent, check: str | None, missing: Code | None, *, hash_holds: bool
) -> Span:
    if missing in {Code.GAP, Code.HEAD_MISSING}:
        return Span("✘ the event before is missing: see the findings", "bad")
    if missing is not None and check == "verified":
        return Span("✔ matches the last of those that retention deleted", "ok")
    if event.previous_hash in {None, GENESIS_HASH} and check == "verified":
        return Span("✔ the chain begins here", "ok")
    if check == "verified":
        return Span("✔ matches the event before", "ok")
    if check == "broken" and hash_holds:
        return Span("✘ does not follow from the event before", "bad")
    return Span("· not known from this event alone", "muted")


def _coverage_words(scheme: Scheme) -> Span:
    uncovered = UNCOVERED_FIELDS[scheme]
    if not uncovered:
        return Span("nothing: the hash covers every field", "ok")
    return Span(f"{', '.join(uncovered)}: can be changed without a trace", "warn")


def _raw(raw: str, width: int) -> Iterator[DetailLine]:
    yield _heading("line as stored")
    for part in _wrapped(safe_text(raw, limit=RAW_LIMIT), width - 1):
        yield DetailLine((Span(part, "muted"),), raw)
