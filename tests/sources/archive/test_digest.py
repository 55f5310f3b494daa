from __future__ import annotations

import hashlib
import random
import threading
from contextlib import closing
from pathlib import Path

import pytest

from audit_console.sources.archive.digest import BEHIND, WORTH_A_THREAD, Digest
from audit_console.sources.archive.files import find_files


@pytest.mark.parametrize("seed", range(5))
def test_pieces_large_and_small_are_hashed_in_their_order(seed: int) -> None:
    rng = random.Random(seed)
    sizes = rng.choices([0, 1, 1_000, WORTH_A_THREAD - 1, WORTH_A_THREAD, 500_000], k=40)
    pieces = [rng.randbytes(size) for size in sizes]
    with closing(Digest()) as digest:
        for piece in pieces:
            digest.update(piece)
        assert digest.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_one_that_is_given_up_leaves_nothing_behind() -> None:
    digest = Digest()
    digest.update(bytes(WORTH_A_THREAD))
    digest.close()
    with pytest.raises(RuntimeError):
        digest.update(bytes(WORTH_A_THREAD))


def test_few_pieces_are_held_to_be_hashed() -> None:
    with closing(Digest()) as digest:
        for _ in range(2 * BEHIND + 2):
            digest.update(bytes(WORTH_A_THREAD))
            assert len(digest._pending) <= BEHIND + 1


def test_a_file_that_is_closed_leaves_no_thread(log: Path) -> None:
    (file,) = find_files([str(log)])
    before = set(threading.enumerate())
    reader = file.open()
    reader.hash_stored()
    reader.read(WORTH_A_THREAD)
    assert set(threading.enumerate()) > before
    reader.close()
    assert set(threading.enumerate()) == before
