"""C2SP tlog-policy: whose keys a verifier trusts, and how many witnesses it asks for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from audit_console.core.notes import KeyType, VerifierKey, parse_vkey
from audit_console.errors import PolicyError

NO_QUORUM = "none"

_NOT_ALLOWED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and groups of whom `threshold` must have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Trusted logs and witnesses.

    Attributes:
        logs: keys of logs; the name of a key is the chain that it may sign.
        witnesses: keys of witnesses by the name that the policy gives them.
        groups: in the order of their lines, so that members stand before their group.
        quorum: name of the witness or group that must have cosigned, or `none`.
        text: as it was written.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: dict[str, VerifierKey]
    groups: dict[str, Group]
    quorum: str
    text: str

    @property
    def content(self) -> bytes:
        """The bytes of the file that the text was read from."""
        return self.text.encode(errors="surrogateescape")

    @property
    def sha256(self) -> str:
        """Hash of the content, in hex, for reports."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def chains(self) -> tuple[str, ...]:
        """The chains that the policy names."""
        return tuple(dict.fromkeys(key.name for key in self.logs))

    def is_reached_by(self, cosigners: Collection[str]) -> bool:
        """Tell whether these witnesses, by the policy's names, make the quorum."""
        if self.quorum == NO_QUORUM:
            return True
        reached = set(cosigners)
        for name, group in self.groups.items():
            if sum(member in reached for member in group.members) >= group.threshold:
                reached.add(name)
        return self.quorum in reached


def parse_policy(text: str) -> Policy:
    """Read the text of a policy.

    Raises:
        PolicyError: a line is wrong, or there is not one quorum.
    """
    reader = _Reader()
    lines = text.removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        try:
            reader.read(line)
        except ValueError as error:
            raise PolicyError(number, str(error), hint=_HINT) from None
    if reader.quorum is None:
        raise PolicyError(len(lines), "the policy ends without a quorum", hint=_HINT)
    return Policy(
        logs=tuple(reader.logs),
        witnesses=reader.witnesses,
        groups=reader.groups,
        quorum=reader.quorum,
        text=text,
    )


_HINT = "a policy has lines such as: log <vkey>, witness <name> <vkey>, quorum <name> or none"


@dataclass(slots=True)
class _Reader:
    """What the lines so far say; each method takes the words of one kind of line."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str | None = None
    _grouped: set[str] = field(default_factory=set)

    def read(self, line: str) -> None:
        if _NOT_ALLOWED.search(line):
            raise ValueError("a control character")
        words = [word for word in re.split("[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            return
        kinds: dict[str, Callable[[Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if words[0] not in kinds:
            raise ValueError(f"a line begins with {' or '.join(kinds)}, not with {words[0]!r}")
        kinds[words[0]](words[1:])

    def _log(self, words: Sequence[str]) -> None:
        if len(words) not in {1, 2}:
            raise ValueError("a log is: log <vkey> [<url>]")
        self.logs.append(_new_key(words[0], KeyType.LOG, self.logs))

    def _witness(self, words: Sequence[str]) -> None:
        if len(words) not in {2, 3}:
            raise ValueError("a witness is: witness <name> <vkey> [<url>]")
        key = _new_key(words[1], KeyType.WITNESS, self.witnesses.values())
        self.witnesses[self._new_name(words[0])] = key

    def _group(self, words: Sequence[str]) -> None:
        if len(words) < 3:
            raise ValueError("a group is: group <name> all|any|<number> <member>…")
        name, wanted, *members = words
        threshold = {"all": len(members), "any": 1}.get(wanted)
        if threshold is None:
            threshold = int(wanted) if _THRESHOLD.fullmatch(wanted) else 0
        if not 1 <= threshold <= len(members):
            raise ValueError(f"{wanted!r} is not all, any or a number up to {len(members)}")
        for member in members:
            self._require_known(member)
            if member in self._grouped:
                raise ValueError(f"{member!r} is in a group already")
            self._grouped.add(member)
        self.groups[self._new_name(name)] = Group(threshold, tuple(members))

    def _quorum(self, words: Sequence[str]) -> None:
        if len(words) != 1:
            raise ValueError("a quorum is: quorum <name>, or: quorum none")
        if self.quorum is not None:
            raise ValueError("a second quorum")
        if words[0] != NO_QUORUM:
            self._require_known(words[0])
        self.quorum = words[0]

    def _new_name(self, name: str) -> str:
        if name == NO_QUORUM or name in self.witnesses or name in self.groups:
            raise ValueError(f"the name {name!r} is taken")
        return name

    def _require_known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise ValueError(f"{name!r} is no witness or group of a line before")


def _new_key(vkey: str, wanted: KeyType, known: Collection[VerifierKey]) -> VerifierKey:
    key = parse_vkey(vkey)
    if key.key_type is not wanted:
        raise ValueError(f"{key.name} is no key of a {wanted.name.lower()}")
    if any(key.public == other.public for other in known):
        raise ValueError("the same key a second time")
    return key
