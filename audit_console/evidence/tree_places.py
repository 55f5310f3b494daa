"""Where each selected event stands in its tree, or why it has no proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from audit_console.core.event import Scheme
from audit_console.core.findings import Place
from audit_console.core.json_object import ascii_json
from audit_console.evidence.trees import UNSEALED_LINES, ProvenTree

_BEHIND_A_HOLE = "events before it are missing, and with them the head of the tree"
_PRUNED = "retention deletes it, and the record of the prune stands in its place"
_NO_LINE = "the log keeps no lines that could be hashed"


def place(events: pl.DataFrame, lines: pl.DataFrame, trees: Sequence[ProvenTree]) -> pl.DataFrame:
    """Give events their place.

    Args:
        events: as `SelectedEvents.events` gives them.
        lines: as `TreeReader.lines` gives them.
        trees: of the events.

    Returns:
        the events in their order, with `tree` from 1, `leaf`, and the `why_not` of all
        that have no proof.
    """
    is_v1 = pl.col("scheme") == Scheme.V1
    known = pl.DataFrame(
        [
            (tree.name, tree.of_lines, number, tree.first, tree.size)
            for number, tree in enumerate(trees, 1)
        ],
        schema={"name": pl.String, "of_lines": pl.Boolean}
        | dict.fromkeys(("tree", "first", "size"), pl.Int64),
        orient="row",
    )
    name = pl.when(is_v1).then(pl.col("chain").cast(pl.String)).otherwise(pl.lit(UNSEALED_LINES))
    placed = (
        events.join(lines, on=["file", "line"], how="left", maintain_order="left")
        .with_columns(leaf=pl.when(is_v1).then("seq").otherwise("leaf"), name=name, of_lines=~is_v1)
        .join(known, on=["name", "of_lines"], how="left", maintain_order="left")
    )
    behind = (pl.col("leaf") >= pl.col("size")).fill_null(value=True)
    reason = (
        pl.when(pl.col("why_not").is_not_null())
        .then("why_not")
        .when(pl.col("leaf").is_null())
        .then(pl.lit(_NO_LINE))
        .when(pl.col("leaf") < pl.col("first"))
        .then(pl.lit(_PRUNED))
        .when(behind)
        .then(pl.lit(_BEHIND_A_HOLE))
    )
    return placed.with_columns(why_not=reason)


def print_places(placed: pl.DataFrame, files: Sequence[str]) -> Iterator[bytes]:
    """Print a JSON line for each event: its place in the log, and in its tree.

    Args:
        placed: as `place` gives them.
        files: names of the files of the log; a table has none, and its events no line.
    """
    columns = ("file", "line", "check", "tree", "leaf", "why_not")
    for file, line, check, tree, leaf, why_not in placed.select(columns).iter_rows():
        proof = {"tree": tree, "leaf": leaf} if why_not is None else {"unproven": why_not}
        at = Place.among(files, file, line)
        row = {"file": at.file, "line": at.line, "check": check, **proof}
        yield ascii_json(row, separators=(",", ":")).encode() + b"\n"


def unproven(placed: pl.DataFrame) -> dict[str, int]:
    """Count the events that have no proof, by reason."""
    counts = placed["why_not"].drop_nulls().value_counts().sort("why_not")
    return dict(counts.iter_rows())
