"""Whose word counts for a log: a policy, and what this console saw before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from operator import attrgetter
from typing import cast

from audit_console.core.checkpoints import (
    SignedCheckpoint,
    decode_signed_checkpoint,
    decode_stored_checkpoint,
)
from audit_console.core.codec import Malformed
from audit_console.core.findings import Code, FindingList, finding
from audit_console.core.notes import MAX_SIGNATURES, Note, NoteSignature, VerifierKey
from audit_console.core.policy import Policy
from audit_console.core.vouchers import Remembered, SignedHead, Vouchers
from audit_console.signing import cosigned_at, is_signed


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verification may believe besides the log.

    Attributes:
        policy: whose checkpoints count; without one, nobody's do.
        remembered: the trees that this console verified before, by chain.
        checkpoints: notes kept elsewhere than beside the log, as `Source.checkpoints` gives them.
        sealed_as: the name under which lines that are none of v1 are held to what is remembered,
            also where no checkpoint beside them bears it.
    """

    policy: Policy | None = None
    remembered: Mapping[str, Remembered] = field(default_factory=dict)
    checkpoints: Sequence[str] = ()
    sealed_as: str | None = None

    def vouchers(self, stored: Sequence[str], recorded: Sequence[str] = ()) -> Vouchers:
        """Judge the checkpoints beside a log by their signatures.

        Args:
            stored: as `Source.checkpoints` gives them.
            recorded: notes within prune records; most are copies of stored ones.
        """
        judge = Judge(self.policy)
        heads: dict[str, list[SignedHead]] = {} if self.sealed_as is None else {self.sealed_as: []}
        faults, doubtful = FindingList(), set[str | None]()
        for name, read, is_recorded in _readings((*stored, *self.checkpoints), recorded):
            if isinstance(read, Malformed):
                doubtful.add(None)
                _report(faults, read.code, None, f"{name}: {read.reason}")
                continue
            judged = judge.judge(read)
            if isinstance(judged, SignedHead):
                head = replace(judged, recorded=is_recorded)
                heads.setdefault(head.checkpoint.origin, []).append(head)
            else:
                chain, size = read.checkpoint.origin, read.checkpoint.size
                doubtful.add(chain)
                what = f"the signature of {judged.name} over the first {size:,} events"
                _report(
                    faults,
                    Code.CHECKPOINT_BAD_SIGNATURE,
                    chain,
                    f"{name}: {what} is not by its key",
                )
        return Vouchers(
            heads={name: judge.together(named) for name, named in heads.items()},
            faults=faults,
            doubtful=doubtful,
            judged=self.policy is not None,
            expected=() if self.policy is None else self.policy.chains,
            names_witnesses=self.policy is not None and bool(self.policy.witnesses),
            remembered=self.remembered,
        )


def _readings(
    stored: Sequence[str], recorded: Sequence[str]
) -> Iterator[tuple[str, SignedCheckpoint | Malformed, bool]]:
    """Read checkpoints, each with what to call it; those that only prune records hold, once."""
    seen: set[Note] = set()
    for number, line in enumerate(stored, 1):
        read = decode_stored_checkpoint(line)
        if isinstance(read, SignedCheckpoint):
            seen.add(read.note)
        yield f"checkpoint {number}", read, False
    for text in recorded:
        read = decode_signed_checkpoint(text)
        if isinstance(read, SignedCheckpoint) and read.note not in seen:
            seen.add(read.note)
            yield "the checkpoint of a prune record", read, True


NO_TRUST = Trust()
"""Nothing but the log itself: its end stays open."""


@dataclass(frozen=True, slots=True)
class BadSignature:
    """A signature under the name and the id of a known key that this key did not make."""

    name: str

    def __str__(self) -> str:
        return f"the signature of {self.name} is not by its key"


