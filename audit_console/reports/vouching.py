"""What a report says of checkpoints, of the console's memory and of what was deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

from audit_console.core.event import format_time
from audit_console.core.merkle import root_text
from audit_console.core.prunes import PruneRecord
from audit_console.core.vouchers import Remembered, SignedHead
from audit_console.core.wording import count, seqs
from audit_console.integrity.verification import Verification
from audit_console.reports.document import Field, Section, exact, named, worded
from audit_console.reports.model import standing_of

MOST_LISTED = 100
"""Checkpoints that are listed of a chain. All are counted."""


def vouching_sections(verification: Verification) -> tuple[Section, ...]:
    """Lay out what the log was held against."""
    vouchers = verification.vouchers
    chains = sorted(vouchers.heads.items())
    return (
        Section(title="Checkpoints", parts=tuple(_of_chain(*chain) for chain in chains)),
        Section(
            title="Remembered by this console",
            parts=tuple(map(_remembered, vouchers.remembered.values())),
        ),
        Section(title="Deleted by retention", parts=tuple(map(_prune, verification.prunes))),
    )


def largest_of(heads: Sequence[SignedHead]) -> list[SignedHead]:
    """Give the checkpoints that are listed, the largest first, trusted ones before others."""
    return sorted(heads, key=attrgetter("worth"), reverse=True)[:MOST_LISTED]


def _of_chain(chain: str, heads: Sequence[SignedHead]) -> Section:
    trusted = sum(head.trusted for head in heads)
    listed = largest_of(heads)[:1]
    return Section(
        title=named(chain),
        fields=(
            worded("stored", f"{len(heads):,}: {trusted:,} trusted by the policy"),
            *(field for head in listed for field in _of_head(head)),
        ),
    )


def _of_head(head: SignedHead) -> Iterator[Field]:
    yield worded("largest", standing_of(head))
    yield exact("signed", head.checkpoint.root_text)


def _remembered(seen: Remembered) -> Section:
    return Section(
        title=named(seen.chain),
        fields=(
            worded("seen", f"the first {seen.size:,} events at {format_time(seen.verified_at)}"),
            exact("root", root_text(seen.root)),
        ),
    )


def _prune(record: PruneRecord) -> Section:
    return Section(
        title=named(record.chain),
        fields=(
            worded("deleted", seqs(0, record.pruned_to - 1)),
            worded("kept", count(record.policy_days, "day")),
            worded("cut-off", format_time(record.cutoff)),
            worded("applied", format_time(record.applied_at)),
            exact("by", record.actor),
            worded("reason", record.reason),
            exact("record", record.sha256),
        ),
    )
