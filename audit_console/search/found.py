"""A log that was read, and what a query finds in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from audit_console.core.filters import may_lack
from audit_console.core.matching import MarkKey, Marks
from audit_console.core.query import Query, offer_end, parse, query_text
from audit_console.core.query.fields import field_text
from audit_console.core.timespan import Anchor
from audit_console.core.wording import count
from audit_console.integrity.verification import Verification
from audit_console.search.question import Question, resolved
from audit_console.sources.protocol import Source, Status


def require_query(text: str) -> Query:
    """Make sure that a text is a query, before there is a log.

    Times in it are not those that they will be.

    Raises:
        QueryError: it cannot be read.
    """
    now = datetime.now(UTC)
    return parse(text, Anchor(now, end=now))


@dataclass(frozen=True, slots=True)
class Found:
    """A query that was asked of a log, and how many events it finds; `text` is as it was typed."""

    question: Question
    verification: Verification
    text: str
    query: Query
    matched: int

    @classmethod
    def by(
        cls,
        text: str,
        source: Source,
        verification: Verification,
        marks: Mapping[MarkKey, Marks],
    ) -> Found:
        """Ask a query.

        Args:
            text: the query.
            source: the log, read to its end.
            verification: of the log.
            marks: the reader's, by which a query may ask and which stages may count.

        Raises:
            UsageError: it is about an event that is not there.
        """
        query = parse(text, Anchor(datetime.now(UTC), end=source.status.last))
        question = Question(source, resolved(query.where, source), marks)
        return cls(question, verification, text, query, question.count())

    @property
    def in_force(self) -> str:
        """The query as it was understood: times absolute, every number named."""
        return query_text(self.question.where, self.query.stages)


def remarks(found: Found) -> Iterator[str]:
    """Say which query is in force, how complete the answer is, and what else to ask."""
    yield from filter(None, (_understood(found), _completeness(found), _advice(found)))


def _completeness(found: Found) -> str:
    """Say how much of the log was searched, and whether it is sound."""
    status = found.question.source.status
    parts = (
        f"{found.matched:,} of {status.events:,} events matched",
        *_lacking(found.question),
        f"{status.lines:,} lines read",
        *soundness(status, found.verification.verdict),
    )
    return " · ".join(parts)


def soundness(status: Status, verdict: str) -> tuple[str, ...]:
    """Say what else holds of all that is taken from a log: its bad lines, window and verdict."""
    return f"{status.malformed:,} bad", _window(status), verdict


def _lacking(question: Question) -> Iterator[str]:
    """Say which fields some events lack that a negated term keeps."""
    for field in may_lack(question.where):
        if rows := question.count_without(field):
            yield f"includes {count(rows, 'row')} without {field_text(field)}"


def _understood(found: Found) -> str | None:
    """Say which query is in force, where it is not word for word the one that was typed."""
    return None if found.in_force == found.text.strip() else f"asked: {found.in_force}"


def _advice(found: Found) -> str | None:
    """Say what else to ask where a log that ended earlier held nothing."""
    source, marks = found.question.source, found.question.marks
    last = source.status.last
    if found.matched or last is None:
        return None
    offer = offer_end(found.text, found.query, last)
    if offer is None:
        return None
    ended = f"the log ends at {_moment(last)}, before the time asked for"
    if Found.by(offer, source, found.verification, marks).matched:
        return f"{ended}. Try: {offer}"
    return f"{ended}; {offer} finds nothing either"


def _window(status: Status) -> str:
    if status.first is None or status.last is None:
        return "no events"
    return f"{_moment(status.first)} to {_moment(status.last)}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%SZ}"
