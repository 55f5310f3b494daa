# ruff: noqa: RUF001 - characters that look alike are what is compared
from __future__ import annotations

from decimal import Decimal

import pytest

from audit_console.core.details import number_in, plain_decimal, texts_at

DETAILS = (
    '{"a":"x","n":null,"t":true,"f":false,"i":12,"e":1.0e3,"o":{"b":"y","":"empty"},'
    '"l":["p",5,null,["q"],{"b":"z"}],"d":1,"d":2,"m":[{"b":[1,2]},{"b":3},[{"b":4}],7]}'
)


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("a", ("x",)),
        ("n", ()),
        ("t", ("true",)),
        ("f", ("false",)),
        ("i", ("12",)),
        ("e", ("1000",)),
        ("o", (None,)),
        ("o.b", ("y",)),
        ("o.", ("empty",)),
        ("l", ("p", "5", None, None)),
        ("l.b", ("z",)),
        ("m.b", ("1", "2", "3")),
        ("d", ("2",)),
        ("a.b", ()),
        ("x", ()),
    ],
)
def test_a_path_leads_to_values(path: str, texts: tuple[str | None, ...]) -> None:
    assert texts_at(DETAILS, tuple(path.split("."))) == texts


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert texts_at(r'{"a":["\ud83d\ude00\ud83d","\ud83d"]}', ("a",)) == (
        "\U0001f600\ufffd",
        "\ufffd",
    )


@pytest.mark.parametrize("details", [None, "{", "[]", "5", '{"a":' * 200_000 + "1" + "}" * 200_000])
def test_what_is_no_object_has_no_values(details: str | None) -> None:
    assert texts_at(details, ("a",)) == ()


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("1E5", "100000"),
        ("1.50", "1.50"),
        ("100e-2", "1.00"),
        ("1.5e-7", "0.00000015"),
        ("9" * 400, "9" * 400),
        ("9" * 401, None),
        ("1e399", "1" + "0" * 399),
        ("1e400", None),
        ("1e-400", None),
        ("1e-999", None),
        ("1e99999999999999999999", None),
        ("1e0005", "100000"),
        ("x", None),
    ],
)
def test_a_number_is_written_plainly(spelling: str, plain: str | None) -> None:
    assert plain_decimal(spelling) == plain


def test_text_that_reads_as_a_number_has_a_size() -> None:
    assert number_in("007.50") == Decimal("7.5")
    assert [number_in(text) for text in ("", "1e3", "x", " 1", "٥", "9" * 401)] == [None] * 6
