"""Reads the terms of a query: fields with their matches, words and phrases."""

from __future__ import annotations

import re

from audit_console.core.around import MAX_SPAN
from audit_console.core.filters import (
    CHECKS,
    AnyOf,
    Around,
    Expression,
    Field,
    FieldName,
    Like,
    Match,
    Regex,
    Term,
    Text,
    any_match,
    any_of,
)
from audit_console.core.query.fields import field_text, read_term_field
from audit_console.core.query.kinds import SPLIT_AT_COMMA, TextKind, TimeKind, kind_of
from audit_console.core.query.scanner import Scanner, Word
from audit_console.core.regexes import RegexError, read_regex
from audit_console.core.timespan import Anchor, counts_from_clock, read_duration

_OPERATOR = re.compile(">=|<=|>|<")
_AROUND = re.compile(r"(.+)(?:±|\+-)(.*)", re.DOTALL)
_TIME = Field(FieldName.TIME)


class TermReader:
    """Reads terms at the scanner's place."""

    def __init__(self, scanner: Scanner, anchor: Anchor) -> None:
        self._scanner = scanner
        self._anchor = anchor
        self.clock_times: list[int] = []
        """Indexes at which times relative to the clock are written."""

    def term(self) -> Expression:
        """Read one term.

        Raises:
            QueryError: it cannot be read.
        """
        field = read_term_field(self._scanner)
        if field is None:
            word = self._scanner.word()
            expression: Expression = Text(word.pattern)
        elif isinstance(field, str):
            expression = Term(_TIME, self._shorthand(field))
        else:
            expression = _term(field, self._match(field, kind_of(field, self._anchor)))
        self._scanner.require_end_of_term()
        return expression

    def _shorthand(self, name: str) -> Match:
        scanner, kind = self._scanner, TimeKind(_TIME, self._anchor)
        word = scanner.word()
        if name == "around":
            return _around(scanner, word)
        self._note_clock(word)
        return kind.since(word) if name == "since" else kind.until(word)

    def _match(self, field: Field, kind: TextKind) -> Match:
        if self._scanner.peek() == "(":
            return self._alternatives(field, kind)
        stops = "," if field.name in SPLIT_AT_COMMA else ""
        matches = [self._single(field, kind, stops)]
        while stops and self._scanner.take(","):
            matches.append(self._single(field, kind, stops))
        return any_match(matches)

    def _alternatives(self, field: Field, kind: TextKind) -> Match:
        scanner, start = self._scanner, self._scanner.position
        scanner.take("(")
        matches: list[Match] = []
        while True:
            scanner.skip_space()
            if scanner.peek() in ("", "|"):
                raise scanner.unclosed("parenthesis", "end it with )", start=start)
            if matches and scanner.take(")"):
                return any_match(matches)
            if matches and scanner.keyword() == "OR":
                scanner.take("OR")
                scanner.skip_space()
            elif matches and scanner.take(","):
                scanner.skip_space()
            self._refuse_keyword()
            matches.append(self._single(field, kind, ","))

    def _refuse_keyword(self) -> None:
        self._scanner.require_capitals()
        keyword = self._scanner.keyword()
        if keyword:
            raise self._scanner.fault(
                f"{keyword} between values of a field",
                f'values are joined with OR or a comma; to look for the word, write "{keyword}"',
            )

    def _single(self, field: Field, kind: TextKind, stops: str) -> Match:
        scanner = self._scanner
        operator = scanner.take_match(_OPERATOR)
        if operator is not None:
            return kind.compare(operator[0], self._value(field, stops))
        if scanner.take("="):
            return kind.exact(self._value(field, stops))
        if scanner.peek() == "/":
            return self._regex(field, kind)
        return self._range_or_value(field, kind, stops)

    def _value(self, field: Field, stops: str, *, ranged: bool = False) -> Word:
        scanner = self._scanner
        if scanner.peek() == "(":
            raise scanner.fault("a value is missing before this parenthesis")
        word = scanner.word(stops, ranged=ranged)
        if not word.pattern and not word.quoted:
            raise scanner.fault(
                f"a value is missing for {field_text(field)}",
                'an empty text is written "", any value is *',
                at=word.start,
            )
        if field.name is FieldName.TIME:
            self._note_clock(word)
        return word

    def _note_clock(self, word: Word) -> None:
        if counts_from_clock(word.text) and not word.quoted:
            self.clock_times.append(word.start)

    def _range_or_value(self, field: Field, kind: TextKind, stops: str) -> Match:
        scanner, start = self._scanner, self._scanner.position
        if scanner.peek(2) != "..":
            low = self._value(field, stops, ranged=True)
            if not scanner.take(".."):
                return kind.value(low)
            if scanner.peek() and not scanner.peek().isspace() and scanner.peek() not in ")|":
                limits = kind.between(low, self._value(field, stops))
                if limits is not None:
                    return limits
        if not kind.takes_text:
            raise scanner.fault("a range has two ends", "for one end, write >=… or <…", at=start)
        scanner.position = start
        return kind.value(self._value(field, stops))

    def _regex(self, field: Field, kind: TextKind) -> Match:
        scanner, start = self._scanner, self._scanner.position
        if not kind.takes_text:
            raise scanner.fault(f"{field_text(field)} takes no regular expression")
        pattern = scanner.regex()
        try:
            read_regex(pattern)
        except RegexError as error:
            escapes = pattern[: error.position].count("/")
            raise scanner.fault(str(error), at=start + 1 + error.position + escapes) from None
        ahead = scanner.peek()
        if ahead and not ahead.isspace() and ahead not in "),|":
            raise scanner.fault(
                "text after a regular expression",
                'quote a value that begins with a slash: "/…"',
                at=start,
            )
        return Regex(pattern)


def _term(field: Field, match: Match) -> Expression:
    """Tell the states of the check from names of chains."""
    if field.name is not FieldName.CHAIN:
        return Term(field, match)
    parts = match.matches if isinstance(match, AnyOf) else (match,)
    states = [part for part in parts if isinstance(part, Like) and part.pattern.lower() in CHECKS]
    names = [part for part in parts if part not in states]
    lower = [Like(state.pattern.lower()) for state in states]
    known = ((Field(FieldName.CHECK), lower), (field, names))
    return any_of(Term(name, any_match(matches)) for name, matches in known if matches)


def _around(scanner: Scanner, word: Word) -> Match:
    match = _AROUND.fullmatch(word.text)
    if match is None:
        raise scanner.fault(
            "around: takes an event and a time", "as in around:<event id>±5m", at=word.start
        )
    event_id, length = match.groups()
    try:
        span = read_duration(length).span
    except ValueError as error:
        at = word.start + len(word.text) - len(length)
        raise scanner.fault(str(error), "as in around:<event id>±5m", at=at) from None
    if span is None or span > MAX_SPAN:
        raise scanner.fault(
            "too long, or a unit without fixed length", "a unit is s, m, h, d or w", at=word.start
        )
    return Around(event_id, span)
