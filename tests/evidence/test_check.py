"""The script that checks packages refuses whatever is not as it was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.codec import EVENT_HASH_TAIL
from audit_console.core.hashing import leaf_hash
from audit_console.core.notes import KeyType, Note
from audit_console.core.policy import parse_policy
from audit_console.errors import PolicyError
from audit_console.evidence import check
from audit_console.evidence.check import SCHEMA, UNREADABLE, Policy, Refused, leaf_of
from audit_console.signing import SigningKey
from tests.evidence.test_package import LEAVES, OF_USER_3, WHOLE
from tests.support.chains import CHAIN
from tests.support.effort import UNMEASURED, every, examples
from tests.support.packages import (
    Files,
    InMemory,
    files_of,
    forged,
    log_of,
    manifest_of,
    not_vouched_for,
    packed,
    refusal,
    sentences,
    unpacked,
)
from tests.support.places import text_of
from tests.support.tampers import edited
from tests.support.trusting import log_key, policy_text, stored, trust_in, witness_key

PACKAGE, _ = packed(
    log_of(WHOLE, [stored(LEAVES, 32)]),
    OF_USER_3,
    trust=trust_in(),
    key=witness_key(2),
)
FILES = files_of(PACKAGE)
UNSIGNED = files_of(packed(log_of(WHOLE, [stored(LEAVES, 32)]), OF_USER_3, trust=trust_in())[0])
KEY = str(witness_key(2).verifier)


def _lines(name: str) -> list[bytes]:
    return FILES[name].splitlines(keepends=True)


def test_what_is_as_it_was_made_holds(tmp_path: Path) -> None:
    assert refusal(FILES) is None
    assert refusal(FILES, policy=policy_text(), key=KEY) is None
    assert refusal(unpacked(FILES, tmp_path / "case")) is None
    (tmp_path / "case.zip").write_bytes(PACKAGE)
    assert refusal(tmp_path / "case.zip") is None


# --- damage --------------------------------------------------------------------------


@pytest.mark.parametrize("files", [FILES, UNSIGNED], ids=["signed", "unsigned"])
@pytest.mark.parametrize("name", FILES)
def test_a_byte_changed_in_any_file_is_refused(files: Files, name: str) -> None:
    content = files.get(name, b"")
    for at in every(max(len(content) // 9, 1), 0, len(content)):
        changed = bytearray(content)
        changed[at] ^= 1 + at % 255
        assert refusal({**files, name: bytes(changed)}) is not None, at


def test_a_byte_changed_anywhere_in_the_zip_file_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "case.zip"
    for at in every(211, 0, len(PACKAGE)):
        changed = bytearray(PACKAGE)
        changed[at] ^= 1 + at % 255
        target.write_bytes(changed)
        assert refusal(target) is not None, at


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, len(PACKAGE) // 2, len(PACKAGE) - 1])
def test_a_zip_file_cut_short_is_refused(tmp_path: Path, size: int) -> None:
    target = tmp_path / "case.zip"
    target.write_bytes(PACKAGE[:size])
    assert refusal(target) is not None


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(name: str) -> None:
    assert refusal({other: FILES[other] for other in FILES if other != name}) is not None


@pytest.mark.parametrize("name", ["more.txt", "tree-2.txt", "events.jsonl~", ".hidden"])
def test_a_file_too_much_is_refused(name: str) -> None:
    said = refusal({**FILES, name: b""})
    assert said is not None
    assert ascii(name) in said


# --- forgers who make all hashes anew, of a package without a signature -----------------


def _swapped(name: str) -> Files:
    lines = _lines(name)
    lines[1], lines[3] = lines[3], lines[1]
    return {name: b"".join(lines)}


def _event(change: Callable[[list[bytes]], list[bytes]]) -> Files:
    selected = [WHOLE[seq] for seq in (3, 10, 17, 24, 31, 38)]
    return {"events.jsonl": text_of(change(selected))}


def _edited(*, rehash: bool) -> Files:
    return _event(edited(2, rehash=rehash, user_id="mallory"))


def _of_another_place() -> Files:
    places = [json.loads(line) for line in _lines("places.jsonl")]
    places[0]["leaf"], places[1]["leaf"] = places[1]["leaf"], places[0]["leaf"]
    return {"places.jsonl": b"".join(json.dumps(place).encode() + b"\n" for place in places)}


def _part(change: Callable[[list[str]], list[str]]) -> Files:
    first, *rest = _lines("tree-1.txt")
    words = change(first.decode().split())
    return {"tree-1.txt": " ".join(words).encode() + b"\n" + b"".join(rest)}


FORGERIES = {
    "lines-swapped": _swapped("events.jsonl"),
    "line-edited": _edited(rehash=False),
    "line-edited-and-rehashed": _edited(rehash=True),
    "line-cut": _event(lambda lines: [lines[0][:-1], *lines[1:]]),
    "line-of-another-event": _event(lambda lines: [WHOLE[4], *lines[1:]]),
    "event-dropped": _event(lambda lines: lines[1:]),
    "event-doubled": _event(lambda lines: [lines[0], *lines]),
    "no-newline-at-the-end": {"events.jsonl": FILES["events.jsonl"][:-1]},
    "places-swapped": _of_another_place(),
    "place-lines-swapped": _swapped("places.jsonl"),
    "place-missing": {"places.jsonl": b"".join(_lines("places.jsonl")[1:])},
    "place-too-much": {"places.jsonl": FILES["places.jsonl"] + _lines("places.jsonl")[0]},
    "part-of-another-hash": _part(lambda words: [*words[:2], "00" * 32]),
    "part-of-another-place": _part(lambda words: ["1", *words[1:]]),
    "part-of-another-size": _part(lambda words: [words[0], "4", words[2]]),
    "part-of-no-power-of-two": _part(lambda words: [words[0], "3", words[2]]),
    "part-of-no-size": _part(lambda words: [words[0], "0", words[2]]),
    "part-too-short": _part(lambda words: [*words[:2], words[2][:-2]]),
    "part-missing": {"tree-1.txt": b"".join(_lines("tree-1.txt")[:-1])},
    "part-too-much": {"tree-1.txt": FILES["tree-1.txt"] + b"40 1 " + b"00" * 32 + b"\n"},
    "parts-swapped": _swapped("tree-1.txt"),
    "checkpoint-of-another-size": {
        "checkpoint-1.txt": json.loads(stored(LEAVES, 16))["note"].encode()
    },
    "checkpoint-by-another-key": {
        "checkpoint-1.txt": json.loads(stored(LEAVES, 32, log=log_key(number=2)))["note"].encode()
    },
    "checkpoint-without-witness": {
        "checkpoint-1.txt": json.loads(stored(LEAVES, 32, at=None))["note"].encode()
    },
    "policy-of-another-log": {"policy.txt": policy_text([log_key("other.example.org")]).encode()},
    "policy-of-another-key": {"policy.txt": policy_text([log_key(number=2)]).encode()},
    "policy-without-sense": {"policy.txt": b"trust me\n"},
}


@pytest.mark.parametrize("changed", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_refused_though_all_hashes_were_made_anew(changed: Files) -> None:
    assert refusal(forged(UNSIGNED, changed)) is not None


def _set(*path: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        *steps, last = path
        inner: Any = manifest
        for step in steps:
            inner = inner[step]
        inner[last] = to

    return change


OTHER_HEADS = {
    "root": _set("trees", 0, "root", to="A" * 43 + "="),
    "size": _set("trees", 0, "size", to=41),
    "smaller-size": _set("trees", 0, "size", to=39),
    "huge-size": _set("trees", 0, "size", to=2**70),
    "chain": _set("trees", 0, "chain", to="audit.example.org/other"),
    "vouched-size": _set("trees", 0, "vouched", "size", to=24),
    "vouched-root": _set("trees", 0, "vouched", "root", to="A" * 43 + "="),
    "leaves": _set("trees", 0, "leaves", to="lines"),
    "no-trees": _set("trees", to=[]),
    "selected": _set("counts", "selected", to=7),
    "proven": _set("counts", "proven", to=7),
    "proven-less": _set("counts", "proven", to=5),
    "events": _set("counts", "events", to=1_000_000),
    "lines": _set("counts", "lines", to=41),
    "malformed": _set("counts", "malformed", to=1),
    "verdict": _set("verdict", to="FAIL"),
    "made-at": _set("made_at", to="2026-11-24T09:30:01.000000Z"),
    "label": _set("source", "label", to="other.jsonl"),
    "log-window": _set("log_window", 0, to="2026-01-01T00:00:00.000000Z"),
    "unproven": _set("unproven", to={"because": 1}),
    "schema": _set("schema", to=f"{SCHEMA}0"),
    "signed-by": _set("signed_by", to=KEY),
    "nonsense": _set("trees", to="what"),
}


@pytest.mark.parametrize("change", OTHER_HEADS.values(), ids=OTHER_HEADS)
def test_a_manifest_that_says_something_else_is_refused(
    change: Callable[[dict[str, Any]], None],
) -> None:
    assert refusal(forged(UNSIGNED, {}, change)) is not None


def test_a_log_of_fewer_events_than_are_here_is_refused() -> None:
    report = json.loads(FILES["report.json"])
    report["source"]["events"] = 5
    changed = {"report.json": json.dumps(report).encode()}
    said = refusal(forged(UNSIGNED, changed, _set("counts", "events", to=5)))
    assert said == "There are more events here than the log is said to have."


def test_two_events_in_one_place_are_refused() -> None:
    doubled = {name: _lines(name)[0] + FILES[name] for name in ("events.jsonl", "places.jsonl")}
    said = refusal(forged(UNSIGNED, doubled, _set("counts", "selected", to=7)))
    assert said == "Two events claim one place."


@pytest.mark.parametrize("name", ["tree", "leaf"])
@pytest.mark.parametrize("number", ["\x1b[2J", "1", True, 1.0, -1, None])
def test_a_place_that_is_no_whole_number_is_refused(name: str, number: object) -> None:
    first, *rest = _lines("places.jsonl")
    place = json.dumps({**json.loads(first), name: number}).encode() + b"\n"
    said = refusal(forged(UNSIGNED, {"places.jsonl": b"".join([place, *rest])}))
    assert said == "A place or a size is no whole number."


@pytest.mark.parametrize("number", ["40", 40.0, True, None])
@pytest.mark.parametrize("path", [("size",), ("vouched", "size")])
def test_a_size_that_is_no_whole_number_is_refused(path: tuple[str, ...], number: object) -> None:
    said = refusal(forged(UNSIGNED, {}, _set("trees", 0, *path, to=number)))
    assert said == "A place or a size is no whole number."


@pytest.mark.parametrize("seq", [b"true", b"1.0", b'"1"'])
def test_an_event_that_names_its_place_otherwise_is_refused(seq: bytes) -> None:
    entry = WHOLE[1][:-EVENT_HASH_TAIL].replace(b'"seq":1,', b'"seq":%b,' % seq)
    line = entry + f',"event_hash":"{leaf_hash(entry)}"}}'.encode()
    with pytest.raises(Refused):
        leaf_of(line, 1, {"leaves": "events", "chain": CHAIN})


def test_a_line_without_end_is_refused_and_never_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "LARGEST_READ_WHOLE", 1000)
    package: Any = InMemory({"whole": b"x" * 999 + b"\n", "endless": b"x" * 1001 + b"\n"})
    assert list(check.lines_of(package, "whole")) == [b"x" * 999]
    with pytest.raises(Refused, match="endless holds a line that is too long"):
        list(check.lines_of(package, "endless"))


# --- signatures ----------------------------------------------------------------------


def test_a_forged_manifest_is_refused_where_it_was_signed() -> None:
    said = refusal(forged(FILES, {}, _set("query", to="user:mallory")))
    assert said == "The signature is not over this manifest."


def test_a_signature_by_another_key_is_refused_when_the_key_is_named() -> None:
    other = str(witness_key(3).verifier)
    assert refusal(FILES, key=other) == "The package is not signed by the key that you named."


def test_a_signature_taken_away_is_refused_when_the_key_is_named() -> None:
    files = {name: content for name, content in FILES.items() if name != "manifest.note"}
    files = forged(files, {}, _set("signed_by", to=None))
    assert refusal(files) is None
    assert refusal(files, key=KEY) is not None


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("manifest.json", b'{"schema":"\xff"}', "holds bytes that are no UTF-8"),
        ("manifest.json", b'{"schema":', "holds what is no JSON"),
        ("report.json", b"\xe9", "holds bytes that are no UTF-8"),
        ("places.jsonl", b"[\n", "holds what is no JSON"),
        ("checkpoint-1.txt", b"\xff\n\n\n", "holds bytes that are no UTF-8"),
    ],
)
def test_a_damaged_file_is_named_and_what_to_do(name: str, content: bytes, what: str) -> None:
    files = {**UNSIGNED, name: content}
    said = refusal(files if name == "manifest.json" else forged(UNSIGNED, {name: content}))
    do = "it was damaged or changed. Ask who made the package for another copy."
    assert said == f"{name} {what}: {do}"


def test_the_policy_that_is_named_counts_and_not_the_one_inside() -> None:
    strangers = policy_text([log_key(number=2)], [witness_key(2)])
    assert refusal(FILES, policy=strangers) is not None


def _take_voucher(manifest: dict[str, Any]) -> None:
    manifest["trees"][0]["vouched"] = None


def _take_memory(manifest: dict[str, Any]) -> None:
    manifest["trees"][0]["vouched"] |= {"by": "memory", "verified_at": "2026-11-24"}


@pytest.mark.parametrize("change", [_take_voucher, _take_memory])
def test_a_policy_that_is_named_has_to_vouch_for_the_events(
    change: Callable[[dict[str, Any]], None],
) -> None:
    files = forged(UNSIGNED, {}, change)
    assert refusal(files, policy=policy_text()) is None
    assert not_vouched_for(files, policy=None) == 0
    assert not_vouched_for(files, policy=policy_text()) == 6


@UNMEASURED
@pytest.mark.parametrize(("size", "behind"), [(39, 0), (38, 1), (32, 1), (31, 2)])
def test_events_behind_what_a_checkpoint_covers_are_not_vouched_for(size: int, behind: int) -> None:
    log = log_of(WHOLE, [stored(LEAVES, size)])
    package, made = packed(log, OF_USER_3, trust=trust_in())
    assert not_vouched_for(files_of(package), policy=policy_text()) == behind
    assert made.selected - made.vouched == behind


def test_an_event_without_a_proof_is_not_vouched_for() -> None:
    lines = edited(3, action="other")(WHOLE)
    log = log_of(lines, [stored(LEAVES, 40)])
    files = files_of(packed(log, OF_USER_3, trust=trust_in())[0])
    assert not_vouched_for(files, policy=policy_text()) == 1


def test_a_policy_that_is_named_and_empty_is_none() -> None:
    assert refusal(FILES, policy="") == "The policy ends without a quorum."
    unvouched = files_of(packed(log_of(WHOLE), OF_USER_3)[0])
    assert refusal(unvouched) is None
    assert refusal(unvouched, policy="") == "The policy ends without a quorum."


def test_a_package_may_not_bring_a_policy_without_a_quorum() -> None:
    without = "".join(policy_text().splitlines(keepends=True)[:-1]).encode()
    said = refusal(forged(UNSIGNED, {"policy.txt": without}))
    assert said == "The policy ends without a quorum."


PIECES = [
    *policy_text(witnesses=[witness_key(1), witness_key(2)]).splitlines(),
    "",
    "# a comment",
    f"log {witness_key(3).verifier}",
    f"log {log_key(number=2).verifier} https://example.org",
    f"log {str(log_key().verifier)[:-4]}",
    f"log {log_key(number=3).verifier} a b",
    f"witness w3 {log_key(number=2).verifier}",
    f"witness w3 {witness_key(3).verifier} https://example.org",
    f"witness w2 {witness_key(4).verifier}",
    f"witness none {witness_key(5).verifier}",
    f"witness w6 {witness_key(1).verifier}",
    "witness w7",
    "group some 1 w1 w2",
    "group some 0 w1",
    "group some 3 w1 w2",
    "group some \u0661 w1",
    "group more any some",
    "group w1 any w2",
    "group twice all w1 w1",
    "group nobody all",
    "group\tmost 2 w1  w2",
    "quorum some",
    "quorum w1",
    "quorum none",
    "quorum none none",
    "quorum",
    "quorum none\r",
    "trust me",
    "log\xa0x",
    "log \udcff",
    "# \udcff",
]


@examples(400)
@given(st.lists(st.sampled_from(PIECES), max_size=6), st.booleans())
def test_what_verify_refuses_as_a_policy_the_script_refuses(
    extra: list[str], is_whole: bool
) -> None:
    text = "\n".join([*(PIECES[:3] if is_whole else ()), *extra])
    try:
        parse_policy(text)
        is_policy = True
    except PolicyError:
        is_policy = False
    try:
        Policy(text.encode(errors="surrogateescape"))
        is_read = True
    except (Refused, *UNREADABLE):
        is_read = False
    assert is_read == is_policy


@examples(400)
@given(st.sampled_from(["checkpoint-1.txt", "tree-1.txt", "events.jsonl"]), st.data())
def test_no_changed_byte_passes_though_all_hashes_were_made_anew(
    name: str, data: st.DataObject
) -> None:
    content = bytearray(UNSIGNED[name])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    assert refusal(forged(UNSIGNED, {name: bytes(content)})) is not None


def test_a_second_spelling_of_base64_is_refused() -> None:
    *above, last = FILES["checkpoint-1.txt"].decode().splitlines()
    assert last.endswith("=")
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = last.rstrip("=")
    respelled = body[:-1] + digits[digits.index(body[-1]) ^ 1] + last[len(body) :]
    note = "\n".join([*above, respelled, ""]).encode()
    assert refusal(forged(UNSIGNED, {"checkpoint-1.txt": note})) is not None


@examples(100)
@given(st.data())
def test_no_changed_byte_of_the_signature_passes(data: st.DataObject) -> None:
    content = bytearray(FILES["manifest.note"])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    assert refusal({**FILES, "manifest.note": bytes(content)}) is not None


def test_the_proof_of_many_events_is_shared() -> None:
    selected = packed(log_of(WHOLE), "user:user-3 OR user:user-4")[0]
    parts = files_of(selected)["tree-1.txt"].splitlines()
    assert len(parts) < 12 * 5, "one proof for each of twelve events has five hashes or more"


def test_what_is_signed_is_the_hash_of_the_manifest() -> None:
    digest = hashlib.sha256(FILES["manifest.json"]).hexdigest()
    assert FILES["manifest.note"].decode().startswith(f"{SCHEMA}\n{digest}\n\n\u2014 ")
    assert manifest_of(FILES)["signed_by"] == KEY


def test_the_name_of_a_key_cannot_steer_a_terminal() -> None:
    key = SigningKey("evil.example/\x1b[2J\u202e", KeyType.WITNESS, bytes(32))
    files = forged(UNSIGNED, {}, _set("signed_by", to=str(key.verifier)))
    digest = hashlib.sha256(files["manifest.json"]).hexdigest()
    text = f"{SCHEMA}\n{digest}\n"
    files["manifest.note"] = str(Note(text, (key.cosign(text, 1),))).encode()
    said = "\n".join(sentences(files))
    assert "signed by evil.example/\\x1b[2J\\u202e+" in said
    assert said.replace("\n", "").isprintable()
