from __future__ import annotations

import hashlib
import random

import pytest

from audit_console.core.merkle import PartedTree
from audit_console.core.proofs import (
    MAX_HASHES,
    MAX_SIZE,
    LeafRange,
    consistency_parts,
    inclusion_parts,
    is_consistent,
    root_of_inclusion,
)
from tests.support.effort import UNMEASURED
from tests.support.trees import add_leaves, leaves_of, naive_consistency, naive_root

LEAVES = leaves_of(40)

CT_ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
CT_ENTRIES.append("606162636465666768696a6b6c6d6e6f")
CT_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def hashes_of(parts: list[LeafRange], size: int) -> list[bytes]:
    tree = PartedTree(end for part in parts for end in part)
    add_leaves(tree, 0, LEAVES[:size])
    heads = [tree.head(*part) for part in parts]
    return [head for head in heads if head is not None]


@UNMEASURED
def test_every_leaf_of_every_tree_is_proven() -> None:
    for size in range(1, 41):
        root = naive_root(LEAVES[:size])
        for index in range(size):
            hashes = hashes_of(inclusion_parts(index, size), size)
            assert root_of_inclusion(LEAVES[index], index, size, hashes) == root


@UNMEASURED
def test_every_tree_extends_every_smaller_one() -> None:
    leaves = leaves_of(70)
    roots = [naive_root(leaves[:size]) for size in range(71)]
    for new in range(71):
        for old in range(1, new + 1):
            hashes = naive_consistency(old, leaves[:new])
            assert is_consistent(old, roots[old], new, roots[new], hashes)
            assert not is_consistent(old, roots[old - 1], new, roots[new], hashes)
            assert not is_consistent(old, roots[old], new, roots[new - 1], hashes)
        assert not is_consistent(0, roots[0], new, roots[new], [])
        assert not is_consistent(new + 1, roots[new], new, roots[new], [])


@UNMEASURED
def test_the_parts_of_a_tree_are_those_of_the_rfc() -> None:
    for new in range(1, 41):
        for old in range(1, new + 1):
            hashes = hashes_of(consistency_parts(old, new), new)
            assert hashes == naive_consistency(old, LEAVES[:new])


def test_the_published_proofs_of_the_eight_leaves_of_certificate_transparency() -> None:
    leaves = [hashlib.sha256(b"\x00" + bytes.fromhex(entry)).digest() for entry in CT_ENTRIES]
    assert naive_root(leaves).hex() == CT_ROOT
    tree = PartedTree([4, 5, 6])
    add_leaves(tree, 0, leaves)
    assert tree.heads({8}) == {8: bytes.fromhex(CT_ROOT)}
    hashes = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    proof = [bytes.fromhex(one) for one in hashes]
    assert root_of_inclusion(leaves[5], 5, 8, proof) == bytes.fromhex(CT_ROOT)


def test_a_changed_proof_proves_nothing() -> None:
    rng = random.Random(6962)
    for _ in range(200):
        new = rng.randint(2, 40)
        old, index = rng.randint(1, new - 1), rng.randrange(new)
        parts = inclusion_parts(index, new)
        proof = changed(hashes_of(parts, new), rng)
        assert root_of_inclusion(LEAVES[index], index, new, proof) != naive_root(LEAVES[:new])
        proof = changed(hashes_of(consistency_parts(old, new), new), rng)
        roots = naive_root(LEAVES[:old]), naive_root(LEAVES[:new])
        assert not is_consistent(old, roots[0], new, roots[1], proof)


def changed(hashes: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(hashes))
    how = rng.randrange(4)
    if how == 0:
        return hashes[:at] + hashes[at + 1 :]
    if how == 1:
        return [*hashes[:at], hashes[at], *hashes[at:]]
    if how == 2 and len(set(hashes)) > 1:
        return hashes[1:] + hashes[:1]
    flipped = bytes([hashes[at][0] ^ 1]) + hashes[at][1:]
    return [*hashes[:at], flipped, *hashes[at + 1 :]]


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (5, 5), (-1, 4), (0, MAX_SIZE + 1), (0, 1 << 4000)]
)
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    assert root_of_inclusion(LEAVES[0], index, size, []) is None


@pytest.mark.parametrize(("old", "new"), [(0, 4), (5, 4), (-1, 4), (1, 1 << 4000)])
def test_sizes_that_do_not_extend_one_another_are_inconsistent(old: int, new: int) -> None:
    assert not is_consistent(old, b"", new, b"", [])


def test_parts_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no leaf 3 in a tree of 3"):
        inclusion_parts(3, 3)
    with pytest.raises(ValueError, match="a tree of 3 leaves extends none of 4"):
        consistency_parts(4, 3)


def test_a_tree_extends_itself_without_a_hash_and_no_other() -> None:
    root = naive_root(LEAVES)
    assert is_consistent(40, root, 40, root, [])
    assert not is_consistent(40, root, 40, LEAVES[0], [])


def test_the_largest_tree_needs_the_most_hashes() -> None:
    assert len(inclusion_parts(0, MAX_SIZE)) == MAX_HASHES
    assert root_of_inclusion(LEAVES[0], 0, MAX_SIZE, [LEAVES[0]] * MAX_HASHES) is not None
