"""The result of a verification, as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from audit_console.core.chain_map import ChainMap
from audit_console.core.event import Scheme
from audit_console.core.findings import Code, Finding, Verdict
from audit_console.core.prunes import PruneRecord
from audit_console.core.vouchers import Remembered, SignedHead, Vouchers
from audit_console.sources.protocol import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSummary:
    """What was seen of one chain.

    `events` = `verified` + `failed` + `not_checked`. `chain` is the chain's name, or the
    scheme in parentheses where events carry none. `first_seq` and `last_seq` are
    None outside format v1. `root` (32 bytes) is the tree head over the events, outside
    format v1 over the lines; None where it was not asked for, or the chain is not whole.
    `sealed_size` is the size of the largest trusted checkpoint, `sealed_by` the largest
    one that the log agrees with, `signed` the largest that the log signed, cosigned or
    not. `vouched` says that a trusted checkpoint or the console's
    memory holds. `unmatched` is what the console remembers of events that retention deleted,
    if too little of them is left to compare.
    """

    chain: str
    scheme: Scheme
    first_seq: int | None = None
    last_seq: int | None = None
    events: int
    verified: int
    failed: int
    not_checked: int
    head_hash: str | None = None
    root: bytes | None = None
    sealed_size: int = 0
    sealed_by: SignedHead | None = None
    signed: SignedHead | None = None
    vouched: bool = False
    unmatched: Remembered | None = None
    uncovered_fields: tuple[str, ...] = ()

    @property
    def covered(self) -> int:
        """Events from the first one on that a trusted checkpoint covers and agrees with."""
        return 0 if self.sealed_by is None else self.sealed_by.size


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole chain, or all lines that are none of v1 under the name of their seal.

    `root` is the Merkle tree head (32 bytes) over its first `size` leaves.
    """

    chain: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Integrity and coverage of one log, as far as `status` says it was read.

    `findings` lists the first of each code, `counts` counts all, `faults` those of class F.
    `cannot_show` are sentences on what this run does not establish. `maps` has a map for each
    of the chains that come first. `trees` are those that a console may remember, if there
    is no fault; none that would replace what cannot be compared any more.
    `policy_sha256` names the policy.
    `vouchers` are what the log was held against, `prunes` the last record of each chain.
    """

    verdict: Verdict
    chains: tuple[ChainSummary, ...]
    findings: tuple[Finding, ...]
    counts: Mapping[Code, int]
    faults: int
    cannot_show: tuple[str, ...]
    status: Status
    maps: tuple[ChainMap, ...] = ()
    trees: tuple[Tree, ...] = ()
    policy_sha256: str | None = None
    vouchers: Vouchers = field(default_factory=Vouchers)
    prunes: tuple[PruneRecord, ...] = ()

    @property
    def verified(self) -> int:
        """Events whose content and link were checked and hold."""
        return sum(chain.verified for chain in self.chains)

    @property
    def failed(self) -> int:
        """Events whose content or link does not hold."""
        return sum(chain.failed for chain in self.chains)

    @property
    def not_checked(self) -> int:
        """Events that carry nothing to check."""
        return sum(chain.not_checked for chain in self.chains)

    @property
    def sealed(self) -> int:
        """Events that trusted checkpoints cover and agree with."""
        if not any(chain.covered for chain in self.chains):
            return 0
        return max(0, sum(chain.events for chain in self.chains) - self.unsealed)

    @property
    def unsealed(self) -> int:
        """Events behind those; a seal over lines is one of all chains without numbers."""
        numbered = [chain for chain in self.chains if chain.last_seq is not None]
        others = [chain for chain in self.chains if chain.last_seq is None]
        lines = sum(chain.events for chain in others)
        sealed_lines = max((chain.covered for chain in others), default=0)
        return max(0, lines - sealed_lines) + sum(map(_unsealed, numbered))


def _unsealed(chain: ChainSummary) -> int:
    return max(0, (chain.last_seq or 0) + 1 - max(chain.covered, chain.first_seq or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A verification under way: what was read, and faults (class F) found so far.

    `maps` makes the maps as they stand now; to be called before the next batch is read.
    """

    status: Status
    faults: int
    maps: Callable[[], tuple[ChainMap, ...]] = tuple
