"""What the server would do for a statement, as its planner says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql

PARTS = 8
"""Into so many a large question is cut: more than the processes that answer, so that none waits
long for the last one."""

UNSHARED = "SET LOCAL min_parallel_index_scan_size = '5TB'"
"""Let each process read parts of an index alone: together they hand it over page by page."""

Plan = Mapping[str, Any]
"""A node of a plan, as `EXPLAIN (FORMAT JSON)` tells it."""


def plan_of(
    connection: psycopg.Connection, statement: sql.Composed, parameters: Mapping[str, Any]
) -> Plan:
    """Ask for the plan of a statement."""
    explained = sql.SQL("EXPLAIN (FORMAT JSON) {}").format(statement)
    ((plans,),) = connection.execute(explained, parameters).fetchall()
    plan: Plan = plans[0]["Plan"]
    return plan


def is_by_index(
    connection: psycopg.Connection, statement: sql.Composed, parameters: Mapping[str, Any]
) -> bool:
    """Tell whether indexes are looked into alone: they are there, and know what is visible."""
    nodes = _nodes(plan_of(connection, statement, parameters))
    return {node["Node Type"] for node in nodes if "Relation Name" in node} == {"Index Only Scan"}


def _nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
