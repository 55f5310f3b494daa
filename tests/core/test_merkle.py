from __future__ import annotations

import base64
import json

import pytest

from audit_console.core.merkle import EMPTY_ROOT, CompactRange, node_hash
from tests.support.places import V1_VECTORS
from tests.support.trees import grown, leaves_of, naive_root

EXPECTED = json.loads((V1_VECTORS.parent / "expected.json").read_text(encoding="utf-8"))
HASHES: list[str] = EXPECTED["event_hash"]


@pytest.mark.parametrize("size", EXPECTED["root_base64"])
def test_the_tree_heads_of_the_vectors(size: str) -> None:
    tree = grown([bytes.fromhex(one) for one in HASHES[: int(size)]])
    assert base64.b64encode(tree.root()).decode() == EXPECTED["root_base64"][size]


@pytest.mark.parametrize("size", EXPECTED["compact_range_hex"])
def test_the_compact_ranges_of_the_vectors(size: str) -> None:
    tree = grown([bytes.fromhex(one) for one in HASHES[: int(size)]])
    assert [one.hex() for one in tree.hashes] == EXPECTED["compact_range_hex"][size]


def test_every_size_has_the_root_of_the_rfc() -> None:
    leaves = leaves_of(130)
    for size in range(131):
        tree = grown(leaves[:size])
        assert tree.root() == naive_root(leaves[:size])
        assert (tree.size, len(tree.hashes)) == (size, size.bit_count())
    assert CompactRange().root() == EMPTY_ROOT


def test_a_subtree_stands_for_its_leaves() -> None:
    leaves = leaves_of(8)
    tree = grown(leaves[:4])
    tree.append_subtree(node_hash(*leaves[4:6]), 1)
    tree.extend(leaves[6:])
    assert tree.root() == naive_root(leaves)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_a_subtree_that_does_not_fit_is_refused(size: int) -> None:
    tree = grown(leaves_of(size))
    with pytest.raises(ValueError, match="no subtree of height 2 fits"):
        tree.append_subtree(b"\x00" * 32, 2)
    assert tree.size == size


def test_a_tree_is_taken_up_where_it_was_left() -> None:
    leaves = leaves_of(13)
    left = grown(leaves[:11])
    tree = CompactRange.of(11, left.hashes)
    tree.extend(leaves[11:])
    assert tree.root() == naive_root(leaves)
    with pytest.raises(ValueError, match="3 hashes for a tree of 12 leaves"):
        CompactRange.of(12, left.hashes)
