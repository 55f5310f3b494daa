"""Reads the characters of a query: words, quotes, regular expressions, keywords."""

from __future__ import annotations

import re
from dataclasses import dataclass

from audit_console.core.caseless import escape_wildcards, without_escapes
from audit_console.errors import QueryError

KEYWORDS = ("AND", "OR", "NOT")

_KEYWORD = re.compile(r"(AND|OR|NOT)(?=[\s()|\"]|\Z)")
_IN_ANY_CASE = re.compile(_KEYWORD.pattern, re.IGNORECASE)
_ESCAPABLE = frozenset('*?\\"()|,:=<>/-. ')
"""Characters that a backslash outside quotes takes literally; before others it is itself."""


@dataclass(frozen=True, slots=True)
class Word:
    """A value as it is written: where it starts, its pattern, whether it has quotes."""

    start: int
    pattern: str
    quoted: bool = False

    @property
    def text(self) -> str:
        """The value with wildcards as themselves."""
        return without_escapes(self.pattern)


class Scanner:
    """A place in the text of a query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def fault(self, message: str, suggestion: str = "", *, at: int | None = None) -> QueryError:
        """Make the error for this place, or for the index `at`."""
        return QueryError((self.position if at is None else at) + 1, message, suggestion)

    def unclosed(self, what: str, suggestion: str, *, start: int) -> QueryError:
        """Make the error for what begins at an index and has no end."""
        return QueryError(start + 1, f"this {what} is not closed", suggestion, is_open=True)

    def skip_space(self) -> None:
        """Go to the next character that is no space."""
        while self.peek().isspace():
            self.position += 1

    def peek(self, length: int = 1) -> str:
        """Give the characters ahead, fewer at the end."""
        return self.text[self.position : self.position + length]

    def take(self, expected: str) -> bool:
        """Go past `expected` if it is ahead."""
        if not self.text.startswith(expected, self.position):
            return False
        self.position += len(expected)
        return True

    def take_match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go past what fits the pattern."""
        match = pattern.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
        return match

    def keyword(self) -> str:
        """Give the keyword ahead, or nothing."""
        match = _KEYWORD.match(self.text, self.position)
        return match[1] if match else ""

    def require_capitals(self) -> None:
        """Refuse a keyword in small letters: as a word to look for, it would ask something else."""
        match = _IN_ANY_CASE.match(self.text, self.position)
        if match is not None and match[1] not in KEYWORDS:
            word = match[1]
            raise self.fault(
                f"{word} is written {word.upper()}", f'to search for it, write "{word}"'
            )

    def word(self, stops: str = "", *, ranged: bool = False) -> Word:
        """Read a value up to a space, a parenthesis, a bar or one of `stops`.

        Args:
            stops: further characters that end it.
            ranged: two dots end it too.
        """
        start, quoted = self.position, False
        parts: list[str] = []
        while self.peek() and not self.peek().isspace() and self.peek() not in "()|" + stops:
            if ranged and self.peek(2) == "..":
                break
            if self.peek() == '"':
                quoted = True
                parts.append(escape_wildcards(self._quotation()))
            else:
                parts.append(self._character())
        return Word(start, "".join(parts), quoted)

    def _character(self) -> str:
        first, second = self.peek(), self.peek(2)[1:]
        if first == "\\" and second and (second in _ESCAPABLE or second.isspace()):
            self.position += 2
            return escape_wildcards(second)
        self.position += 1
        return "\\\\" if first == "\\" else first

    def _quotation(self) -> str:
        start = self.position
        self.position += 1
        inside: list[str] = []
        while not self.take('"'):
            if not self.peek():
                raise self.unclosed("quote", 'end it with "', start=start)
            if self.peek(2) in ('\\"', "\\\\"):
                self.position += 1
            inside.append(self.peek())
            self.position += 1
        return "".join(inside)

    def regex(self) -> str:
        r"""Read a regular expression between slashes; `\/` is a slash in it."""
        start = self.position
        self.position += 1
        body: list[str] = []
        while not self.take("/"):
            if not self.peek():
                hint = 'end it with /, or quote a value that begins with a slash: "/…"'
                raise self.unclosed("regular expression", hint, start=start)
            length = 2 if self.peek() == "\\" else 1
            body.append("/" if self.peek(2) == "\\/" else self.peek(length))
            self.position += length
        return "".join(body)

    def require_end_of_term(self) -> None:
        """Refuse characters that are glued to what has just been read."""
        ahead = self.peek()
        if ahead and not ahead.isspace() and ahead not in ")|":
            raise self.fault(
                f"{ahead} is glued to the term before it",
                "put a space between them, or quote the whole value",
            )
