"""The result of a verification, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit_console.core.anchors import SignedHead
from audit_console.core.event import Scheme
from audit_console.core.findings import Code, Finding, Verdict
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
    memory holds.
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
    uncovered_fields: tuple[str, ...] = ()


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

    `findings` lists the first of each code, `counts` counts all. `cannot_show`
    are sentences on what this run does not establish. `trees` are those that a
    console may remember, if there is no fault. `policy_sha256` names the policy.
    """

    verdict: Verdict
    chains: tuple[ChainSummary, ...]
    findings: tuple[Finding, ...]
    counts: Mapping[Code, int]
    cannot_show: tuple[str, ...]
    status: Status
    trees: tuple[Tree, ...] = ()
    policy_sha256: str | None = None

    @property
    def verified(self) -> int:
        """Events whose content and link were checked and hold."""
        return sum(chain.verified for chain in self.chains)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A verification under way: what was read, and faults (class F) found so far."""

    status: Status
    faults: int
