from __future__ import annotations

import pytest

from audit_console.core.filters import Field, FieldName
from audit_console.core.query import event_field, parse, table_columns
from tests.core.query.reading import ANCHOR


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", None),
        ("| sort time desc | limit 3", None),
        ("| count", ("count",)),
        ("| count by user, details.model", ("user", "details.model", "count")),
        ("| count by user,ip | count by user | sort count | limit 3", ("user", "count")),
        ("| top details.a.b", ("details.a.b", "count")),
        ("| rare user", ("user", "count")),
        ("| first user,ip", ("time", "user", "ip", "id")),
        ("| first id", ("time", "id")),
        ("| first user | first id", ("time", "id")),
        ("| timeline 1h", ("time", "count")),
        ("| timeline 1h by user | count by user", ("user", "count")),
        ("| first user | timeline 1d", ("time", "count")),
    ],
)
def test_a_stage_names_its_columns(text: str, columns: tuple[str, ...] | None) -> None:
    assert table_columns(parse(text, ANCHOR).stages) == columns


def test_a_field_of_a_stage_is_one_of_events() -> None:
    assert event_field("user") == Field(FieldName.USER)
    assert event_field('details."a b".c') == Field(FieldName.DETAILS, ("a b", "c"))
