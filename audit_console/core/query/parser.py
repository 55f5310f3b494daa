"""Text to filter. Recursive descent along the grammar, one method for each rule."""

from __future__ import annotations

from dataclasses import dataclass

from audit_console.core.filters import (
    EVERYTHING,
    And,
    Expression,
    Filter,
    all_of,
    any_of,
    joined,
    negate,
)
from audit_console.core.json_object import SURROGATE
from audit_console.core.query.scanner import Scanner
from audit_console.core.query.stages import Stage, read_stage
from audit_console.core.query.terms import TermReader
from audit_console.core.timespan import Anchor
from audit_console.errors import QueryError

MAX_TEXT = 20_000
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Query:
    """What a text asks for.

    `clock_times` are the indexes in the text of times that count from the clock.
    """

    where: Filter = EVERYTHING
    stages: tuple[Stage, ...] = ()
    clock_times: tuple[int, ...] = ()


def parse(text: str, anchor: Anchor) -> Query:
    """Read a query. Relative times become absolute by `anchor`.

    Raises:
        QueryError: it cannot be read; nothing else is raised for any text.
    """
    if len(text) > MAX_TEXT:
        raise QueryError(MAX_TEXT + 1, f"a query has at most {MAX_TEXT:,} characters")
    surrogate = SURROGATE.search(text)
    if surrogate is not None:
        raise QueryError(surrogate.start() + 1, "half a surrogate pair is no character")
    return _Parser(text, anchor).query()


class _Parser:
    def __init__(self, text: str, anchor: Anchor) -> None:
        self._scanner = Scanner(text)
        self._terms = TermReader(self._scanner, anchor)
        self._depth = 0

    def query(self) -> Query:
        scanner = self._scanner
        scanner.skip_space()
        where = EVERYTHING
        if scanner.peek() not in ("", "|"):
            whole = self._or()
            where = Filter(whole.parts if isinstance(whole, And) else (whole,))
        stages = self._stages()
        return Query(where, stages, tuple(self._terms.clock_times))

    def _stages(self) -> tuple[Stage, ...]:
        scanner = self._scanner
        stages: list[Stage] = []
        columns: tuple[str, ...] | None = None
        while scanner.take("|"):
            scanner.skip_space()
            stage = read_stage(scanner, columns)
            stages.append(stage)
            columns = stage.columns(columns)
            scanner.skip_space()
        if scanner.peek() == ")":
            raise scanner.fault("this parenthesis closes nothing")
        return tuple(stages)

    def _or(self) -> Expression:
        parts = [self._and()]
        while self._scanner.keyword() == "OR":
            self._scanner.take("OR")
            parts.append(self._and())
        return any_of(parts)

    def _and(self) -> Expression:
        """Read what must hold together; terms outside of parentheses are joined by field."""
        scanner = self._scanner
        parts: list[tuple[Expression, bool]] = []
        while True:
            scanner.skip_space()
            is_demanded = not parts
            if parts and scanner.keyword() == "AND":
                scanner.take("AND")
                scanner.skip_space()
                is_demanded = True
            if not is_demanded and (scanner.peek() in ("", ")", "|") or scanner.keyword() == "OR"):
                break
            parts.append(self._unary())
        apart = {index for index, (_, grouped) in enumerate(parts) if grouped}
        return all_of(joined([part for part, _ in parts], apart=apart))

    def _unary(self) -> tuple[Expression, bool]:
        """Read a term or parentheses, and tell whether it is parentheses."""
        scanner = self._scanner
        is_negated = scanner.take("-") or (scanner.keyword() == "NOT" and scanner.take("NOT"))
        if is_negated:
            scanner.skip_space()
        self._require_operand(is_negated=is_negated)
        grouped = scanner.peek() == "("
        part = self._group() if grouped else self._terms.term()
        return (negate(part) if is_negated else part), grouped

    def _require_operand(self, *, is_negated: bool) -> None:
        scanner = self._scanner
        scanner.require_capitals()
        keyword = scanner.keyword()
        if keyword:
            raise scanner.fault(
                f"a term is missing before {keyword}" if keyword != "NOT" else "NOT stands twice",
                f'to search for the word, write "{keyword}"',
            )
        if is_negated and scanner.peek() == "-":
            raise scanner.fault("a negation of a negation", 'to search for a dash, write "-"')
        if scanner.peek() in ("", ")", "|"):
            raise scanner.fault("a term is missing", "a field with a value, a word or a phrase")
        if scanner.peek() == ":":
            raise scanner.fault("a field is missing before the colon")

    def _group(self) -> Expression:
        scanner, start = self._scanner, self._scanner.position
        if self._depth == MAX_DEPTH:
            raise scanner.fault(f"parentheses nested deeper than {MAX_DEPTH}")
        self._depth += 1
        scanner.take("(")
        inside = self._or()
        self._depth -= 1
        if not scanner.take(")"):
            raise scanner.unclosed("parenthesis", "end it with )", start=start)
        scanner.require_end_of_term()
        return inside
