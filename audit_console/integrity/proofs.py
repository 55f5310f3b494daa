"""Proof files: why an event is under a checkpoint, or a checkpoint goes on from an older one.

Nobody needs the log to check one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from audit_console.core.checkpoints import SignedCheckpoint, decode_signed_checkpoint
from audit_console.core.codec import EVENT_HASH_TAIL, Malformed, decode_line
from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.hashing import leaf_hash
from audit_console.core.proofs import is_consistent, root_of_inclusion

INCLUSION = "audit-console/proof/1"
CONSISTENCY = "audit-console/consistency/1"
MAX_PROOF_BYTES = 2 << 20

_HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """An event's line, its place in the tree of a checkpoint, and the way to the tree head.

    The leaf is the hash of the line's entry in format v1, and of the whole line in a log
    that was sealed, as `covers` says: `entry` or `line`.
    """

    line: str
    covers: str
    index: int
    hashes: tuple[bytes, ...]
    signed: SignedCheckpoint

    @property
    def leaf(self) -> bytes:
        """The Merkle leaf of the line."""
        covered = self.line.encode()
        if self.covers == "entry":
            covered = covered[:-EVENT_HASH_TAIL]
        return bytes.fromhex(leaf_hash(covered))

    @property
    def holds(self) -> bool:
        """Whether the line is the leaf at its place under the checkpoint's tree head."""
        checkpoint = self.signed.checkpoint
        root = root_of_inclusion(self.leaf, self.index, checkpoint.size, self.hashes)
        return root == checkpoint.root and (self.covers == "line" or self._is_in_place())

    def _is_in_place(self) -> bool:
        """Whether a v1 line says itself which leaf of which chain it is, and its own hash."""
        event = decode_line(self.line)
        return (
            isinstance(event, AuditEvent)
            and event.scheme is Scheme.V1
            and (event.chain, event.seq) == (self.signed.checkpoint.origin, self.index)
            and event.event_hash == self.leaf.hex()
        )


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Two checkpoints of one log, and the hashes that lead from the older to the newer one."""

    old: SignedCheckpoint
    signed: SignedCheckpoint
    hashes: tuple[bytes, ...]

    @property
    def holds(self) -> bool:
        """Whether the tree of the newer checkpoint begins with that of the older one."""
        old, new = self.old.checkpoint, self.signed.checkpoint
        return old.origin == new.origin and is_consistent(
            old.size, old.root, new.size, new.root, self.hashes
        )


def encode_proof(proof: InclusionProof | ConsistencyProof) -> str:
    """Print a proof as the text of its file."""
    document = _inclusion(proof) if isinstance(proof, InclusionProof) else _consistency(proof)
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _inclusion(proof: InclusionProof) -> dict[str, object]:
    checkpoint = proof.signed.checkpoint
    return {
        "schema": INCLUSION,
        "chain": checkpoint.origin,
        "line": proof.line,
        "covers": proof.covers,
        "index": proof.index,
        "size": checkpoint.size,
        "hashes": [one.hex() for one in proof.hashes],
        "checkpoint": str(proof.signed.note),
    }


def _consistency(proof: ConsistencyProof) -> dict[str, object]:
    return {
        "schema": CONSISTENCY,
        "old_checkpoint": str(proof.old.note),
        "hashes": [one.hex() for one in proof.hashes],
        "checkpoint": str(proof.signed.note),
    }


def decode_proof(text: str) -> InclusionProof | ConsistencyProof | Malformed:
    """Read the text of a proof file."""
    try:
        values = json.loads(text)
        schema = values["schema"]
        if schema == INCLUSION:
            return _read_inclusion(values)
        if schema == CONSISTENCY:
            return _read_consistency(values)
    except json.JSONDecodeError:
        return Malformed("not a proof: no JSON in UTF-8")
    except UnicodeEncodeError:
        return Malformed("not a proof: half a character stands in it")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        return Malformed(f"not a proof: {type(error).__name__}: {error}"[:200])
    return Malformed(f"not a proof file of schema {INCLUSION} or {CONSISTENCY}")


def _read_inclusion(values: dict[str, object]) -> InclusionProof:
    line, index, covers = values["line"], values["index"], values["covers"]
    if not isinstance(line, str) or covers not in {"entry", "line"}:
        raise TypeError("line or covers is of another type")
    if not isinstance(index, int) or isinstance(index, bool):
        raise TypeError("index is of another type")
    line.encode()  # half characters have no bytes to be hashed
    signed = _read_checkpoint(values["checkpoint"])
    checkpoint = signed.checkpoint
    if (values["size"], values["chain"]) != (checkpoint.size, checkpoint.origin):
        raise ValueError("size or chain is not that of the checkpoint")
    return InclusionProof(line, str(covers), index, _read_hashes(values["hashes"]), signed)


def _read_consistency(values: dict[str, object]) -> ConsistencyProof:
    old = _read_checkpoint(values["old_checkpoint"])
    signed = _read_checkpoint(values["checkpoint"])
    return ConsistencyProof(old, signed, _read_hashes(values["hashes"]))


def _read_checkpoint(note: object) -> SignedCheckpoint:
    if not isinstance(note, str):
        raise TypeError("a checkpoint is of another type")
    signed = decode_signed_checkpoint(note)
    if isinstance(signed, Malformed):
        raise ValueError(signed.reason)  # noqa: TRY004 - a text, but not of a checkpoint
    return signed


def _read_hashes(hashes: object) -> tuple[bytes, ...]:
    if not isinstance(hashes, list):
        raise TypeError("hashes is of another type")
    if not all(_HASH.fullmatch(one) for one in hashes):
        raise ValueError("a hash is not 64 lower-case hex digits")
    return tuple(bytes.fromhex(one) for one in hashes)
