#!/usr/bin/env python3
"""Checks an evidence package again, with Python 3.8 or newer and nothing else.

    python3 -I check.py case.zip     the package as one file
    python3 -I check.py FOLDER       the package unpacked; without an argument, this folder

It computes the SHA-256 of every file, the Merkle tree heads from the lines and the rest of
the trees, and the Ed25519 signatures. It ends with 0 if all of it holds, with 1 if anything
does not, and with 3 if the policy that was named vouches for a part alone. A script out of a
package is as trustworthy as the package: take it from the project,
`audit-console evidence --script`, when it matters. With -I no module is taken from its folder.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import time
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Iterator, NamedTuple  # noqa: UP035 - Python 3.8 has it here

SCHEMA = "audit-console/evidence/1"
MANIFEST, MANIFEST_HASH, MANIFEST_NOTE = "manifest.json", "manifest.sha256", "manifest.note"
EVENTS, PLACES, POLICY, REPORT = "events.jsonl", "places.jsonl", "policy.txt", "report.json"
SEAL_BYTES = 64
HASH_TAIL = re.compile(rb',"event_hash":"([0-9a-f]{64})"\}\Z')
CHUNK = 1 << 20
LARGEST_READ_WHOLE = 64 << 20
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
IS_ENCRYPTED = 1


DAMAGED = "it was damaged or changed. Ask who made the package for another copy."


class Refused(Exception):
    """The package is not what it was made as; says in a sentence why."""


# --- files ---------------------------------------------------------------------------


class Folder:
    """A package that was unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Give the names of all files."""
        return sorted(path.name for path in self._path.iterdir())

    def open(self, name: str) -> IO[bytes]:
        """Open a file to be read."""
        return (self._path / name).open("rb")


class Archive:
    """A package as one file."""

    def __init__(self, path: Path) -> None:
        require_seal(path)
        self._zip = zipfile.ZipFile(path)
        for entry in self._zip.infolist():
            if entry.compress_type not in PACKINGS or entry.flag_bits & IS_ENCRYPTED:
                raise Refused(f"{entry.filename!a} is encrypted, or packed as no console packs.")

    def names(self) -> list[str]:
        """Give the names of all files."""
        return sorted(self._zip.namelist())

    def open(self, name: str) -> IO[bytes]:
        """Open a file to be read."""
        return self._zip.open(name)


def require_seal(path: Path) -> None:
    """Refuse a file that does not end with the SHA-256 of all that is before it, in hex."""
    left = path.stat().st_size - SEAL_BYTES
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while left > 0:
            chunk = file.read(min(CHUNK, left))
            digest.update(chunk)
            left -= len(chunk) or left
        if file.read() != digest.hexdigest().encode():
            raise Refused("The file was changed: it does not end with the SHA-256 of the rest.")


def read_whole(package: Folder | Archive, name: str) -> bytes:
    """Read a file that is small in every honest package."""
    with package.open(name) as file:
        content = file.read(LARGEST_READ_WHOLE + 1)
    if len(content) > LARGEST_READ_WHOLE:
        raise Refused(f"{name!a} is too large.")
    return content


def text_of(content: bytes, name: str) -> str:
    """Read bytes of a file as text."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Refused(f"{name} holds bytes that are no UTF-8: {DAMAGED}") from None


def json_of(content: bytes, name: str) -> Any:
    """Read bytes of a file as JSON."""
    try:
        return json.loads(text_of(content, name))
    except ValueError:
        raise Refused(f"{name} holds what is no JSON: {DAMAGED}") from None


def whole_number(value: Any) -> int:
    """Read a number out of JSON, where a text, a fraction or a truth value can stand as well."""
    if type(value) is not int or value < 0:
        raise Refused("A place or a size is no whole number.")
    return value


def lines_of(package: Folder | Archive, name: str) -> Iterator[bytes]:
    """Give the lines of a file without their newlines."""
    with package.open(name) as file:
        while line := file.readline(LARGEST_READ_WHOLE + 1):
            if len(line) > LARGEST_READ_WHOLE:
                raise Refused(f"{name} holds a line that is too long.")
            if not line.endswith(b"\n"):
                raise Refused(f"{name} ends in the middle of a line.")
            yield line[:-1]


