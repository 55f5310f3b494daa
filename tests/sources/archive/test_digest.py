from __future__ import annotations

import hashlib
import random
from contextlib import closing

import pytest

from audit_console.sources.archive.digest import WORTH_A_THREAD, Digest


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
