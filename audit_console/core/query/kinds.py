"""What the values of each kind of field may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from ipaddress import ip_network

from audit_console.core.caseless import literal, pieces
from audit_console.core.details import plain_decimal
from audit_console.core.event import RESULTS
from audit_console.core.filters import (
    WEEKDAYS,
    Between,
    Exact,
    Field,
    FieldName,
    Has,
    Inside,
    Like,
    Match,
    Range,
)
from audit_console.core.query.fields import field_text, quoted
from audit_console.core.query.scanner import Word
from audit_console.core.timespan import EXPECTED, Anchor, Moment, read_moment
from audit_console.errors import QueryError

MAX_WILDCARDS = 100

SPLIT_AT_COMMA = frozenset({FieldName.RESULT, FieldName.SEQ, FieldName.HOUR, FieldName.WEEKDAY})
"""Fields whose values are parted by a comma; in those of others it is a character."""


def fault(word: Word, message: str, suggestion: str = "") -> QueryError:
    """Make the error for a value."""
    return QueryError(word.start + 1, message, suggestion)


class TextKind:
    """Any text: patterns, exact values, regular expressions."""

    takes_text = True

    def __init__(self, field: Field) -> None:
        self.field = field

    def value(self, word: Word) -> Match:
        """Read a single value."""
        if word.pattern == "*":
            return Has()
        if sum(piece in ("*", "?") for piece in pieces(word.pattern)) > MAX_WILDCARDS:
            raise fault(word, f"more than {MAX_WILDCARDS} wildcards in one value")
        return Like(word.pattern)

    def exact(self, word: Word) -> Match:
        """Read a value behind `=`."""
        return Exact(word.text)

    def compare(self, operator: str, word: Word) -> Match:
        """Read a value behind `>`, `>=`, `<` or `<=`."""
        raise fault(
            word,
            f"{field_text(self.field)} has no order to compare by",
            f"{operator} works on time, seq, hour, weekday and numbers in details",
        )

    def between(self, low: Word, high: Word) -> Match | None:
        """Read a range; None where two dots are part of a text."""
        del low, high
        return None


class ResultKind(TextKind):
    """One of the known results, unless it is quoted."""

    def value(self, word: Word) -> Match:
        """Refuse a result that no event can have."""
        self._require_known(word)
        return super().value(word)

    def exact(self, word: Word) -> Match:
        """Refuse a result that no event can have."""
        self._require_known(word)
        return super().exact(word)

    def _require_known(self, word: Word) -> None:
        text = literal(word.pattern)
        if text is not None and not word.quoted and text.lower() not in RESULTS:
            raise fault(
                word, f"no event has the result {text[:40]}", "one of " + ", ".join(RESULTS)
            )


class AddressKind(TextKind):
    """An address or network; text with wildcards or in quotes is compared as text."""

    def value(self, word: Word) -> Match:
        """Read an address, a network, or a pattern."""
        if word.quoted or literal(word.pattern) is None:
            return super().value(word)
        try:
            network = ip_network(word.text, strict=False)
        except ValueError:
            raise fault(
                word,
                "not an address or network",
                f"203.0.113.9, 203.0.113.0/24, 2001:db8::/32, or as text: {quoted(word.text[:40])}",
            ) from None
        if "%" in word.text:
            raise fault(word, "an address with a zone is compared as text", quoted(word.text[:40]))
        return Inside(network)


class OrderedKind(TextKind):
    """Values with an order and without text."""

    takes_text = False

    def exact(self, word: Word) -> Match:
        """Read a value behind `=`; there is no other reading than without."""
        return self.value(word)


class TimeKind(OrderedKind):
    """Times, absolute once they are read."""

    def __init__(self, field: Field, anchor: Anchor) -> None:
        super().__init__(field)
        self._anchor = anchor

    def moment(self, word: Word) -> Moment:
        """Read a time."""
        if not word.pattern:
            raise fault(word, "a time is missing", EXPECTED)
        try:
            return read_moment(word.text, self._anchor)
        except ValueError as error:
            raise fault(word, str(error), EXPECTED) from None

    def value(self, word: Word) -> Match:
        """Read the unit that is written: a day, a minute, an instant."""
        if word.pattern == "*":
            return Has()
        moment = self.moment(word)
        return Between(moment.start, moment.after)

    def compare(self, operator: str, word: Word) -> Match:
        """Read a bound. `>` and `<=` reach to the end of the written unit."""
        moment = self.moment(word)
        bound = moment.after if operator in (">", "<=") else moment.start
        if bound is None and operator == ">":
            raise fault(word, "nothing is later than that")
        if bound is None:
            return Has()
        return Between(start=bound) if operator.startswith(">") else Between(end=bound)

    def between(self, low: Word, high: Word) -> Match:
        """Read a half-open range; a date as upper bound covers its day."""
        start, upper = self.moment(low).start, self.moment(high).upper
        if upper is not None and upper <= start:
            raise fault(low, "the range ends before it starts")
        return Between(start, upper)

    def since(self, word: Word) -> Match:
        """Read a lower bound."""
        return Between(start=self.moment(word).start)

    def until(self, word: Word) -> Match:
        """Read an upper bound; a date covers its day."""
        upper = self.moment(word).upper
        return Has() if upper is None else Between(end=upper)


class NumberKind(OrderedKind):
    """Whole numbers from 0 on."""

    expected = "a whole number such as 12430112"

    def number(self, word: Word) -> Decimal:
        """Read a number."""
        text = word.text
        if not (text.isascii() and text.isdigit() and len(text) <= 19):
            raise fault(word, "not a number" if text else "a number is missing", self.expected)
        return Decimal(text)

    def value(self, word: Word) -> Match:
        """Read a single number."""
        if word.pattern == "*":
            return Has()
        number = self.number(word)
        return Range(number, number)

    def compare(self, operator: str, word: Word) -> Match:
        """Read a bound."""
        return _bound(operator, self.number(word))

    def between(self, low: Word, high: Word) -> Match | None:
        """Read a range that includes both ends."""
        return _range(low, self.number(low), self.number(high))


class CycleKind(NumberKind):
    """Hours or weekdays: a few numbers, maybe with names, that go round."""

    def __init__(self, field: Field, expected: str, numbers: range, names: Sequence[str]) -> None:
        super().__init__(field)
        self.expected = expected
        self._numbers = numbers
        self._names = names

    def number(self, word: Word) -> Decimal:
        """Read a number or a name."""
        text = word.text.lower()
        if text in self._names:
            return Decimal(self._numbers[self._names.index(text)])
        if self._names or not re.fullmatch("[0-9]{1,2}", text) or int(text) not in self._numbers:
            raise fault(word, f"no such {self.field.name}", self.expected)
        return Decimal(int(text))

    def between(self, low: Word, high: Word) -> Match:
        """Read a range that includes both ends and may go round."""
        return Range(self.number(low), self.number(high))


class StarKind(TextKind):
    """Yes or no."""

    takes_text = False

    def value(self, word: Word) -> Match:
        """Read yes or no."""
        if word.pattern == "*":
            return Like("yes")
        if word.text.lower() not in ("yes", "no"):
            raise fault(word, "a star is there or not", "star:yes or star:no")
        return Like(word.text.lower())

    def exact(self, word: Word) -> Match:
        """Read yes or no."""
        return self.value(word)


class DetailKind(TextKind):
    """Text, and numbers where a comparison or a range asks for them."""

    def compare(self, operator: str, word: Word) -> Match:
        """Read a bound."""
        number = self._number(word)
        if number is None:
            raise fault(word, "not a number", "numbers in details can be compared: >1000, <=0.5")
        return _bound(operator, number)

    def between(self, low: Word, high: Word) -> Match | None:
        """Read a range of numbers that includes both ends; None between other texts."""
        first, last = self._number(low), self._number(high)
        if first is None or last is None:
            return None
        return _range(low, first, last)

    @staticmethod
    def _number(word: Word) -> Decimal | None:
        plain = plain_decimal(word.text)
        return None if plain is None else Decimal(plain)


def _bound(operator: str, number: Decimal) -> Range:
    is_open = not operator.endswith("=")
    if operator.startswith(">"):
        return Range(low=number, low_open=is_open)
    return Range(high=number, high_open=is_open)


def _range(low: Word, first: Decimal, last: Decimal) -> Range:
    """Make a range that includes both ends, of which `low` is where the first is written."""
    if last < first:
        raise fault(low, "the range ends before it starts")
    return Range(first, last)


def kind_of(field: Field, anchor: Anchor) -> TextKind:
    """Give the kind of a field."""
    if field.name is FieldName.TIME:
        return TimeKind(field, anchor)
    if field.name is FieldName.HOUR:
        return CycleKind(field, "an hour is 0 to 23, UTC", range(24), ())
    if field.name is FieldName.WEEKDAY:
        return CycleKind(field, "one of " + ", ".join(WEEKDAYS), range(1, 8), WEEKDAYS)
    return _KINDS.get(field.name, TextKind)(field)


_KINDS: dict[FieldName, type[TextKind]] = {
    FieldName.SEQ: NumberKind,
    FieldName.IP: AddressKind,
    FieldName.RESULT: ResultKind,
    FieldName.STAR: StarKind,
    FieldName.DETAILS: DetailKind,
}