class Judge:
    """Checks the signatures of checkpoints by the keys that a policy knows."""

    def __init__(self, policy: Policy | None) -> None:
        self._policy = policy
        self._logs: dict[_KeyName, VerifierKey] = {}
        self._witnesses: dict[_KeyName, tuple[str, VerifierKey]] = {}
        if policy is not None:
            self._logs = {(key.name, key.key_id): key for key in policy.logs}
            self._witnesses = {
                (key.name, key.key_id): (name, key) for name, key in policy.witnesses.items()
            }
        self._known = {*self._logs, *self._witnesses}
        self._names = {name for name, _ in self._known}
        self._ids = {key_id for _, key_id in self._known}
        self._is_signed = cache(is_signed)  # whoever has one signature can write it many times
        self._cosigned_at = cache(cosigned_at)

    def judge(self, signed: SignedCheckpoint) -> SignedHead | BadSignature:
        """Tell who signed a checkpoint; one bad signature of a known key spoils it."""
        text, origin = signed.note.text, signed.checkpoint.origin
        by_log = altered = False
        cosigned: dict[str, int] = {}
        for signature in signed.note.signatures:
            named = signature.name, signature.key_id
            if named in self._logs:
                if not self._is_signed(self._logs[named], text, signature):
                    return BadSignature(signature.name)
                by_log = by_log or signature.name == origin
            elif named in self._witnesses:
                witness, key = self._witnesses[named]
                seconds = self._cosigned_at(key, text, signature)
                if seconds is None:
                    return BadSignature(signature.name)
                cosigned[witness] = min(seconds, cosigned.get(witness, seconds))
            else:
                altered = altered or self._resembles_known(signature)
        return self._head(signed, cosigned, by_log=by_log, altered=altered)

    def strangers(self, signed: SignedCheckpoint) -> list[str]:
        """Name who signed a checkpoint by a key that the policy does not know."""
        signatures = signed.note.signatures
        return [one.name for one in signatures if (one.name, one.key_id) not in self._known]

    def together(self, heads: Sequence[SignedHead]) -> list[SignedHead]:
        """Take what known keys signed of one text in several notes as signed in one.

        Witnesses sign apart from each other, and a log may keep, or a reader be given, a note
        for each. What is by nobody known, or altered, stays as it is and is told.
        """
        alike: dict[tuple[str, int], list[SignedHead]] = {}
        for number, head in enumerate(heads, 1):
            is_known = (head.by_log or head.cosigned) and not head.altered
            alike.setdefault((head.note.text, 0 if is_known else number), []).append(head)
        return [self._as_one(group) for group in alike.values()]

    def _as_one(self, heads: Sequence[SignedHead]) -> SignedHead:
        if len(heads) == 1:
            return heads[0]
        made = [signature for head in heads for signature in head.note.signatures]
        made.sort(key=attrgetter("signature"))  # a witness's begins with the time: its first counts
        by_key: dict[_KeyName, NoteSignature] = {}
        for known in (self._logs, self._witnesses):
            for signature in made:
                named = signature.name, signature.key_id
                if named in known:
                    by_key.setdefault(named, signature)
        note = Note(heads[0].note.text, tuple(by_key.values())[:MAX_SIGNATURES])
        # Each signature held in a note of its own, so that none is bad here.
        judged = cast("SignedHead", self.judge(SignedCheckpoint(heads[0].checkpoint, note)))
        return replace(judged, recorded=all(head.recorded for head in heads))

    def _resembles_known(self, signature: NoteSignature) -> bool:
        return signature.name in self._names or signature.key_id in self._ids

    def _head(
        self, signed: SignedCheckpoint, cosigned: dict[str, int], *, by_log: bool, altered: bool
    ) -> SignedHead:
        policy = self._policy
        return SignedHead(
            checkpoint=signed.checkpoint,
            note=signed.note,
            by_log=by_log,
            trusted=by_log and policy is not None and policy.is_reached_by(cosigned),
            altered=altered,
            cosigned=cosigned,
            trusted_since=None if policy is None else _quorum_time(policy, cosigned),
        )


_KeyName = tuple[str, bytes]
"""Name and id, by which a signature names its key."""


def _quorum_time(policy: Policy, cosigned: Mapping[str, int]) -> int | None:
    """Tell when as many witnesses as needed had cosigned; the first one where none is needed."""
    for seconds in sorted(cosigned.values()):
        so_far = [witness for witness, at in cosigned.items() if at <= seconds]
        if policy.is_reached_by(so_far):
            return seconds
    return None


def _report(faults: FindingList, code: Code, chain: str | None, message: str) -> None:
    faults.report(code, lambda code: finding(code, message, chain=chain))
