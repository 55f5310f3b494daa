"""What vouches for a chain from outside, held against what the log holds.

A signed tree head, or the one that this console remembers, tells how many events
there were and what they were. The chain check accuses single events; here only what
it leaves open is judged, so that one edit gives one finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from audit_console.core.findings import Code, Finding, finding
from audit_console.core.merkle import EMPTY_ROOT
from audit_console.core.vouchers import SignedHead, Vouchers
from audit_console.core.wording import count

CLOCK_SKEW = timedelta(minutes=5)
"""How far the writer's clock may be ahead of a witness's."""

ANY_SIZE = 1 << 63


class NewestEvent(NamedTuple):
    """The event of some that says that it was recorded last."""

    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class TreeHeads:
    """What was computed of one chain.

    Attributes:
        roots: tree heads by size, as far as they can be told.
        newest: the event with the largest `recorded_at` that a cosigned head covers, by size.
    """

    roots: Mapping[int, bytes] = field(default_factory=dict)
    newest: Mapping[int, NewestEvent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the log holds of one chain.

    Attributes:
        size: events from seq 0 to the last one, those that retention deleted included.
        pruned: how many of them retention deleted.
        heads: what was computed of them.
        sound: events from seq 0 on about which the chain check has nothing to say.
        unreadable_behind: lines behind the last event that may have been events.
        complete: whether the log was read to its end.
        is_copy: whether it is no log but copies of what retention deleted of one.
    """

    size: int
    pruned: int = 0
    heads: TreeHeads = TreeHeads()
    sound: int = ANY_SIZE
    unreadable_behind: int = 0
    complete: bool = True
    is_copy: bool = False

    def is_beyond(self, head: SignedHead) -> bool:
        """Tell whether a prune record brought a checkpoint along that goes on behind a copy."""
        return self.is_copy and head.recorded and head.size > self.size


