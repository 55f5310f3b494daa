"""Values inside `details` by their path.

A path is a sequence of keys. An array on the way, or at its end, stands for its elements
(one level: an array inside an array stays one value). `null` is as good as missing. The
text of a value is a string itself (U+FFFD for half a surrogate pair), `true` or `false`,
or a number in plain decimal notation (`1.0e3` is `1000`); objects and arrays are there,
but have no text, and so has a number of more than `MAX_DIGITS` characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from audit_console.core.json_object import SURROGATE, Number

MAX_DIGITS = 400

NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
"""Text that is a number, or a string that reads as one."""

_SPELLING = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_EXPONENT = re.compile(r"[eE][+-]?0*[1-9][0-9]{3}")


def texts_at(details: str | None, path: tuple[str, ...]) -> tuple[str | None, ...]:
    """Give the text of each value at `path`; None for a value that has none."""
    return tuple(_text(value) for value in _values_at(details, path))


def plain_decimal(spelling: str) -> str | None:
    """Write a number without an exponent; None for no number, or one that is too long."""
    if len(spelling) > MAX_DIGITS or not _SPELLING.fullmatch(spelling):
        return None
    if _EXPONENT.search(spelling):
        return None
    number = Decimal(spelling)
    if number.adjusted() > MAX_DIGITS or number.adjusted() < -MAX_DIGITS:
        return None
    plain = format(number or number.copy_abs(), "f")
    return plain if len(plain) <= MAX_DIGITS else None


def number_in(text: str) -> Decimal | None:
    """Read the text of a value as a number; None if it is none."""
    if len(text) > MAX_DIGITS or NUMBER.fullmatch(text) is None:
        return None
    return Decimal(text)


def _values_at(details: str | None, path: tuple[str, ...]) -> Iterator[object]:
    found = _found(_parsed(details), path)
    return (value for value in _opened(found) if value is not None)


def _parsed(details: str | None) -> object:
    if details is None:
        return None
    try:
        return json.loads(details, parse_int=Number, parse_float=Number)
    except (ValueError, RecursionError):
        return None


def _found(root: object, path: tuple[str, ...]) -> Iterable[object]:
    values: list[object] = [root]
    for key in path:
        objects = (value for value in _opened(values) if isinstance(value, dict))
        values = [value[key] for value in objects if key in value]
    return values


def _opened(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _text(value: object) -> str | None:
    if isinstance(value, Number):
        return plain_decimal(value)
    if isinstance(value, str):
        return value if value.isascii() else SURROGATE.sub("\ufffd", value)
    return json.dumps(value) if isinstance(value, bool) else None
