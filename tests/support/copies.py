"""What must hold of the copies that retention kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from audit_console.core.findings import Code
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive

WHOLE = {Code.NO_CHECKPOINT, Code.UNSEALED_TAIL}
ANCHORED = WHOLE | {Code.PRUNED_PREFIX, Code.PRUNE_NOT_BACKED}


def require_sound_copies(folder: Path, boundary: int, trust: Trust = NO_TRUST) -> None:
    """Verify the copies of what went before a boundary, each alone and all together."""
    copies = sorted(one for one in folder.glob("*.jsonl.zst") if _first_seq(one) < boundary)
    for copy in copies:
        alone = _verified([copy], trust)
        assert set(alone.counts) <= ANCHORED, alone.findings
        assert [one.first_seq for one in alone.chains] == [_first_seq(copy)]
    if copies:
        together = _verified(copies, trust)
        assert set(together.counts) <= WHOLE, together.findings
        assert together.verified == boundary


def _first_seq(copy: Path) -> int:
    return int(copy.name.split(".")[1])


def _verified(copies: Sequence[Path], trust: Trust) -> Verification:
    with closing(open_archive([str(one) for one in copies], keep=False)) as source:
        return verify(source, trust=trust)
