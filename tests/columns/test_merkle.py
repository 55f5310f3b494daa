from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.columns import merkle
from audit_console.core.merkle import PartedTree
from tests.support.compiled import without_compiled
from tests.support.effort import examples
from tests.support.trees import grown, leaves_of, naive_root


@pytest.mark.parametrize("singly_below", [1, 4, 512, None])
@examples(40)
@given(st.lists(st.integers(0, 70), max_size=6))
def test_columns_grow_a_tree_as_single_leaves_do(
    singly_below: int | None, parts: list[int]
) -> None:
    """By columns below some size, and by what was compiled."""
    leaves = leaves_of(sum(parts))
    tree = PartedTree()
    done = 0
    with pytest.MonkeyPatch.context() as patch:
        if singly_below is not None:
            without_compiled(patch)
            patch.setattr(merkle, "SINGLY_BELOW", singly_below)
        for part in parts:
            texts = [leaf.hex() for leaf in leaves[done : done + part]]
            merkle.add_leaves(tree, done, pl.Series("hash", texts, pl.String))
            done += part
    hashes = [one for stretch in tree.stretches() for one in stretch.hashes]
    assert (tree.whole_size(), hashes) == (done, grown(leaves).hashes)


@pytest.mark.parametrize("is_compiled", [False, True])
def test_columns_grow_a_large_tree(monkeypatch: pytest.MonkeyPatch, is_compiled: bool) -> None:
    if not is_compiled:
        without_compiled(monkeypatch)
    leaves = leaves_of(5_000)
    tree = PartedTree()
    merkle.add_leaves(tree, 0, pl.Series([leaf.hex() for leaf in leaves[:3]]))
    merkle.add_leaves(tree, 3, pl.Series([leaf.hex() for leaf in leaves[3:]]))
    assert tree.heads({5_000}) == {5_000: naive_root(leaves)}