class Anchoring:
    """The judgement of one chain.

    Attributes:
        findings: what is wrong or open, and that the tail is not sealed.
        sealed_size: size of the largest trusted checkpoint.
        vouched: whether a trusted checkpoint or the console's memory holds.
        sealed_by: the largest trusted checkpoint that the log agrees with.
        signed: the largest checkpoint by the log that it agrees with, cosigned or not.
        is_told: whether a finding says that something is wrong or open.
        has_voucher: whether there is anything that vouches for an undamaged chain.
        unmatched: what is remembered of deleted events, and cannot be compared any more.
    """

    def __init__(self, chain: str, vouchers: Vouchers, measured: Measured) -> None:
        self._chain = chain
        self._vouchers = vouchers
        self._log = measured
        heads = vouchers.heads.get(chain, ())
        self._heads = [head for head in heads if not measured.is_beyond(head)]
        self._by_log = sorted((head for head in self._heads if head.by_log), key=_size)
        self._agreed = list(self._agreeing())
        trusted = [head for head in self._by_log if head.trusted]
        self.sealed_size = max(map(_size, trusted), default=0)
        self.unmatched = vouchers.unmatched(chain, measured.pruned, measured.heads.roots)
        self.signed = self._agreed[-1] if self._agreed else None
        sealing = [head for head in self._agreed if head.trusted and head.size > 0]
        self.sealed_by = sealing[-1] if sealing else None
        faults = list(self._faults())
        self._memory_holds = not faults and self._is_remembered()
        unvouched = chain in vouchers.expected or not self._memory_holds
        self.vouched = self.sealed_by is not None or not unvouched
        told = [*faults, *self._untrusted()]
        self.is_told = bool(told)
        self.has_voucher = self.sealed_size > 0 or chain in vouchers.remembered
        self.findings = [*told, *self._unsealed_tail()]

    def _agreeing(self) -> Iterator[SignedHead]:
        for head in self._by_log:
            if self._head_at(head.size) == head.checkpoint.root:
                yield head

    def _head_at(self, size: int) -> bytes | None:
        """Give the computed head, None where it cannot be told or other findings explain it."""
        if size > self._log.sound:
            return None
        return EMPTY_ROOT if size == 0 else self._log.heads.roots.get(size)

    def _faults(self) -> Iterator[Finding]:
        signed = [
            found
            for found in (self._split_view(), self._truncation(), self._other_root())
            if found is not None
        ]
        yield from signed
        newer = self._newer_event()
        if newer is not None:
            yield newer
        if not signed:
            remembered = self._contradiction()
            if remembered is not None:
                yield remembered

    def _split_view(self) -> Finding | None:
        size = min(self._split_sizes(), default=None)
        if size is None:
            return None
        return self._finding(
            Code.SPLIT_VIEW, f"the log signed two tree heads for its first {size:,} events", 0, size
        )

    def _split_sizes(self) -> set[int]:
        roots: dict[int, set[bytes]] = {}
        for head in self._by_log:
            roots.setdefault(head.size, set()).add(head.checkpoint.root)
        return {size for size, signed in roots.items() if len(signed) > 1}

    def _truncation(self) -> Finding | None:
        signed = max(map(_size, self._by_log), default=0)
        if not self._lacks(signed):
            return None
        message = f"{_events(signed - self._log.size)} missing at the end that were signed"
        return self._finding(Code.TAIL_TRUNCATED, message, self._log.size, signed)

    def _lacks(self, size: int) -> bool:
        """Tell whether fewer events are there, and unreadable lines do not explain it."""
        return self._log.complete and size - self._log.size > self._log.unreadable_behind

    def _other_root(self) -> Finding | None:
        split = self._split_sizes()
        agreed = 0
        for head in self._by_log:
            computed = self._head_at(head.size)
            if head.size in split or computed is None:
                continue
            if computed == head.checkpoint.root:
                agreed = head.size
                continue
            return self._finding(
                Code.CHECKPOINT_ROOT_MISMATCH,
                f"the first {head.size:,} events are not those that were signed",
                agreed,
                head.size,
                stored=head.checkpoint.root,
                computed=computed,
            )
        return None

    def _newer_event(self) -> Finding | None:
        for head in self._agreed:
            newest = self._log.heads.newest.get(head.size)
            if newest is None or not head.cosigned:
                continue
            ahead = newest.recorded_at.timestamp() - min(head.cosigned.values())
            if ahead > CLOCK_SKEW.total_seconds():
                return self._finding(
                    Code.EVENT_NEWER_THAN_COSIGNATURE,
                    f"seq {newest.seq:,} says that it was recorded {int(ahead):,} s after a "
                    "witness had cosigned it: the writer's clock ran ahead",
                    newest.seq,
                    newest.seq + 1,
                )
        return None

    def _contradiction(self) -> Finding | None:
        seen = self._vouchers.remembered.get(self._chain)
        if seen is None:
            return None
        if self._lacks(seen.size):
            return self._finding(
                Code.ROLLBACK,
                f"{_events(seen.size - self._log.size)} missing at the end that this console "
                f"verified on {seen.verified_at:%Y-%m-%d}",
                self._log.size,
                seen.size,
            )
        computed = self._head_at(seen.size)
        if computed is None or computed == seen.root:
            return None
        return self._finding(
            Code.HISTORY_REWRITTEN,
            f"the first {seen.size:,} events are not those that this console verified on "
            f"{seen.verified_at:%Y-%m-%d}",
            0,
            seen.size,
            stored=seen.root,
            computed=computed,
        )

    def _is_remembered(self) -> bool:
        seen = self._vouchers.remembered.get(self._chain)
        return seen is not None and self._head_at(seen.size) == seen.root

    def _untrusted(self) -> Iterator[Finding]:
        if not self._vouchers.judged:
            return
        foreign = sum(not head.by_log or head.altered for head in self._heads)
        if foreign:
            some = f"{foreign:,} of {len(self._heads):,} checkpoints"
            message = f"{some} with signatures only of keys that the policy does not know"
        elif self._by_log and not any(head.trusted for head in self._by_log):
            message = "the log signed checkpoints, but not the witnesses that the policy asks for"
        else:
            return
        yield self._finding(Code.UNTRUSTED_CHECKPOINT, message)

    def _unsealed_tail(self) -> Iterator[Finding]:
        seen = self._vouchers.remembered.get(self._chain)
        vouched = max(self.sealed_size, seen.size if seen and self._memory_holds else 0)
        if self._log.complete and 0 < vouched < self._log.size:
            message = f"{_events(self._log.size - vouched)} after what is vouched for"
            yield self._finding(Code.UNSEALED_TAIL, message, vouched, self._log.size)

    def _finding(  # noqa: PLR0913 - a range and two hashes, as findings have them
        self,
        code: Code,
        message: str,
        begin: int | None = None,
        end: int | None = None,
        *,
        stored: bytes | None = None,
        computed: bytes | None = None,
    ) -> Finding:
        return finding(
            code,
            message,
            chain=self._chain,
            first_seq=begin if end else None,
            last_seq=end - 1 if end else None,
            stored=None if stored is None else stored.hex(),
            computed=None if computed is None else computed.hex(),
        )


def _size(head: SignedHead) -> int:
    return head.size


def _events(events: int) -> str:
    return f"{count(events, 'event')} {'is' if events == 1 else 'are'}"