def hash_of(package: Folder | Archive, name: str, most: int) -> tuple[int, str]:
    """Give length and SHA-256 of a file; of one that is too long, of its beginning."""
    digest, length = hashlib.sha256(), 0
    with package.open(name) as file:
        while length <= most:
            chunk = file.read(CHUNK)
            if not chunk:
                break
            digest.update(chunk)
            length += len(chunk)
    return length, digest.hexdigest()


# --- Ed25519, RFC 8032 ---------------------------------------------------------------

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)


class Point(NamedTuple):
    """A point of the curve, in extended coordinates."""

    x: int
    y: int
    z: int
    t: int


def add_points(left: Point, right: Point) -> Point:
    """Add two points."""
    a = (left.y - left.x) * (right.y - right.x) % PRIME
    b = (left.y + left.x) * (right.y + right.x) % PRIME
    c = 2 * left.t * right.t * CURVE_D % PRIME
    d = 2 * left.z * right.z % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return Point(e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def multiply(factor: int, point: Point) -> Point:
    """Add a point to itself so many times."""
    total = Point(0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = add_points(total, point)
        point = add_points(point, point)
        factor >>= 1
    return total


def decode_point(encoded: bytes) -> Point:
    """Read a point; bytes that are none are refused."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if y >= PRIME or (x * x - square) % PRIME or (sign and not x):
        raise Refused("A public key is not a point of the curve.")
    x = PRIME - x if x & 1 != sign else x
    return Point(x, y, 1, x * y % PRIME)


def encode_point(point: Point) -> bytes:
    """Write a point as 32 bytes."""
    inverse = pow(point.z, PRIME - 2, PRIME)
    x, y = point.x * inverse % PRIME, point.y * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode_point((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the owner of a public key signed the message."""
    scalar = int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or scalar >= ORDER:
        return False
    key = decode_point(public)
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(hashed, "little") % ORDER
    minus_key = Point(PRIME - key.x, key.y, key.z, PRIME - key.t)
    expected = add_points(multiply(scalar, BASE), multiply(challenge, minus_key))
    return encode_point(expected) == signature[:32]


# --- C2SP signed notes and policies --------------------------------------------------

LOG_KEY, WITNESS_KEY = 1, 4
KEY_BYTES = 33
VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


def from_base64(text: str) -> bytes:
    """Read base64 in its one spelling."""
    content = base64.b64decode(text)
    if base64.b64encode(content).decode() != text:
        raise Refused("A key or signature is not spelled as base64 is.")
    return content


class Key:
    """A verifier key, `<name>+<key id>+<base64 of type and public key>`."""

    def __init__(self, vkey: str) -> None:
        parts = VKEY.fullmatch(vkey)
        material = from_base64(parts.group(3)) if parts else b""
        if not parts or len(material) != KEY_BYTES or material[0] not in (LOG_KEY, WITNESS_KEY):
            raise Refused(f"Not a key: {vkey!a}.")
        self.name, self.kind, self.public = parts.group(1), material[0], material[1:]
        self.key_id = hashlib.sha256(self.name.encode() + b"\n" + material).digest()[:4]
        if self.key_id.hex() != parts.group(2):
            raise Refused(f"Not the id of the key: {vkey!a}.")

    def signed_at(self, text: str, signature: bytes) -> int | None:
        """Say when the key signed a text, 0 if it tells no time; None if it did not."""
        if self.kind == LOG_KEY:
            return 0 if is_signed(self.public, text.encode(), signature) else None
        (seconds,) = struct.unpack(">Q", signature[:8])
        message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        return int(seconds) if is_signed(self.public, message, signature[8:]) else None


def signers_of(note: str, keys: dict[str, Key]) -> tuple[str, dict[str, int]]:
    """Give a note's text, and who of `keys` signed it when; a bad signature is refused."""
    text, _, signed = note.rpartition("\n\n")
    if not signed.endswith("\n"):
        raise Refused("A signed note ends in the middle of a line.")
    signers = {}
    for line in signed[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        signature = from_base64(encoded)
        if dash != "\u2014":
            raise Refused("A line of a signed note is no signature.")
        for label, key in keys.items():
            if (key.name, key.key_id) == (name, signature[:4]):
                seconds = key.signed_at(text + "\n", signature[4:])
                if seconds is None:
                    raise Refused(f"The signature of {name!a} is not by its key.")
                signers[label] = seconds
    return text + "\n", signers


NOT_IN_POLICIES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
THRESHOLD = re.compile("[1-9][0-9]{0,8}")


class Policy:
    """Whose signatures count, and how many witnesses there must be (C2SP tlog-policy).

    Read as strictly as `audit-console verify` reads it: what one refuses, both refuse.
    """

    def __init__(self, content: bytes) -> None:
        self._logs: dict[str, Key] = {}
        self._witnesses: dict[str, Key] = {}
        self._groups: list[tuple[str, int, list[str]]] = []
        self._names: set[str] = set()
        self._ungrouped: set[str] = set()
        self._quorum: str | None = None
        for line in content.decode(errors="surrogateescape").split("\n"):
            words = [word for word in re.split("[ \t]+", line) if word]
            if NOT_IN_POLICIES.search(line):
                raise Refused("The policy has a control character.")
            if words and not words[0].startswith("#") and not self._takes(words[0], words[1:]):
                raise Refused(f"A line of the policy has no meaning: {line!a}.")
        if self._quorum is None:
            raise Refused("The policy ends without a quorum.")

    def _takes(self, kind: str, words: list[str]) -> bool:
        if kind == "log" and len(words) in (1, 2):
            return self._takes_key(self._logs, words[0], words[0], LOG_KEY)
        if kind == "witness" and len(words) in (2, 3):
            is_new = self._takes_name(words[0])
            return is_new and self._takes_key(self._witnesses, words[0], words[1], WITNESS_KEY)
        if kind == "group" and len(words) > 2:
            return self._takes_group(words[0], words[1], words[2:])
        is_quorum = kind == "quorum" and len(words) == 1 and words[0] in {"none", *self._names}
        if not is_quorum or self._quorum is not None:
            return False
        self._quorum = words[0]
        return True

    def _takes_key(self, keys: dict[str, Key], label: str, vkey: str, kind: int) -> bool:
        key = Key(vkey)
        is_new = key.public not in [known.public for known in keys.values()]
        keys[label] = key
        return is_new and key.kind == kind

    def _takes_name(self, name: str) -> bool:
        is_new = name not in {"none", *self._names}
        self._names.add(name)
        self._ungrouped.add(name)
        return is_new

    def _takes_group(self, name: str, wanted: str, members: list[str]) -> bool:
        wanted = {"any": "1", "all": str(len(members))}.get(wanted, wanted)
        fits = THRESHOLD.fullmatch(wanted) and int(wanted) <= len(members)
        if not fits or len(set(members)) < len(members) or not self._ungrouped.issuperset(members):
            return False
        self._ungrouped.difference_update(members)
        self._groups.append((name, int(wanted), members))
        return self._takes_name(name)

    def require(self, note: str, chain: str) -> tuple[str, dict[str, int]]:
        """Give a checkpoint's text and who signed; refuse one that is not to be trusted."""
        logs = {vkey: key for vkey, key in self._logs.items() if key.name == chain}
        text, signers = signers_of(note, {**self._witnesses, **logs})
        if not set(logs) & set(signers):
            raise Refused(f"The checkpoint is not signed by a key of {chain!a}.")
        reached = {"none", *signers}
        for name, wanted, members in self._groups:
            if sum(member in reached for member in members) >= wanted:
                reached.add(name)
        if self._quorum not in reached:
            raise Refused("The checkpoint lacks the witnesses that the policy asks for.")
        return text, signers


# --- Merkle trees, RFC 6962 ----------------------------------------------------------


class Tree:
    """The first leaves of a tree, kept as the heads of its largest whole subtrees."""

    def __init__(self) -> None:
        self.size = 0
        self._heads: list[tuple[int, bytes]] = []

    def add(self, count: int, digest: bytes) -> None:
        """Add the head of a whole subtree of so many leaves."""
        if count < 1 or count & (count - 1) or self.size % count or len(digest) != 32:
            raise Refused("A part of a tree does not fit.")
        self.size += count
        while self._heads and self._heads[-1][0] == count:
            digest = hashlib.sha256(b"\x01" + self._heads.pop()[1] + digest).digest()
            count *= 2
        self._heads.append((count, digest))

    def head(self) -> str:
        """Give the tree head in base64."""
        digest = self._heads[-1][1] if self._heads else hashlib.sha256(b"").digest()
        for _, left in reversed(self._heads[:-1]):
            digest = hashlib.sha256(b"\x01" + left + digest).digest()
        return base64.b64encode(digest).decode()


def heads_of(leaves: dict[int, bytes], parts: Iterator[bytes], sizes: list[int]) -> dict[int, str]:
    """Put a tree together from leaves and the heads of the rest of it.

    Gives its heads at `sizes`, of which the last is its own.
    """
    tree, heads, placed = Tree(), {}, 0
    while tree.size < sizes[-1]:
        if tree.size in leaves:
            tree.add(1, leaves[tree.size])
            placed += 1
        else:
            part = next(parts, b"")
            first, count, digest = text_of(part, "The file of a tree").split(" ")
            known = f"{tree.size} {int(count)} {bytes.fromhex(digest).hex()}"
            if part != known.encode():
                raise Refused(f"A part of a tree stands at the wrong place: {first!a}.")
            tree.add(int(count), bytes.fromhex(digest))
        if tree.size in sizes:
            heads[tree.size] = tree.head()
    if sorted(heads) != sizes or placed != len(leaves) or next(parts, None) is not None:
        raise Refused("A tree is not made of the events and parts that it should be.")
    return heads


def leaf_of(line: bytes, leaf: int, tree: dict[str, Any]) -> bytes:
    """Hash a line as a leaf; refuse one that says that it stands elsewhere."""
    if tree["leaves"] == "lines":
        return hashlib.sha256(b"\0" + line).digest()
    event, tail = json_of(line, EVENTS), HASH_TAIL.search(line)
    digest = hashlib.sha256(b"\0" + line[: tail.start()] if tail else b"")
    if not tail or digest.hexdigest().encode() != tail.group(1):
        raise Refused(f"Event {leaf} of {tree['chain']!a} differs from its hash.")
    if (event["chain"], whole_number(event["seq"])) != (tree["chain"], leaf):
        raise Refused("An event stands at the place of another one.")
    return digest.digest()


# --- the package ---------------------------------------------------------------------


class Check:
    """The whole check: what holds is said in sentences, what does not raises `Refused`."""

    def __init__(self, package: Folder | Archive, policy: bytes | None, key: str | None) -> None:
        self._package = package
        self._given_policy = None if policy is None else Policy(policy)
        self._given_key = key
        self._under_checkpoints = 0
        content = read_whole(package, MANIFEST)
        self._digest = hashlib.sha256(content).hexdigest()
        self._manifest = json_of(content, MANIFEST)
        if self._manifest["schema"] != SCHEMA:
            raise Refused(f"This script knows the schema {SCHEMA} alone.")

    def sentences(self) -> Iterator[str]:
        """Check one thing after the other."""
        yield from self._origin()
        self._require_files()
        self._require_as_reported()
        yield "Every file is as it was packed."
        yield from self._signature()
        leaves = self._leaves()
        for number, tree in enumerate(self._manifest["trees"], 1):
            yield from self._tree(number, tree, leaves[number])
        for reason, count in sorted(self._manifest["unproven"].items()):
            yield f"Without a proof: {count}, because {ascii(reason)[1:-1]}."
        verdict = self._manifest["verdict"]
        yield f"The whole log was judged {verdict!a} when this was made: see report.html."

    @property
    def not_vouched_for(self) -> int:
        """Events under no checkpoint of the policy that was named, once all is checked."""
        if self._given_policy is None:
            return 0
        return int(self._manifest["counts"]["selected"]) - self._under_checkpoints

    def _origin(self) -> Iterator[str]:
        made, counts, tool = self._manifest, self._manifest["counts"], self._manifest["tool"]
        yield f"Made at {made['made_at']!a} by {tool['name']!a} {tool['version']!a}."
        yield (
            f"It holds {counts['selected']:d} of the {counts['events']:d} events of "
            f"{made['source']['label']!a}: those that this query keeps: {made['query']!a}."
        )

    def _require_files(self) -> None:
        files = {file["name"]: file for file in self._manifest["files"]}
        signed = [] if self._manifest["signed_by"] is None else [MANIFEST_NOTE]
        names, expected = self._package.names(), sorted([MANIFEST, MANIFEST_HASH, *signed, *files])
        if names != expected:
            odd = sorted(set(names) ^ set(expected)) or names
            raise Refused(f"Missing, or not part of the package: {', '.join(map(ascii, odd))}.")
        named = read_whole(self._package, MANIFEST_HASH)
        if named != f"{self._digest}  {MANIFEST}\n".encode():
            raise Refused(f"The manifest was changed: {MANIFEST_HASH} names another SHA-256.")
        for name, file in files.items():
            if hash_of(self._package, name, file["bytes"]) != (file["bytes"], file["sha256"]):
                raise Refused(f"{name!a} was changed: the manifest names another SHA-256.")

    def _require_as_reported(self) -> None:
        """Refuse a manifest that says something else of the whole log than the report."""
        report, made = json_of(read_whole(self._package, REPORT), REPORT), self._manifest
        source, counts = report["source"], made["counts"]
        numbers = [counts[name] for name in ("lines", "events", "malformed")]
        told = [made["verdict"], made["made_at"], made["source"]["label"], made["log_window"]]
        known = [report["verdict"], report["made_at"], source["label"]]
        known.append([source["first_timestamp"], source["last_timestamp"]])
        if [*told, *numbers] != [*known, source["lines"], source["events"], source["malformed"]]:
            raise Refused(f"The manifest and {REPORT} say different things of the log.")

    def _signature(self) -> Iterator[str]:
        vkey = self._manifest["signed_by"]
        if self._given_key not in (None, vkey):
            raise Refused("The package is not signed by the key that you named.")
        if vkey is None:
            yield "The package is not signed: nothing in it tells who made it."
            return
        note = text_of(read_whole(self._package, MANIFEST_NOTE), MANIFEST_NOTE)
        text, signers = signers_of(note, {vkey: Key(vkey)})
        if vkey not in signers or text != f"{SCHEMA}\n{self._digest}\n":
            raise Refused("The signature is not over this manifest.")
        yield f"The package is signed by {ascii(vkey)[1:-1]}{said_at(signers[vkey])}."
        if self._given_key is None:
            yield "Compare this key with the one that its owner published, or name it with --key."

    def _leaves(self) -> dict[int, dict[int, bytes]]:
        """Hash the lines; give them by the number of their tree and their place in it."""
        trees = dict(enumerate(self._manifest["trees"], 1))
        leaves: dict[int, dict[int, bytes]] = {number: {} for number in trees}
        unproven: dict[str, int] = {}
        places = lines_of(self._package, PLACES)
        count = 0
        for line in lines_of(self._package, EVENTS):
            count += 1
            place = json_of(next(places, b"{}"), PLACES)
            if "unproven" in place:
                unproven[place["unproven"]] = unproven.get(place["unproven"], 0) + 1
                continue
            number, leaf = whole_number(place["tree"]), whole_number(place["leaf"])
            if leaf in leaves[number]:
                raise Refused("Two events claim one place.")
            leaves[number][leaf] = leaf_of(line, leaf, trees[number])
        said = self._manifest["counts"]
        counts = (count, count - sum(unproven.values()), unproven, next(places, None))
        if counts != (said["selected"], said["proven"], self._manifest["unproven"], None):
            raise Refused("The events are not as many as the manifest says.")
        if count > said["events"] + said["malformed"]:  # a table shows unreadable rows, too
            raise Refused("There are more events here than the log is said to have.")
        return leaves

    def _tree(self, number: int, tree: dict[str, Any], leaves: dict[int, bytes]) -> Iterator[str]:
        vouched, size, chain = tree["vouched"], whole_number(tree["size"]), tree["chain"]
        covered = whole_number(vouched["size"]) if vouched else 0
        sizes = sorted({size, covered} if vouched else {size})
        heads = heads_of(leaves, lines_of(self._package, f"tree-{number}.txt"), sizes)
        if heads[size] != tree["root"]:
            raise Refused(f"The tree head of {chain!a} is not the one in the manifest.")
        yield f"Proven: {len(leaves)} under the head over the first {size} of {chain!a}."
        if not vouched:
            yield "Nothing outside the log vouches for this head."
            return
        if heads[covered] != vouched["root"]:
            raise Refused(f"The head of {chain!a} is not the one that is vouched for.")
        behind = sum(leaf >= covered for leaf in leaves)
        if vouched["by"] == "checkpoint":
            yield from self._checkpoint(number, chain, vouched)
            self._under_checkpoints += len(leaves) - behind
        else:
            yield (
                f"The console that made this had verified the first {covered} on "
                f"{vouched['verified_at']!a}."
            )
        if behind:
            yield f"Of these, {behind} come{'s' * (behind == 1)} after what is vouched for."

    def _checkpoint(self, number: int, chain: str, vouched: dict[str, Any]) -> Iterator[str]:
        policy = self._given_policy
        if policy is None:
            policy = Policy(read_whole(self._package, POLICY))
        name = f"checkpoint-{number}.txt"
        note = text_of(read_whole(self._package, name), name)
        text, signers = policy.require(note, chain)
        if text.split("\n")[:3] != [chain, str(vouched["size"]), vouched["root"]]:
            raise Refused("The checkpoint is not over the head that it is said to vouch for.")
        names = ", ".join(ascii(name) + said_at(at) for name, at in sorted(signers.items()))
        yield f"The head over the first {vouched['size']} is signed by {names}."
        if self._given_policy is None:
            yield "Whose keys these are is said by the package alone: name yours with --policy."


def said_at(seconds: int) -> str:
    """Say when a witness signed, by its clock."""
    return time.strftime(" at %Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else ""


UNREADABLE = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What content that no console packed can lead to."""


def main() -> int:
    """Check a package and say what holds."""
    parser = argparse.ArgumentParser(description="Check an evidence package again.")
    parser.add_argument("package", nargs="?", help="file or folder (default: this folder)")
    parser.add_argument("--policy", metavar="FILE", help="trust these keys, not those inside")
    parser.add_argument("--key", metavar="VKEY", help="ask for a signature by this key")
    options = parser.parse_args()
    path = Path(options.package or Path(__file__).resolve().parent)
    try:
        policy = None if options.policy is None else Path(options.policy).read_bytes()
        package = Folder(path) if path.is_dir() else Archive(path)
        check = Check(package, policy, options.key)
        for sentence in check.sentences():
            print(sentence)
    except Refused as refused:
        print(f"REFUSED: {refused}")
        return 1
    except OSError as error:
        print(f"REFUSED: {error.filename or str(path)!a} cannot be read: {error.strerror}")
        return 1
    except UNREADABLE as error:
        # others speak of Python, not of the package
        reason = ascii(str(error)) if isinstance(error, zipfile.BadZipFile) else DAMAGED
        print(f"REFUSED: This cannot be read as a package: {reason}")
        return 1
    if open_events := check.not_vouched_for:
        print(f"OPEN: it is as it was made, and your policy vouches for all but {open_events}.")
        return 3
    print("HOLDS: the package is as it was made.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
