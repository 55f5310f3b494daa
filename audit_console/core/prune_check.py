"""The check of prune records against the chains that they are about.

A chain that begins behind its last record is a pruned log, and must tell of it. Of a chain all
of whose events were deleted by its records, copies are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from audit_console.core.anchors import CLOCK_SKEW, TreeHeads
from audit_console.core.event import format_time
from audit_console.core.findings import CODES, Code, FindingClass, FindingList, finding
from audit_console.core.prunes import PruneHistory, PruneRecord, tells
from audit_console.core.v1_chain import V1Chain
from audit_console.core.vouchers import Vouchers, backed_size
from audit_console.core.wording import seqs


class _Telling(NamedTuple):
    """The event that tells of a prune; no time where its content is not what was hashed."""

    seq: int
    recorded_at: datetime | None


@dataclass(slots=True)
class PruneCheck:
    """Judges the prune records of a log; `chains` are those of its check, as they grow."""

    history: PruneHistory
    vouchers: Vouchers
    findings: FindingList
    chains: Mapping[str, V1Chain]
    _tellings: dict[PruneRecord, _Telling] = field(default_factory=dict)
    _members: dict[PruneRecord, object] = field(default_factory=dict)

    def add_event(self, chain: str, seq: int, details: str, recorded_at: datetime | None) -> None:
        """Take in the details of an event that tells of a prune.

        Args:
            chain: of the event.
            seq: of the event.
            details: of the event.
            recorded_at: of the event; None where it fails its hash.
        """
        for record in self.history.of(chain)[-2:]:
            if record not in self._members:
                self._members[record] = record.members
            if tells(details, self._members[record]):
                telling = _Telling(seq, recorded_at)
                first = self._tellings.setdefault(record, telling)
                self._tellings[record] = min(first, telling, key=lambda told: told.seq)

    def standing(self) -> dict[str, PruneRecord]:
        """Give the prunes that chains begin behind, once all events were taken in.

        A record that no event tells of, and whose events are there, is none: it is reported,
        and the one before it stands.
        """
        standing = {name: self._standing_of(name) for name in self.history.records}
        return {name: record for name, record in standing.items() if record is not None}

    def _standing_of(self, name: str) -> PruneRecord | None:
        record, chain = self.history.latest(name), self.chains.get(name)
        if record is None or chain is None or chain.first_seq is None:
            return record
        if self.is_copy(name):
            return self.history.before(name, chain.first_seq)
        if record not in self._tellings and chain.first_seq <= record.pruned_from:
            return self.history.before(name, record.pruned_from)
        return record

    def is_copy(self, name: str) -> bool:
        """Tell whether the records say of all events of a chain that they were deleted.

        Then they are copies of those. Of a log the newest event stays, so it is none.
        """
        record, chain = self.history.latest(name), self.chains.get(name)
        return record is not None and chain is not None and chain.next_seq <= record.pruned_to

    def fewest_days(self, last: PruneRecord) -> int:
        """Give the fewest days that a prune of a chain kept events for, up to one of them."""
        records = self.history.of(last.chain)
        return min(one.policy_days for one in records if one.pruned_to <= last.pruned_to)

    def report_invalid(self) -> None:
        """Report the records that do not hold."""
        for number, reason in self.history.invalid:
            self.findings.add(
                finding(Code.PRUNE_RECORD_INVALID, f"prune record {number}: {reason}")
            )

    def report_log(self, chain: V1Chain, heads: TreeHeads, *, complete: bool) -> None:
        """Report what is wrong with the prunes of a log, or left open.

        Args:
            chain: begins behind the prune that stands, if there is one.
            heads: what was computed of it.
            complete: whether it was read to its end, where the event is that tells of a prune.
        """
        latest, record = self.history.latest(chain.name), chain.prune
        if latest is not None and latest is not record and complete:
            self._report(Code.PRUNE_RECORD_NOT_IN_CHAIN, latest, latest.pruned_from)
        if record is None:
            return
        self._report_early(record)
        telling = self._tellings.get(record)
        if telling is not None:
            self._report_told_too_early(record, telling)
        elif complete:
            self._report(Code.PRUNE_RECORD_NOT_IN_CHAIN, record, 0)
        told_at = None if telling is None else telling.seq
        backed = backed_size(self.vouchers.heads.get(chain.name, ()), record.cutoff, told_at)
        if backed < record.pruned_to:
            self._report(Code.PRUNE_NOT_BACKED, record, backed)
        elif not self.vouchers.names_witnesses:
            self._report_unmatched(record, heads)

    def report_copy(self, chain: V1Chain, sealed_size: int, unreadable_behind: int | None) -> None:
        """Report what is wrong with copies of deleted events, or left open.

        The log tells of the prunes, not the copies. A checkpoint over some of their events covers
        the hashes of what went before them, but not that it was deleted by retention: who deletes
        the beginning of a log, and forges records over all of it, has those hashes too.

        Args:
            chain: the copies; begins behind the last prune of other events, if there is one.
            sealed_size: events from seq 0 on that a trusted checkpoint covers that they agree with.
            unreadable_behind: lines behind the last event that may have been events; None where
                they were not read to their end.
        """
        if unreadable_behind is not None:
            self._report_end(chain, unreadable_behind)
        record = chain.prune
        if record is None:
            return
        self._report_early(record)
        if sealed_size < record.pruned_to:
            how = "no trusted checkpoint over these events covers what was deleted before them"
            self._report(Code.PRUNE_NOT_BACKED, record, 0, how)
        else:
            how = "that retention deleted what was before these events, the log alone can tell"
            message = _of_range(how, record, 0)
            self.findings.add(finding(Code.PRUNE_NOT_BACKED, message, chain=record.chain))

    def _report_end(self, copies: V1Chain, unreadable_behind: int) -> None:
        """Report that copies do not end as the record says of the prune that they are of."""
        end = copies.next_seq
        record = next(one for one in self.history.of(copies.name) if one.pruned_to >= end)
        missing = record.pruned_to - end
        if missing > unreadable_behind:
            code, first = Code.GAP, end
            message = f"{missing:,} event{'s' if missing > 1 else ''} missing after seq {end - 1:,}"
        elif missing == 0 and not copies.ends_with(record.last_event_hash):
            code, first = Code.PRUNE_RECORD_INVALID, end - 1
            message = f"seq {first:,} is not the event that its record says was deleted last"
        else:
            return
        self.findings.add(
            finding(
                code,
                message,
                chain=copies.name,
                first_seq=first,
                last_seq=record.pruned_to - 1,
            )
        )

    def _report_early(self, last: PruneRecord) -> None:
        for record in self.history.of(last.chain):
            if not record.keeps_policy and record.pruned_to <= last.pruned_to:
                self._report(Code.RETENTION_POLICY_VIOLATED, record, record.pruned_from)

    def _report_unmatched(self, record: PruneRecord, heads: TreeHeads) -> None:
        """Report that a prune makes what this console saw before impossible to compare.

        Whoever holds the log's key alone can write the log anew and delete what would show it.
        """
        seen = self.vouchers.unmatched(record.chain, record.pruned_to, heads.roots)
        if seen is None:
            return
        message = (
            f"no witness says that what was deleted are the first {seen.size:,} events that this "
            f"console verified on {seen.verified_at:%Y-%m-%d}"
        )
        self.findings.add(finding(Code.PRUNE_NOT_BACKED, message, chain=record.chain))

    def _report(self, code: Code, record: PruneRecord, first: int, how: str | None = None) -> None:
        message = _of_range(how or CODES[code].meaning, record, first)
        graver = FindingClass.FAULT if self.vouchers.names_witnesses else None
        self.findings.add(finding(code, message, chain=record.chain, finding_class=graver))

    def _report_told_too_early(self, record: PruneRecord, telling: _Telling) -> None:
        """Report a prune that says that it was applied after the chain had told of it.

        So it would make deleted events older than they were.
        """
        if telling.recorded_at is None or record.applied_at - telling.recorded_at <= CLOCK_SKEW:
            return
        self.findings.add(
            finding(
                Code.PRUNE_RECORD_INVALID,
                f"it was applied at {format_time(record.applied_at)} by itself, and seq "
                f"{telling.seq:,} told of it at {format_time(telling.recorded_at)}",
                chain=record.chain,
                first_seq=telling.seq,
                last_seq=telling.seq,
            )
        )


def _of_range(message: str, record: PruneRecord, first: int) -> str:
    return f"{message} ({seqs(first, record.pruned_to - 1)})"
