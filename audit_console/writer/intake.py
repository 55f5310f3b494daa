"""What an application says of an event becomes an event that every store can keep.

Texts lose what neither UTF-8 nor PostgreSQL can store (U+0000 and lone surrogates become
U+FFFD). Everything else that cannot be kept as it is gets refused, by the name of the field.
"""

from __future__ import annotations

import ipaddress
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from inspect import signature
from typing import Any, NotRequired, TypedDict

from audit_console.core.codec import MAX_ENTRY_BYTES, canonical_details
from audit_console.core.entry import encode_content
from audit_console.core.event import RESULTS, format_time
from audit_console.core.json_object import MAX_DEPTH, quote, storable, storable_json
from audit_console.core.safe_text import safe_text
from audit_console.core.sealing import Unsealed, too_large
from audit_console.errors import EventRefused
from audit_console.writer.context import Said, in_context

_ADDRESSES = (str, ipaddress.IPv4Address, ipaddress.IPv6Address)
_TEXTS = (
    ("event_type", str),
    ("action", str),
    ("resource_type", str),
    ("resource_id", str),
    ("user_id", str | None),
    ("result_error", str | None),
    ("user_agent", str | None),
    ("request_id", str | None),
)
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


class Circumstances(TypedDict, total=False):
    """What may be said of any event.

    `timestamp` is when it happened, aware of its zone; without it, when it is recorded.
    `details` is structured data: what JSON can hold, nested up to 63 levels.
    """

    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    details: Mapping[str, object] | None
    timestamp: datetime | None


class EventFields(Circumstances):
    """All that an application may say of an event.

    `result` is `success`, `failure` or `partial_success`; `result_error` is the message of
    a failure. Types that format v1 does not name are kept as they are.
    """

    event_type: str
    action: str
    resource_type: str
    resource_id: str
    user_id: NotRequired[str | None]
    result: NotRequired[str]
    result_error: NotRequired[str | None]


def event_of(said: EventFields, method: str) -> Unsealed:
    """Make an event of what a call says, and the blocks around it.

    Args:
        said: the keywords of the call.
        method: that was called.

    Raises:
        TypeError: a keyword is wrong or missing; it names the method.
        EventRefused: a value cannot be stored; the message names it.
    """
    return _event(new_id(), said, method)


def events_of(many: Iterable[EventFields], method: str) -> list[Unsealed]:
    """Make many events as `event_of` does, each when it is said."""
    return [_event(event_id, said, method) for said, event_id in zip(many, new_ids(), strict=False)]


def _event(event_id: str, said: EventFields, method: str) -> Unsealed:
    fields = in_context(said)
    try:
        return _take_in(event_id, **fields)
    except TypeError:
        _require_keywords(fields, method)
        _require_texts(fields)
        raise


def _require_keywords(fields: Said, method: str) -> None:
    try:
        signature(_take_in).bind("", **fields)
    except TypeError as error:
        raise TypeError(f"{method}(): {error}") from None


def _require_texts(fields: Said) -> None:
    for name, kind in _TEXTS:
        text = fields.get(name)
        if not isinstance(text, kind):
            raise _refused(name, f"is of type {type(text).__name__}, not text")


def _take_in(  # noqa: PLR0913 - the fields of an event
    event_id: str,
    /,
    *,
    event_type: str,
    action: str,
    resource_type: str,
    resource_id: str,
    user_id: str | None = None,
    result: str = "success",
    result_error: str | None = None,
    details: Mapping[str, object] | None = None,
    ip_address: str | None = None,
    user_agent: str | None = None,
    request_id: str | None = None,
    timestamp: datetime | None = None,
) -> Unsealed:
    _require_result(result, result_error)
    moment = None if timestamp is None else time_text("timestamp", timestamp)
    content = encode_content(
        event_type=event_type,
        action=action,
        resource_type=resource_type,
        resource_id=resource_id,
        user_id=user_id,
        result=result,
        result_error=result_error,
        details=None if details is None else details_text(details),
        ip_address=None if ip_address is None else _address(ip_address),
        user_agent=user_agent,
        request_id=request_id,
    )
    content = storable_json(content)
    if len(content) > MAX_ENTRY_BYTES:
        raise too_large(len(content))
    return Unsealed(event_id, moment, content)


def new_id() -> str:
    """Make a random UUID (version 4) in half the time that `uuid.uuid4` takes."""
    return _uuid(os.urandom(16).hex())


def new_ids() -> Iterator[str]:
    """Make any number; to ask the system for each alone takes as long as to print it."""
    while True:
        digits = os.urandom(16 * 64).hex()
        for at in range(0, len(digits), 32):
            yield _uuid(digits[at : at + 32])


def _uuid(digits: str) -> str:
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}"
        f"-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"
    )


def time_text(name: str, moment: datetime) -> str:
    """Print a time of the caller: UTC, cut to microseconds.

    Raises:
        EventRefused: it does not know its zone, or leaves the years 1 to 9999 in UTC.
    """
    if not isinstance(moment, datetime):
        raise _refused(name, f"is of type {type(moment).__name__}, not a datetime")
    if moment.utcoffset() is None:
        raise _refused(name, "has no time zone", hint="use datetime.now(UTC), or attach a zone")
    try:
        return format_time(moment)
    except (OverflowError, ValueError):
        raise _refused(name, "is outside the years 1 to 9999 in UTC") from None


