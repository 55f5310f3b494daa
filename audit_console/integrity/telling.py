"""What a finished check tells of a log: its chains, its trees, and what stays open."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from audit_console.core.anchors import Anchoring
from audit_console.core.chain import LogCheck
from audit_console.core.event import UNCOVERED_FIELDS, Scheme
from audit_console.core.linked_chain import LinkedChain
from audit_console.core.prune_check import PruneCheck
from audit_console.core.v1_chain import V1Chain
from audit_console.core.vouchers import Remembered
from audit_console.core.wording import count
from audit_console.integrity.trees import TreeGrower
from audit_console.integrity.verification import ChainSummary, Tree
from audit_console.sources.protocol import Status


def summaries(check: LogCheck, trees: TreeGrower) -> Iterator[ChainSummary]:
    """Give what was seen of each chain, once a check is finished."""
    strays = check.misplaced
    unnamed = strays[""]
    for name, chain in check.v1_chains.items():
        has_strays = bool(strays[name] or strays[""])  # without them it is not known to be whole
        root = None if has_strays else trees.root_of(chain)
        yield _v1_summary(chain, check.anchorings[name], strays[name] + unnamed, root)
        unnamed = 0
    if unnamed:
        yield _strays_summary(unnamed)
    if check.orchestrator is not None:
        root = trees.root_of_lines()
        yield _orchestrator_summary(check.orchestrator, check, root)
    if check.unhashed:
        yield _unhashed_summary(check, trees.root_of_lines())


def sealed_events(check: LogCheck, chain: ChainSummary) -> int:
    """Tell how many events of a chain, from its first on, are sealed for certain.

    A seal over lines counts all that are none of v1; where they are of two schemes, a
    seal over a part of them does not say how many are of each.
    """
    if chain.scheme is Scheme.V1 or chain.events == check.other_lines:
        return chain.covered
    return chain.covered if check.sealed_lines == check.other_lines else 0


def whole_trees(check: LogCheck, trees: TreeGrower) -> Iterator[Tree]:
    """Give the whole trees; one that the policy names only if a checkpoint holds.

    Copies of what a log deleted are no log, and end before it does.
    """
    expected = check.vouchers.expected
    for name, anchoring in check.anchorings.items():
        chain = check.v1_chains.get(name)
        root = trees.root_of_lines() if chain is None else trees.root_of(chain)
        size = check.other_lines if chain is None else chain.next_seq
        if check.prune_check.is_copy(name):
            continue
        known = anchoring.vouched or (chain is not None and name not in expected)
        if known and root is not None and anchoring.unmatched is None:
            yield Tree(name, size, root)


def _v1_summary(
    chain: V1Chain, anchoring: Anchoring, strays: int, root: bytes | None
) -> ChainSummary:
    events = chain.tally.events + strays
    failed = min(chain.tally.failed + strays, events)
    return ChainSummary(
        chain=chain.name,
        scheme=Scheme.V1,
        first_seq=chain.first_seq,
        last_seq=chain.next_seq - 1,
        events=events,
        verified=events - failed,
        failed=failed,
        not_checked=0,
        head_hash=chain.head_hash,
        root=root,
        sealed_size=anchoring.sealed_size,
        sealed_by=anchoring.sealed_by,
        signed=anchoring.signed,
        vouched=anchoring.vouched,
        unmatched=anchoring.unmatched,
    )


def _strays_summary(count: int) -> ChainSummary:
    """Count events that all fail their own hashes, so that none is believed about its chain."""
    return ChainSummary(
        chain=f"({Scheme.V1})",
        scheme=Scheme.V1,
        events=count,
        verified=0,
        failed=count,
        not_checked=0,
    )


def _orchestrator_summary(chain: LinkedChain, check: LogCheck, root: bytes | None) -> ChainSummary:
    failed = min(chain.tally.failed, chain.tally.events)
    not_checked = min(check.imprecise, chain.tally.events - failed)
    sealed = check.sealed_lines == check.other_lines
    return ChainSummary(
        chain=chain.name,
        scheme=Scheme.ORCHESTRATOR,
        events=chain.tally.events,
        verified=chain.tally.events - failed - not_checked,
        failed=failed,
        not_checked=not_checked,
        head_hash=chain.head_hash,
        root=root,
        sealed_size=check.sealed_lines,
        sealed_by=check.seal,
        uncovered_fields=() if sealed else UNCOVERED_FIELDS[Scheme.ORCHESTRATOR],
    )


def _unhashed_summary(check: LogCheck, root: bytes | None) -> ChainSummary:
    open_events = check.unverifiable
    return ChainSummary(
        chain=f"({Scheme.UNHASHED})",
        scheme=Scheme.UNHASHED,
        events=check.unhashed,
        verified=check.unhashed - open_events,
        failed=0,
        not_checked=open_events,
        root=root,
        sealed_size=check.sealed_lines,
        sealed_by=check.seal,
        uncovered_fields=UNCOVERED_FIELDS[Scheme.UNHASHED] if open_events else (),
    )


def cannot_show(check: LogCheck, status: Status) -> Iterator[str]:
    """Say in sentences what this run leaves open."""
    if not status.complete:
        yield "Anything about the part of the log that was not read."
    if not check.anchorings or not all(one.vouched for one in check.anchorings.values()):
        yield (
            "That no events were cut off at the end, or that the whole log was not rewritten: "
            "neither a trusted checkpoint nor an earlier verification by this console vouches "
            "for it."
        )
    yield from _prunes_cannot_show(check.prune_check, check.v1_chains)
    for anchoring in check.anchorings.values():
        if anchoring.unmatched is not None:
            yield _unmatched(anchoring.unmatched)
    if check.sealed_lines:
        yield "What was done to the lines before they were sealed."
    if check.sealed_lines < check.other_lines:
        yield "That the fields listed as not covered are as they were written."
    if check.imprecise:
        yield "That the events whose hash cannot be computed again are as they were written."
    if check.unverifiable:
        yield "That events without hashes are genuine, complete or in their order."
    yield "That what was logged is what happened, or that all that happened was logged."


def _prunes_cannot_show(prunes: PruneCheck, chains: Collection[str]) -> Iterator[str]:
    for chain, record in prunes.standing().items():
        if chain in chains:
            yield (
                f"That events of {chain} had to be kept for no more than "
                f"{count(prunes.fewest_days(record), 'day')}: its prunes say so of themselves."
            )
    for chain in filter(prunes.is_copy, chains):
        yield (
            f"What the log {chain} holds: here are copies of events that retention deleted of it, "
            "by prune records of which only events of the log itself can tell."
        )


def _unmatched(seen: Remembered) -> str:
    return (
        f"That what retention deleted of {seen.chain} began with the {seen.size:,} events that "
        f"this console verified on {seen.verified_at:%Y-%m-%d}: too little of them is left to "
        "compare. The console goes on remembering those, until you tell it to forget them."
    )
