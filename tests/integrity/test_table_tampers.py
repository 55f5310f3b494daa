"""What a superuser can make of a row, and no file can hold, is told as any other tamper."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import polars as pl
import pytest

from audit_console.core.filters import EVERYTHING
from audit_console.core.findings import Code
from audit_console.core.query.stages import Sort
from audit_console.integrity.verifier import verify
from audit_console.sources.postgres import open_postgres
from audit_console.sources.protocol import AtRow, Order
from tests.support.chains import CHAIN, rehashed, v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.stores import Tables
from tests.support.tables import store_v1
from tests.support.trusting import leaves, stored, trust_in

CHAINED = v1_chain(12)
WHOLE = v1_lines(CHAINED)
NOTES = [stored(leaves(CHAINED), 12)]

NO_EVENT = {Code.MALFORMED: 1}
EDITED = {Code.EVENT_HASH_MISMATCH: 1}
NOWHERE = {Code.MALFORMED: 1, Code.GAP: 1}
"""Of a row that does not say where it belongs."""

NEEDED = (
    *("v", "id", "recorded_at", "timestamp", "event_type", "action", "resource_type"),
    *("resource_id", "result", "previous_hash", "event_hash"),
)
OPTIONAL = ("user_id", "result_error", "details", "ip_address", "user_agent", "request_id")
CHANGES = {
    **{f"{name} = NULL": NO_EVENT for name in NEEDED},
    **{f"{name} = NULL": EDITED for name in OPTIONAL},
    "chain = NULL": NOWHERE,
    "seq = NULL": NOWHERE,
    "seq = -1": NOWHERE,
    "seq = -9223372036854775808": NOWHERE,
    "timestamp = 'infinity'": NO_EVENT,
    "timestamp = '-infinity'": NO_EVENT,
    "timestamp = '10000-01-01Z'": NO_EVENT,
    "timestamp = '0005-01-01Z BC'": NO_EVENT,
    "recorded_at = 'infinity'": NO_EVENT,
    "recorded_at = '0005-01-01Z BC'": NO_EVENT,
    "v = 2": NO_EVENT,
    "result = 'perhaps'": NO_EVENT,
    "details = 'x'": NO_EVENT,
    "details = '[1]'": NO_EVENT,
    "details = 'null'": EDITED,
    "chain = ''": NOWHERE,
    "event_hash = E'\\n\\t\\\\N'": EDITED,
}


@UNMEASURED
@pytest.mark.parametrize("change", CHANGES)
def test_a_row_that_the_constraints_would_refuse(tables: Tables, change: str) -> None:
    tables(WHOLE, NOTES).close()
    tables.execute(f"UPDATE audit_events SET {change} WHERE seq = 5")  # noqa: S608 - ours
    with closing(tables.open()) as source:
        assert verify(source, trust=trust_in()).counts == CHANGES[change]
        page = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=20)
    assert page.rows.height in (11, 12)
    assert page.matched == page.rows.height


LACKING = {
    "recorded_at": replace(CHAINED[5], recorded_at=None),
    "previous_hash": replace(CHAINED[5], previous_hash=None),
}


@pytest.mark.parametrize("name", LACKING)
def test_a_row_without_a_value_is_no_event_whoever_hashed_it(tables: Tables, name: str) -> None:
    tables(WHOLE, NOTES).close()
    change = f"{name} = NULL, event_hash = '{rehashed(LACKING[name]).event_hash}'"
    tables.execute(f"UPDATE audit_events SET {change} WHERE seq = 5")  # noqa: S608 - ours
    with closing(tables.open()) as source:
        assert verify(source, trust=trust_in()).counts == NO_EVENT


def test_a_chain_of_another_alphabet_is_no_event_whoever_hashed_it(tables: Tables) -> None:
    tables(WHOLE, NOTES).close()
    name = CHAIN.replace("a", "\u0430")
    sealed = rehashed(replace(CHAINED[5], chain=name)).event_hash
    change = f"chain = '{name}', event_hash = '{sealed}'"
    tables.execute(f"UPDATE audit_events SET {change} WHERE seq = 5")  # noqa: S608 - ours
    with closing(tables.open()) as source:
        assert verify(source, trust=trust_in()).counts == NOWHERE


@UNMEASURED
@pytest.mark.parametrize("details", ["{garbage", '{"a":01}', '{"a":1}}', '{"a":NaN}', "[1]"])
def test_details_that_are_no_object_are_no_event_whoever_hashed_them(
    tables: Tables, details: str
) -> None:
    tables(WHOLE, NOTES).close()
    sealed = rehashed(replace(CHAINED[5], details=details)).event_hash
    change = f"details = '{details}', event_hash = '{sealed}'"
    tables.execute(f"UPDATE audit_events SET {change} WHERE seq = 5")  # noqa: S608 - ours
    with closing(tables.open()) as source:
        assert verify(source, trust=trust_in()).counts == NO_EVENT


LINE_OF_ITS_OWN = v1_lines(v1_chain(1, chain="forged"))[0].decode()
HASHED = {
    "space around them": ('{"a":1} ', Code.EVENT_HASH_MISMATCH),
    "a line of its own": ('{"a":\n' + LINE_OF_ITS_OWN + "\n}", Code.EVENT_HASH_MISMATCH),
    "too deep": ('{"a":' * 2_000 + "1" + "}" * 2_000, Code.OVERSIZE),
}


@UNMEASURED
@pytest.mark.parametrize("details", HASHED)
def test_details_that_constraints_take_and_no_line_can_hold(database: str, details: str) -> None:
    text, code = HASHED[details]
    store_v1(database, [*CHAINED[:-1], rehashed(replace(CHAINED[-1], details=text))])
    with closing(open_postgres(database)) as source:
        found = verify(source)
        rows = pl.concat(source.in_log_order(EVERYTHING))
        assert source.tally(EVERYTHING, by=[Sort("details.a")]).height == 12
    assert found.counts == {code: 1, Code.NO_CHECKPOINT: 1}
    assert not rows["raw"].str.contains("\n", literal=True).any()
