"""What there is outside a log that says something about it: checkpoints, and what was seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from audit_console.core.checkpoints import Checkpoint, SignedCheckpoint
from audit_console.core.findings import FindingList
from audit_console.core.notes import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """A checkpoint as a policy sees it.

    Attributes:
        checkpoint: what is signed.
        note: the checkpoint with its signatures.
        by_log: a key that the policy gives this log signed it.
        trusted: and so many witnesses as the policy asks for.
        altered: a signature carries the name or the id of a known key, but not both.
        cosigned: POSIX seconds by witness, under the policy's names.
        trusted_since: POSIX seconds at which the quorum was reached; None without witnesses.
        recorded: it stands in a prune record, and nowhere else.
    """

    checkpoint: Checkpoint
    note: Note
    by_log: bool = False
    trusted: bool = False
    altered: bool = False
    cosigned: Mapping[str, int] = field(default_factory=dict)
    trusted_since: int | None = None
    recorded: bool = False

    @property
    def size(self) -> int:
        """Events that it covers."""
        return self.checkpoint.size

    @property
    def worth(self) -> tuple[bool, bool, int, int]:
        """By which the best of several is found: trusted, by the log, large, much signed."""
        return self.trusted, self.by_log, self.size, len(self.note.signatures)

    @property
    def signed(self) -> SignedCheckpoint:
        """The checkpoint as it was read, without the policy's view."""
        return SignedCheckpoint(self.checkpoint, self.note)


@dataclass(frozen=True, slots=True)
class Remembered:
    """A tree of `size` leaves with the head `root`, as it was when it was verified."""

    chain: str
    size: int
    root: bytes
    verified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouchers:
    """What there is outside a log that says something about it.

    Attributes:
        heads: checkpoints by the chain that they name.
        faults: what is wrong with stored checkpoints themselves.
        doubtful: the chains that these name; None where one names none.
        judged: whether there was a policy by which to judge the checkpoints.
        expected: chains that the policy names.
        names_witnesses: whether the policy names any.
        remembered: the trees that this console verified before, by chain.
    """

    heads: Mapping[str, Sequence[SignedHead]] = field(default_factory=dict)
    faults: FindingList = field(default_factory=FindingList)
    doubtful: Collection[str | None] = frozenset()
    judged: bool = False
    expected: Sequence[str] = ()
    names_witnesses: bool = False
    remembered: Mapping[str, Remembered] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Every chain of which anything is said."""
        return {*self.heads, *self.remembered}

    def remembered_of(self, judged: Collection[str]) -> Vouchers:
        """Leave out what is remembered of other logs, whose names are nobody's business here."""
        kept = {name: seen for name, seen in self.remembered.items() if name in judged}
        return replace(self, remembered=kept)

    def unmatched(self, chain: str, pruned: int, roots: Mapping[int, bytes]) -> Remembered | None:
        """Give what is remembered of deleted events, if too little of them is left to compare.

        Args:
            chain: its name.
            pruned: how many events retention deleted.
            roots: tree heads of the chain by size, as far as they can be told.
        """
        seen = self.remembered.get(chain)
        is_gone = seen is not None and seen.size < pruned and seen.size not in roots
        return seen if is_gone else None

    def sizes(self, chain: str) -> set[int]:
        """Give the numbers of events at which the head of a chain is to be compared."""
        sizes = {head.size for head in self.heads.get(chain, ()) if head.by_log}
        if chain in self.remembered:
            sizes.add(self.remembered[chain].size)
        return sizes


def backed_size(heads: Sequence[SignedHead], cutoff: datetime, told_at: int | None) -> int:
    """Count the events that trusted checkpoints from before a cut-off cover, from seq 0 on.

    A witness's clock says when. Without witnesses nothing does: then the checkpoint must
    not cover the event that tells of the deletion.

    Args:
        heads: the checkpoints of the chain.
        cutoff: of the retention.
        told_at: seq of the event that tells of it.
    """
    return max(
        (head.size for head in heads if head.trusted and _is_from_before(head, cutoff, told_at)),
        default=0,
    )


def _is_from_before(head: SignedHead, cutoff: datetime, told_at: int | None) -> bool:
    if head.trusted_since is None:
        return told_at is not None and head.size <= told_at
    return head.trusted_since <= cutoff.timestamp()
