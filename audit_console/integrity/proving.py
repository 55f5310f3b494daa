"""Makes proofs out of a log: of one event, and that it only grew since a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from operator import attrgetter

import polars as pl

from audit_console.columns.merkle import add_leaves, add_nodes, add_runs
from audit_console.columns.sound import SoundRun
from audit_console.core.checkpoints import Checkpoint, SignedCheckpoint
from audit_console.core.codec import decode_line, encode_line
from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.filters import EVERYTHING
from audit_console.core.hashing import as_hashed
from audit_console.core.merkle import CompactRange, PartedTree
from audit_console.core.proofs import LeafRange, consistency_parts, inclusion_parts
from audit_console.core.prunes import PruneRecord, read_prunes
from audit_console.core.vouchers import SignedHead
from audit_console.errors import AuditConsoleError, NotAsSigned, SourceChanged, UsageError
from audit_console.integrity.proofs import ConsistencyProof, InclusionProof
from audit_console.integrity.trust import Judge, Trust
from audit_console.sources.protocol import AtEvent, Order, Source

_HINT = "see what was done to the log with: audit-console verify"


def prove(source: Source, event_id: str, trust: Trust) -> InclusionProof:
    """Prove that an event is under a checkpoint of its log.

    Args:
        source: a log that keeps its events for pages; it is read twice.
        event_id: id of the event; of several, the first.
        trust: by which the best checkpoint is chosen: a trusted one, else the largest.

    Raises:
        UsageError: there is no such event, or no checkpoint covers it.
        NotAsSigned: the log is not the one that the checkpoint signs.
        AuditConsoleError: the event is not as its hash covers it.
        SourceError: the log cannot be looked at.
    """
    try:
        place = _locate(source, event_id)
    except UnicodeEncodeError:  # half of a surrogate pair, which no log holds
        raise _unknown(event_id) from None
    raw = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtEvent(event_id), limit=1)
    line = raw.rows["raw"][0]
    if line is None:
        raise SourceChanged(
            "the line of the event is no longer where it was read", hint="try again"
        )
    head = _covering(source, place, trust)
    parts = inclusion_parts(place.index, head.size)
    prunes = read_prunes(source.prune_records())
    tree = _tree(parts, _deleted(prunes.before(place.chain or "", place.index)))
    _grow(source, {place.chain: tree})
    covers = "line" if place.chain is None else "entry"
    line = _canonical(line, covers)
    proof = InclusionProof(line, covers, place.index, _heads(tree, parts), head.signed)
    if not proof.holds:
        raise _another_log(head.checkpoint, "its checkpoint")
    return proof


@dataclass(frozen=True, slots=True)
class _Place:
    """Which leaf an event is: of a v1 chain, or with None among the lines that are none."""

    chain: str | None
    index: int
    chains: frozenset[str]


def _locate(source: Source, event_id: str) -> _Place:
    lines, chains = 0, set[str]()
    found: tuple[str | None, int] | None = None
    with closing(source.parts()) as parts:
        for part in parts:
            if isinstance(part, SoundRun):
                chains.add(part.chain)
                found = found or _place_in(part, event_id)
                continue
            events = part.events
            is_v1 = events["scheme"] == Scheme.V1
            chains.update(events.filter(is_v1)["chain"].cast(pl.String).unique().to_list())
            row = (events["id"] == event_id).arg_max() if found is None else None
            if row is not None and events["id"][row] == event_id:
                before = lines + int((~is_v1).head(row).sum())
                chain = events["chain"][row] if is_v1[row] else None
                found = (chain, events["seq"][row] if is_v1[row] else before)
            lines += int((~is_v1).sum())
    if found is None:
        raise _unknown(event_id)
    return _Place(*found, frozenset(chains))


def _place_in(run: SoundRun, event_id: str) -> tuple[str, int] | None:
    for index, event in run.events_with(event_id.encode()):
        if event.id == event_id:
            return run.chain, run.first_seq + index
    return None


def _unknown(event_id: str) -> UsageError:
    return UsageError(
        f"no event with the id {event_id}", hint="find its id with: audit-console search"
    )


def _covering(source: Source, place: _Place, trust: Trust) -> SignedHead:
    heads = trust.vouchers(source.checkpoints()).heads
    own = [
        head
        for name, named in heads.items()
        for head in named
        if head.size > place.index
        and (name == place.chain if place.chain else name not in place.chains)
    ]
    if not own:
        raise UsageError(
            "no checkpoint covers the event",
            hint="make one with: audit-console checkpoint create, or seal",
        )
    return max(own, key=attrgetter("worth"))


def _canonical(line: str, covers: str) -> str:
    """Spell a v1 line as the writer does, as whom its hash covers it."""
    event = decode_line(line)
    if covers == "line" or not isinstance(event, AuditEvent):
        return line
    hashed = as_hashed(event)
    if hashed is None:
        raise AuditConsoleError(
            "the line of the event is not as its hash covers it",
            hint="nothing can be proven of it",
        )
    return encode_line(hashed)


def prove_growth(source: Source, old: SignedCheckpoint, trust: Trust) -> ConsistencyProof:
    """Prove that a log still begins with the events that an old checkpoint signs.

    The newer checkpoint is one of those beside the log, of as many events or more: a trusted
    one, else the largest.

    Args:
        source: a log of which nothing was read yet; it is read once.
        old: a checkpoint of it that was kept elsewhere.
        trust: by whom the old checkpoint is judged, and the newer one chosen.

    Raises:
        UsageError: the old checkpoint is of another log, of no event or of events that
            retention deleted, or there is no newer one.
        NotAsSigned: the log has not the events that one of the two signs, or the signature
            of the old one is not by its key.
        SourceError: the log cannot be looked at.
    """
    origin, size = old.checkpoint.origin, old.checkpoint.size
    deleted = _deleted(read_prunes(source.prune_records()).latest(origin))
    _refuse_old(old, deleted.size, trust)
    heads = trust.vouchers(source.checkpoints()).heads.get(origin, ())
    new = max((head for head in heads if head.size >= size), key=attrgetter("worth"), default=None)
    parts = consistency_parts(size, new.size) if new else []
    cuts = [LeafRange(0, size), *parts]
    trees = {origin: _tree(cuts, deleted), None: _tree(cuts, CompactRange())}
    chains = _grow(source, trees)
    if origin not in chains and not heads:
        raise UsageError(
            f"the old checkpoint is of {origin}, and this log is not",
            hint="name the log that it was taken of",
        )
    tree = trees[origin if origin in chains else None]
    _require_tree(tree, old.checkpoint, "the old checkpoint")
    if new is None:
        raise UsageError(
            f"no checkpoint beside the log covers the {size:,} events of the old one",
            hint="make one with: audit-console checkpoint create, or seal",
        )
    _require_tree(tree, new.checkpoint, "its checkpoint")
    return ConsistencyProof(old, new.signed, _heads(tree, parts))


def _refuse_old(old: SignedCheckpoint, deleted: int, trust: Trust) -> None:
    """Refuse an old checkpoint from which nothing can be proven, whatever the log holds."""
    judged = Judge(trust.policy).judge(old)
    if not isinstance(judged, SignedHead):
        raise NotAsSigned(
            f"the signature of {judged.name} under the old checkpoint is not by its key",
            hint="it was altered, or the policy has another key of that name",
        )
    size = old.checkpoint.size
    if size == 0:
        raise UsageError(
            "the old checkpoint signs no event: every log goes on from it",
            hint="name one that was made later",
        )
    if size < deleted:
        raise UsageError(
            f"the old checkpoint signs {size:,} events, and retention deleted the first "
            f"{deleted:,}: nothing is left that could show it",
            hint=f"name one that signs {deleted:,} events or more",
        )


def _require_tree(tree: PartedTree, checkpoint: Checkpoint, name: str) -> None:
    """Hold the log to what a checkpoint signs.

    Raises:
        NotAsSigned: it has fewer events, or others.
    """
    size = checkpoint.size
    if tree.heads({size}).get(size) == checkpoint.root:
        return
    there = max((stretch.size for stretch in tree.stretches()), default=0)
    if there < size:
        raise NotAsSigned(
            f"the log has {there:,} events, and {name} signs {size:,}: the end is missing",
            hint=_HINT,
        )
    raise _another_log(checkpoint, name)


def _another_log(checkpoint: Checkpoint, name: str) -> NotAsSigned:
    return NotAsSigned(
        f"the first {checkpoint.size:,} events of the log are not those that {name} signs",
        hint=_HINT,
    )


def _deleted(record: PruneRecord | None) -> CompactRange:
    """Give the tree of what retention deleted of a chain up to a prune."""
    return record.tree() if record else CompactRange()


def _tree(parts: Iterable[LeafRange], deleted: CompactRange) -> PartedTree:
    """Begin a tree whose parts can be told, with the subtrees of what is gone.

    No part may begin or end inside one of these subtrees.
    """
    tree = PartedTree(end for part in parts for end in part)
    for first, count, root in deleted.subtrees():
        _add_subtree(tree, first, count, root)
    return tree


def _add_subtree(tree: PartedTree, first: int, count: int, root: bytes) -> None:
    height = count.bit_length() - 1
    tree.add(first, count, lambda part, _done, _count: part.append_subtree(root, height))


def _heads(tree: PartedTree, parts: Iterable[LeafRange]) -> tuple[bytes, ...]:
    """Give the heads of the parts, as far as the log has their leaves."""
    heads = (tree.head(*part) for part in parts)
    return tuple(head for head in heads if head is not None)


def _grow(source: Source, trees: Mapping[str | None, PartedTree]) -> set[str]:
    """Read a log into trees: of v1 chains by name, under None of the lines that are none.

    Returns:
        the v1 chains of the log.
    """
    lines, chains = 0, set[str]()
    with closing(source.parts()) as parts:
        for part in parts:
            if isinstance(part, SoundRun):
                chains.add(part.chain)
                if part.chain in trees:
                    add_nodes(trees[part.chain], part.first_seq, part.hashes)
                continue
            is_v1 = pl.col("scheme") == Scheme.V1
            events = part.events.filter(is_v1)
            chains.update(events["chain"].cast(pl.String).unique().to_list())
            for chain, tree in trees.items():
                if chain is not None:
                    own = events.filter(pl.col("chain") == chain)
                    add_runs(tree, own["seq"], own["computed_hash"])
            if None in trees:
                hashes = part.events.filter(~is_v1)["line_hash"]
                add_leaves(trees[None], lines, hashes.drop_nulls())
                lines += hashes.len()
    return chains
