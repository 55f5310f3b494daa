"""The result of a verification, as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from audit_console.core.chain_map import ChainMap
from audit_console.core.event import Scheme
from audit_console.core.findings import Code, Finding, Verdict
from audit_console.sources.protocol import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSummary:
    """What was seen of one chain.

    `events` = `verified` + `failed` + `not_checked`. `chain` is the chain's name, or the
    scheme in parentheses where events carry none. `first_seq` and `last_seq` are
    None outside format v1. `root` (32 bytes) is None where it was not asked for, or
    where the chain is not whole and in order from its first seq on.
    `sealed_size` is the size of the largest trusted checkpoint.
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
    uncovered_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Integrity and coverage of one log, as far as `status` says it was read.

    `findings` lists the first of each code, `counts` counts all. `cannot_show`
    are sentences on what this run does not establish. `maps` has a map for each of
    the chains that come first.
    """

    verdict: Verdict
    chains: tuple[ChainSummary, ...]
    findings: tuple[Finding, ...]
    counts: Mapping[Code, int]
    cannot_show: tuple[str, ...]
    status: Status
    maps: tuple[ChainMap, ...] = ()

    @property
    def verified(self) -> int:
        """Events whose content and link were checked and hold."""
        return sum(chain.verified for chain in self.chains)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A verification under way: what was read, and faults (class F) found so far.

    `maps` makes the maps as they stand now; to be called before the next batch is read.
    """

    status: Status
    faults: int
    maps: Callable[[], tuple[ChainMap, ...]] = tuple
