"""The query language: text to filter and stages, and back."""

from audit_console.core.query.completion import Completion, complete
from audit_console.core.query.offers import offer_end
from audit_console.core.query.parser import MAX_TEXT, Query, parse
from audit_console.core.query.stages import Stage, event_field, table_columns
from audit_console.core.query.text import chips, expression_text, filter_text, query_text

__all__ = [
    "MAX_TEXT",
    "Completion",
    "Query",
    "Stage",
    "chips",
    "complete",
    "event_field",
    "expression_text",
    "filter_text",
    "offer_end",
    "parse",
    "query_text",
    "table_columns",
]
