"""Between a line of text and an event: format v1 and the orchestrator's JSONL.

`decode_line` is the one reader of lines: faster ways to read many lines may take
over only those lines of which they can prove that they would say the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from audit_console.core.entry import encode_content, place_entry, quote_or_null
from audit_console.core.event import RESULTS, AuditEvent, Scheme, parse_time
from audit_console.core.findings import Code
from audit_console.core.json_object import (
    SURROGATE,
    Member,
    Number,
    Rejected,
    json_type,
    quote,
    read_members,
    shown_name,
)

MAX_LINE_BYTES = 1 << 20
MAX_ENTRY_BYTES = 65_535
MAX_SEQ = 2**63 - 1

CHAIN_NAME = re.compile("[a-z0-9._/-]{1,255}")  # of one alphabet: no name passes for another
HASH_LENGTH = 64
"""Characters of a hash, in hex."""
EVENT_HASH_TAIL = len(',"event_hash":""}') + HASH_LENGTH
"""Length of what follows the entry in a v1 line: the line ends with its own hash."""

V1_KEYS = (
    "v",
    "chain",
    "seq",
    "id",
    "recorded_at",
    "timestamp",
    "event_type",
    "user_id",
    "action",
    "resource_type",
    "resource_id",
    "result",
    "result_error",
    "details",
    "ip_address",
    "user_agent",
    "request_id",
    "previous_hash",
    "event_hash",
)
_KNOWN_KEYS = frozenset(V1_KEYS)
ORCHESTRATOR_EVENT_TYPES = {
    "Authentication": "authentication",
    "Authorization": "authorization",
    "WorkflowExecution": "workflow_execution",
    "WorkflowCreate": "workflow_create",
    "WorkflowUpdate": "workflow_update",
    "WorkflowDelete": "workflow_delete",
    "SecretAccess": "secret_access",
    "ConfigChange": "config_change",
    "ApiKeyCreate": "api_key_create",
    "ApiKeyRevoke": "api_key_revoke",
    "StepExecution": "step_execution",
    "SystemEvent": "system_event",
}
ORCHESTRATOR_RESOURCE_TYPES = {
    "Workflow": "workflow",
    "User": "user",
    "ApiKey": "api_key",
    "Secret": "secret",
    "Configuration": "configuration",
    "Step": "step",
    "System": "system",
}
ORCHESTRATOR_RESULTS = {"Success": "success", "PartialSuccess": "partial_success"}


@dataclass(frozen=True, slots=True)
class Malformed:
    """A text that is not what it should be, and why. `code` is MALFORMED or OVERSIZE."""

    reason: str
    code: Code = Code.MALFORMED


_DETAILS = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,  # what nests without end is a RecursionError soon enough
    separators=(",", ":"),
    sort_keys=True,
)


def canonical_details(details: Mapping[str, object]) -> str:
    """Print structured data by the writer's rule: compact, keys sorted by code point.

    Raises:
        ValueError: a value is NaN, infinite or not JSON.
        TypeError: a value is of no JSON type.
        RecursionError: it nests too deep.
    """
    return _DETAILS.encode(details)


def encode_entry(event: AuditEvent) -> str:
    """Print what the hash of a v1 event covers: its line up to the event hash."""
    content = encode_content(
        event_type=event.event_type,
        action=event.action,
        resource_type=event.resource_type,
        resource_id=event.resource_id,
        result=event.result,
        user_id=event.user_id,
        result_error=event.result_error,
        details=event.details,
        ip_address=event.ip_address,
        user_agent=event.user_agent,
        request_id=event.request_id,
    )
    return place_entry(
        content,
        chain=quote_or_null(event.chain),
        seq=event.seq,
        event_id=quote(event.id),
        recorded_at=quote_or_null(event.recorded_at),
        timestamp=quote(event.timestamp),
        previous_hash=quote_or_null(event.previous_hash),
    )


def encode_line(event: AuditEvent) -> str:
    """Print a v1 event in canonical form, without the newline."""
    return end_line(encode_entry(event), event.event_hash)


def end_line(entry: str, event_hash: str | None) -> str:
    """Print the line of an entry and its hash."""
    return f'{entry},"event_hash":{quote_or_null(event_hash)}}}'


def decode_bytes(raw: bytes) -> AuditEvent | Malformed:
    """Read one line as stored, without its newline."""
    if len(raw) > MAX_LINE_BYTES:
        return oversize_line(len(raw))
    try:
        return decode_line(raw.decode())
    except UnicodeDecodeError as error:
        return Malformed(f"invalid UTF-8 at byte {error.start + 1}")


def oversize_line(length: int) -> Malformed:
    """Say that a line of `length` bytes is over the limit."""
    return Malformed(f"line of {length:,} bytes, limit {MAX_LINE_BYTES:,}", Code.OVERSIZE)


def decode_line(text: str) -> AuditEvent | Malformed:
    """Read one line of either format; its content tells which."""
    try:
        return _event(_plain_members(text) or read_members(text), text)
    except Rejected as rejection:
        return Malformed(str(rejection), rejection.code)


def decode_content(content: str, event_id: str, timestamp: str) -> AuditEvent:
    """Read what `encode_content` printed, as an event that has no place in a chain."""
    members = read_members(f'{{"id":{quote(event_id)}{content}}}')
    return AuditEvent(
        scheme=Scheme.UNHASHED,
        timestamp=timestamp,
        event_type=_text(members, "event_type"),
        resource_type=_text(members, "resource_type"),
        result=_text(members, "result"),
        result_error=_optional_text(members, "result_error"),
        **_shared_fields(members),
    )


_PARTS: dict[str, str] = dict.fromkeys(V1_KEYS, r'null|"[^"\\\x00-\x1f]*"') | {
    "v": "1",
    "seq": "0|[1-9][0-9]*",
    "details": r"null|\{.*\}",
}
_PLAIN_LINE = re.compile("{" + ",".join(f'"{key}":({part})' for key, part in _PARTS.items()) + "}")


def _plain_members(text: str) -> dict[str, Member] | None:
    """Read a canonical line without escapes as `read_members` would; None if unsure."""
    match = _PLAIN_LINE.fullmatch(text)
    if match is None:
        return None
    parts = dict(zip(V1_KEYS, match.groups(), strict=True))
    members = {
        key: Member(None if part == "null" else part[1:-1], part) for key, part in parts.items()
    }
    for key in ("v", "seq"):
        members[key] = Member(Number(parts[key]), parts[key])
    if parts["details"] == "null":
        return members
    try:
        details = read_members(f'{{"details":{parts["details"]}}}')
    except Rejected as rejection:
        if rejection.code is Code.OVERSIZE:  # what nests too deep here does so in the line
            raise
        return None
    return members | details if len(details) == 1 else None  # else they only looked like details


def _event(members: dict[str, Member], text: str) -> AuditEvent:
    if "v" in members:
        return _v1_event(members, text)
    hashed = members.get("event_hash", _ABSENT).value is not None
    return _orchestrator_event(members, Scheme.ORCHESTRATOR if hashed else Scheme.UNHASHED)


def _v1_event(members: dict[str, Member], text: str) -> AuditEvent:
    if members["v"].text != "1":
        raise Rejected(f"format version {members['v'].text[:20]}: only version 1 is known")
    if members.keys() != _KNOWN_KEYS:
        raise Rejected(_key_difference(members))
    event = AuditEvent(
        scheme=Scheme.V1,
        chain=_chain(members),
        seq=_seq(members),
        recorded_at=_v1_time(members, "recorded_at"),
        timestamp=_v1_time(members, "timestamp"),
        event_type=_text(members, "event_type"),
        resource_type=_text(members, "resource_type"),
        result=_known_result(_text(members, "result")),
        result_error=_optional_text(members, "result_error"),
        previous_hash=_text(members, "previous_hash"),
        event_hash=_text(members, "event_hash"),
        **_shared_fields(members),
    )
    if _utf8_length(text) - EVENT_HASH_TAIL > MAX_ENTRY_BYTES:
        _require_entry(event)
    return event


def _require_entry(event: AuditEvent) -> None:
    """Refuse an event whose entry is too long; its line may be longer in another spelling."""
    if _utf8_length(encode_entry(event)) > MAX_ENTRY_BYTES:
        raise Rejected(f"entry over the limit of {MAX_ENTRY_BYTES:,} bytes", Code.OVERSIZE)


def _orchestrator_event(members: dict[str, Member], scheme: Scheme) -> AuditEvent:
    event_type = _text(members, "event_type")
    resource_type = _text(members, "resource_type")
    result, result_error = _orchestrator_result(members)
    return AuditEvent(
        scheme=scheme,
        timestamp=_time(members, "timestamp"),
        event_type=ORCHESTRATOR_EVENT_TYPES.get(event_type, event_type),
        resource_type=ORCHESTRATOR_RESOURCE_TYPES.get(resource_type, resource_type),
        result=result,
        result_error=result_error,
        previous_hash=_optional_text(members, "previous_hash"),
        event_hash=_optional_text(members, "event_hash"),
        **_shared_fields(members),
    )


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class _SharedFields(TypedDict):
    id: str
    action: str
    resource_id: str
    user_id: str | None
    details: str | None
    ip_address: str | None
    user_agent: str | None
    request_id: str | None


def _shared_fields(members: dict[str, Member]) -> _SharedFields:
    return {
        "id": _text(members, "id"),
        "action": _text(members, "action"),
        "resource_id": _text(members, "resource_id"),
        "user_id": _optional_text(members, "user_id"),
        "details": _details(members),
        "ip_address": _optional_text(members, "ip_address"),
        "user_agent": _optional_text(members, "user_agent"),
        "request_id": _optional_text(members, "request_id"),
    }


_ABSENT = Member(None, "")


def _optional_text(members: dict[str, Member], key: str) -> str | None:
    value = members.get(key, _ABSENT).value
    if value is None:
        return None
    if isinstance(value, Number) or not isinstance(value, str):
        raise Rejected(f"{key} is {json_type(value)}, not a string")
    if not value.isascii() and SURROGATE.search(value):
        raise Rejected(f"{key} holds a lone surrogate")
    return value


def _text(members: dict[str, Member], key: str) -> str:
    text = _optional_text(members, key)
    if text is None:
        raise Rejected(f"no {key}" if key not in members else f"{key} is null")
    return text


def _details(members: dict[str, Member]) -> str | None:
    member = members.get("details", _ABSENT)
    if member.value is None:
        return None
    if not isinstance(member.value, dict):
        raise Rejected(f"details is {json_type(member.value)}, not an object")
    if "\n" in member.text:  # what ends a line cannot stand in one, and would part it in a copy
        raise Rejected("details hold a line feed")
    return member.text


def is_details(text: str) -> bool:
    """Tell whether `text` could stand as the details of a line: a JSON object, or null."""
    try:
        members = read_members(f'{{"details":{text}}}')
        return members.keys() == {"details"} and _details(members) in (text, None)
    except Rejected:
        return False


def _chain(members: dict[str, Member]) -> str:
    name = _text(members, "chain")
    if not CHAIN_NAME.fullmatch(name):
        raise Rejected("chain is not 1 to 255 of a-z 0-9 . _ / -")
    return name


_SEQ = re.compile(r"0|[1-9][0-9]*")


def _seq(members: dict[str, Member]) -> int:
    member = members["seq"]
    if not isinstance(member.value, Number) or not _SEQ.fullmatch(member.text):
        raise Rejected("seq is not a whole number from 0 on")
    if len(member.text) > len(str(MAX_SEQ)) or int(member.text) > MAX_SEQ:
        raise Rejected("seq is over the limit of 2^63", Code.OVERSIZE)
    return int(member.text)


def _time(members: dict[str, Member], key: str) -> str:
    text = _text(members, key)
    try:
        parse_time(text)
    except ValueError:
        raise Rejected(f"{key} is not a time in UTC") from None
    return text


def _v1_time(members: dict[str, Member], key: str) -> str:
    text = _time(members, key)
    if len(text) != len("2026-11-23T03:51:42.166415Z") or not text.endswith("Z"):
        raise Rejected(f"{key} has not exactly six fractional digits")
    return text


def _known_result(result: str) -> str:
    if result not in RESULTS:
        raise Rejected("result is none of " + ", ".join(RESULTS))
    return result


def _orchestrator_result(members: dict[str, Member]) -> tuple[str, str | None]:
    value = members.get("result", _ABSENT).value
    if isinstance(value, dict):
        error = value.get("Failure")
        if len(value) != 1 or isinstance(error, Number) or not isinstance(error, str):
            raise Rejected('result is an object other than {"Failure":"message"}')
        return "failure", _optional_text({"result": Member(error, "")}, "result")
    result = _text(members, "result")
    return _known_result(ORCHESTRATOR_RESULTS.get(result, result)), _optional_text(
        members, "result_error"
    )


def _key_difference(members: dict[str, Member]) -> str:
    missing = [key for key in V1_KEYS if key not in members]
    if missing:
        return "no " + ", ".join(missing)
    unknown = next(key for key in members if key not in V1_KEYS)
    return f"unknown field {shown_name(unknown)}"