def details_text(details: Mapping[str, object]) -> str:
    """Print structured data as it is stored.

    Raises:
        EventRefused: a value in it is none of JSON, or it nests too deep.
    """
    at_once = _plain_details_text(details)
    if at_once is not None:
        return at_once
    require_object("details", details)
    try:
        return canonical_details(_object(details, "details", MAX_DEPTH - 1))
    except ValueError:
        raise _refused(
            "details", "holds an integer of more than 4,300 digits", hint="give it as text"
        ) from None


def require_object(name: str, members: object) -> None:
    """Refuse what is not structured data.

    Raises:
        EventRefused: it is no mapping.
    """
    if not isinstance(members, Mapping):
        raise _refused(name, f"is of type {type(members).__name__}, not a dict")


def _plain_details_text(details: Mapping[str, object]) -> str | None:
    """Print what needs no care at all, as most details do not; None for all else.

    It prints as `canonical_details` does, in half the time: `json` sets up a printer for each call.
    """
    if type(details) is not dict:
        return None
    try:
        text = _plain_object(details)
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    is_shallow = text.count("{") + text.count("[") < MAX_DEPTH
    return text if is_shallow and storable_json(text) == text else None


def _plain_object(members: dict[str, object]) -> str:
    printed = []
    for key in sorted(members):
        if type(key) is not str:
            raise TypeError("a key that is no plain text")
        value = members[key]
        printed.append(f"{quote(key)}:{_PLAIN[type(value)](value)}")
    return f"{{{','.join(printed)}}}"


def _plain_list(values: list[object]) -> str:
    return f"[{','.join([_PLAIN[type(value)](value) for value in values])}]"


def _finite(number: float) -> str:
    if not math.isfinite(number):
        raise ValueError("not JSON")
    return repr(number)


_PLAIN: dict[type, Callable[[Any], str]] = {
    str: quote,
    int: repr,
    bool: {True: "true", False: "false"}.__getitem__,
    float: _finite,
    type(None): lambda _: "null",
    dict: _plain_object,
    list: _plain_list,
}
"""How values of exactly these types are printed."""


def _require_result(result: str, result_error: str | None) -> None:
    if result not in RESULTS:
        shown = safe_text(str(result), limit=80)
        raise _refused("result", f"is {shown!r}, none of {', '.join(RESULTS)}")
    if result_error is not None and result != "failure":
        raise _refused("result_error", f"is the message of a failure, the result is {result}")


def _address(address: str) -> str:
    if not isinstance(address, _ADDRESSES):
        raise _refused("ip_address", f"is of type {type(address).__name__}, not text")
    return _known_address(str(address))


@lru_cache(maxsize=4096)
def _known_address(address: str) -> str:
    try:
        return _spelling(ipaddress.ip_address(address))
    except ValueError:
        shown = safe_text(address, limit=80)
        raise _refused(
            "ip_address", f"is no IPv4 or IPv6 address: {shown!r}", hint="leave out port and name"
        ) from None


def _spelling(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Spell an address in one way: Python 3.13 began to end `::ffff:a00:7` as IPv4 does."""
    if address.version == 4 or address.ipv4_mapped is None:
        return str(address)
    high, low = divmod(int(address.ipv4_mapped), 1 << 16)
    scope = "" if address.scope_id is None else f"%{address.scope_id}"
    return f"::ffff:{high:x}:{low:x}{scope}"


def _object(members: Mapping[str, object], where: str, depth: int) -> dict[str, object]:
    if not depth:
        raise _too_deep(where)
    plain = {}
    for key, value in members.items():
        if not isinstance(key, str):
            raise _refused(where, f"has a key of type {type(key).__name__}, not text")
        plain[_text(key)] = _value(value, where, key, depth)
    if len(plain) < len(members):
        raise _refused(where, "has keys that are one key when stored")
    return plain


def _value(value: object, where: str, key: str, depth: int) -> object:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            reason = f"is {value}, which is not JSON"
            raise _refused(f"{where}.{key}", reason, hint="give it as text")
        return value
    inside = f"{where}.{key}"
    if isinstance(value, Mapping):
        return _object(value, inside, depth - 1)
    if isinstance(value, list | tuple):
        if depth == 1:
            raise _too_deep(inside)
        return [_value(one, inside, str(place), depth - 1) for place, one in enumerate(value)]
    reason = f"is of type {type(value).__name__}, which is not JSON"
    raise _refused(inside, reason, hint="give it as text")


def _text(text: str) -> str:
    return storable(str.__str__(text))


def _too_deep(where: str) -> EventRefused:
    return _refused(where, f"is nested deeper than {MAX_DEPTH} levels")


def _refused(name: str, reason: str, *, hint: str = "") -> EventRefused:
    return EventRefused(f"{safe_text(name, limit=200)} {reason}", hint=hint)
