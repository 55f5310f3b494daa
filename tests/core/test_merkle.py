from __future__ import annotations

import base64
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.merkle import EMPTY_ROOT, CompactRange, PartedTree, node_hash
from tests.support.effort import examples
from tests.support.places import V1_VECTORS
from tests.support.trees import add_leaves, grown, leaves_of, naive_root

EXPECTED = json.loads((V1_VECTORS.parent / "expected.json").read_text(encoding="utf-8"))
HASHES: list[str] = EXPECTED["event_hash"]


@pytest.mark.parametrize("size", EXPECTED["root_base64"])
def test_the_tree_heads_of_the_vectors(size: str) -> None:
    tree = grown([bytes.fromhex(one) for one in HASHES[: int(size)]])
    assert base64.b64encode(tree.root()).decode() == EXPECTED["root_base64"][size]


def test_a_tree_that_is_taken_up_tells_the_heads_at_its_subtrees() -> None:
    leaves = leaves_of(20)
    tree = PartedTree([4, 8, 12, 14, 16])
    add_leaves(tree, 9, leaves[9:])
    tree.take_up(CompactRange.of(14, grown(leaves[:14]).hashes))
    told = {size: naive_root(leaves[:size]) for size in (8, 12, 14, 16, 20)}
    assert tree.heads({4, 8, 10, 12, 14, 16, 20}) == told


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


def parents(nodes: bytes) -> bytes:
    return b"".join(
        node_hash(nodes[at : at + 32], nodes[at + 32 : at + 64]) for at in range(0, len(nodes), 64)
    )


@examples(100)
@given(st.integers(0, 20), st.lists(st.integers(0, 40), max_size=4))
def test_leaves_hashed_level_by_level_are_those_added_one_by_one(
    begin: int, counts: list[int]
) -> None:
    together, singly = CompactRange(begin), CompactRange(begin)
    leaves = iter(leaves_of(sum(counts)))
    for count in counts:
        some = [next(leaves) for _ in range(count)]
        together.append_level(b"".join(some), parents)
        singly.extend(some)
        assert (together.size, together.hashes) == (singly.size, singly.hashes)


@st.composite
def cuttings(draw: st.DrawFn) -> tuple[int, list[int], list[tuple[int, int]]]:
    """A number of leaves, cuts, and runs of the leaves in any order, some of them twice."""
    count = draw(st.integers(1, 60))
    cuts = draw(st.lists(st.integers(0, count + 5), max_size=6))
    ends = sorted({0, count, *draw(st.lists(st.integers(1, count), max_size=8))})
    runs = [(begin, end - begin) for begin, end in pairwise(ends)]
    again = draw(st.lists(st.sampled_from(runs), max_size=2))
    return count, cuts, draw(st.permutations([*runs, *again]))


@examples(150)
@given(cuttings())
def test_leaves_in_any_order_give_every_head(
    cutting: tuple[int, list[int], list[tuple[int, int]]],
) -> None:
    count, cuts, runs = cutting
    leaves = leaves_of(count)
    tree = PartedTree(cuts)
    for first, length in runs:
        add_leaves(tree, first, leaves[first : first + length])
    wanted = {size for size in (*cuts, count) if 0 < size <= count}
    assert tree.heads(wanted) == {size: naive_root(leaves[:size]) for size in wanted}


def test_a_hole_ends_what_can_be_told() -> None:
    leaves = leaves_of(20)
    tree = PartedTree([4, 8, 16])
    add_leaves(tree, 9, leaves[9:])
    add_leaves(tree, 0, leaves[:8])
    assert tree.heads({4, 8, 16, 20}) == {size: naive_root(leaves[:size]) for size in (4, 8)}
    add_leaves(tree, 8, leaves[8:9])
    assert tree.heads({16, 20}) == {size: naive_root(leaves[:size]) for size in (16, 20)}


def test_parts_that_do_not_touch_stay_apart() -> None:
    leaves = leaves_of(20)
    tree = PartedTree([16])
    add_leaves(tree, 9, leaves[9:])
    add_leaves(tree, 0, leaves[:8])
    assert tree.heads({16, 20}) == {}
    add_leaves(tree, 8, leaves[8:9])
    assert tree.heads({16, 20}) == {size: naive_root(leaves[:size]) for size in (16, 20)}


def test_a_parted_tree_goes_on_where_a_range_ends() -> None:
    leaves = leaves_of(20)
    tree = PartedTree([5, 11, 16])
    tree.take_up(grown(leaves[:11]))
    add_leaves(tree, 3, leaves[3:])
    assert tree.heads({5, 16, 20}) == {size: naive_root(leaves[:size]) for size in (16, 20)}


def test_heads_between_cuts() -> None:
    leaves = leaves_of(16)
    tree = PartedTree([4, 8, 12])
    add_leaves(tree, 0, leaves)
    assert tree.head(4, 8) == naive_root(leaves[4:8])
    assert tree.head(8, 16) == naive_root(leaves[8:])
    assert tree.head(8, 10) is None
    assert tree.head(12, 20) is None


def test_a_reversed_log_is_one_stretch_at_any_time() -> None:
    leaves = leaves_of(300)
    tree = PartedTree()
    for index in range(299, -1, -1):
        add_leaves(tree, index, leaves[index : index + 1])
    assert tree.heads({300}) == {300: naive_root(leaves)}
    assert len(list(tree.stretches())) == 1


@pytest.mark.parametrize(("begin", "end"), [(0, 0), (0, 13), (3, 13), (5, 8), (12, 16)])
def test_a_range_tells_its_subtrees(begin: int, end: int) -> None:
    leaves = leaves_of(16)
    part = CompactRange(begin)
    part.extend(leaves[begin:end])
    told = list(part.subtrees())
    assert [first for first, _, _ in told] == [
        begin + sum(n for _, n, _ in told[:i]) for i in range(len(told))
    ]
    assert sum(count for _, count, _ in told) == end - begin
    for first, count, root in told:
        assert count & (count - 1) == first % count == 0
        assert root == naive_root(leaves[first : first + count])


def test_a_parted_tree_tells_its_stretches_and_where_the_first_hole_is() -> None:
    leaves = leaves_of(20)
    tree = PartedTree([4])
    assert tree.whole_size() == 0
    add_leaves(tree, 0, leaves[:8])
    add_leaves(tree, 10, leaves[10:])
    assert tree.whole_size() == 8
    assert [(part.begin, part.size) for part in tree.stretches()] == [(0, 4), (4, 8), (10, 20)]
