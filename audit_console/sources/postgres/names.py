"""All values of fields that have few: each is judged once, and an index finds the events.

Without them a filter that goes without case, or by a pattern, is judged for each event.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain

from psycopg import sql

from audit_console.columns.memo import Memo
from audit_console.core.event import RESULTS, Scheme
from audit_console.core.filters import (
    TEXT_ATTRIBUTES,
    AnyOf,
    Exact,
    FieldName,
    Filter,
    Has,
    Match,
    terms_of,
)
from audit_console.sources.postgres.asked import Asked
from audit_console.sources.postgres.connections import Connections
from audit_console.sources.postgres.filters import Names
from audit_console.sources.postgres.layout import EVERY_ROW, Layout
from audit_console.sources.postgres.plans import is_by_index

FEW = 5_000
"""So many values are looked for, some 4 µs each where the index is in memory."""

LONGEST = 1_000
"""Characters of a value: an index holds longer ones, if they repeat themselves."""

NAMED = (FieldName.TYPE, FieldName.USER, FieldName.RTYPE, FieldName.RESULT)
"""Fields by which an index begins that holds all their values; of results the format has three."""

_VALUES = """
WITH RECURSIVE names(name) AS (
    SELECT min({column}) FROM {events}
    UNION ALL
    SELECT (SELECT min({column}) FROM {events} AND {column} > names.name)
    FROM names WHERE name IS NOT NULL
)
SELECT left(name, %(length)s) FROM names LIMIT %(limit)s
"""


class KnownNames:
    """The values of such fields in one table, looked up when a filter first judges them."""

    def __init__(self, connections: Connections, layout: Layout) -> None:
        self._connections = connections
        self._layout = layout
        self._known: Memo[FieldName, tuple[str, ...] | None] = Memo(len(NAMED))

    def judged_by(self, where: Filter) -> Names:
        """Give the values of the fields that a filter judges, but of those with many."""
        fields = [field for field in NAMED if _judges(where, field)]
        known = {field: self._known.get(field, partial(self._look_up, field)) for field in fields}
        return {field: names for field, names in known.items() if names is not None}

    def _look_up(self, field: FieldName) -> tuple[str, ...] | None:
        if field is FieldName.RESULT:
            return RESULTS
        if self._layout.scheme is not Scheme.V1:
            return None
        limits = {"limit": FEW + 1, "length": LONGEST + 1}
        asked = Asked(self._layout, EVERY_ROW, limits)
        column = sql.Identifier(TEXT_ATTRIBUTES[field])
        statement = sql.SQL(_VALUES).format(column=column, events=asked.events)
        with self._connections.question() as connection:
            if not is_by_index(connection, statement, asked.parameters):
                return None
            *names, end = (name for (name,) in asked.run(connection, statement))
        is_all = end is None and all(len(name) <= LONGEST for name in names)
        return tuple(names) if is_all else None


def _judges(where: Filter, field: FieldName) -> bool:
    """Tell whether a filter asks for more than certain values, which an index finds as they are."""
    terms = chain.from_iterable(map(terms_of, where.active))
    matches = chain.from_iterable(_parts(term.match) for term in terms if term.field.name is field)
    return not all(isinstance(match, Exact | Has) for match in matches)


def _parts(match: Match) -> Sequence[Match]:
    return match.matches if isinstance(match, AnyOf) else (match,)
