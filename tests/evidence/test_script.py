"""The script alone: an old Python, nothing installed, and signatures without a library."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from audit_console.evidence.check import BASE, ORDER, PRIME, Refused, is_signed
from audit_console.evidence.package import check_script
from tests.evidence.test_check import FILES, KEY, PACKAGE, UNSIGNED
from tests.evidence.test_package import LEAVES, OF_USER_3, WHOLE
from tests.support.effort import examples
from tests.support.packages import forged, log_of, packed, unpacked
from tests.support.trusting import policy_text, stored, trust_in, witness_key

RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
            "f9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
            "f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
            "4dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


def _run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "case.zip"
    path.write_bytes(PACKAGE)
    return path


def test_it_checks_a_package_without_anything_installed(package: Path, tmp_path: Path) -> None:
    folder = unpacked(FILES, tmp_path / "case")
    said = [_run(folder / "check.py"), _run(folder / "check.py", str(package))]
    for run in said:
        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout.endswith("\nHOLDS: the package is as it was made.\n")
    assert said[0].stdout == said[1].stdout


def test_it_takes_a_policy_and_a_key_from_outside(package: Path, tmp_path: Path) -> None:
    log = log_of(WHOLE, [stored(LEAVES, 40)])
    package.write_bytes(packed(log, OF_USER_3, trust=trust_in(), key=witness_key(2))[0])
    script = tmp_path / "own.py"
    script.write_text(check_script(), "utf-8")
    policy = tmp_path / "policy.txt"
    policy.write_text(policy_text(), "utf-8")
    assert _run(script, str(package), "--policy", str(policy), "--key", KEY).returncode == 0
    other = str(witness_key(7).verifier)
    refused = _run(script, str(package), "--key", other)
    assert refused.returncode == 1
    assert refused.stdout.splitlines()[-1].startswith("REFUSED: ")


def test_it_says_when_the_policy_that_is_named_vouches_for_a_part_alone(
    tmp_path: Path,
) -> None:
    manifest = json.loads(UNSIGNED["manifest.json"])
    manifest["trees"][0]["vouched"] = None
    folder = unpacked(forged(UNSIGNED, {}, lambda made: made.update(manifest)), tmp_path / "case")
    policy = tmp_path / "policy.txt"
    policy.write_text(policy_text(), "utf-8")
    run = _run(folder / "check.py", "--policy", str(policy))
    assert (run.returncode, run.stderr) == (3, "")
    said = "OPEN: it is as it was made, and your policy vouches for all but 6."
    assert run.stdout.splitlines()[-1] == said


@pytest.mark.parametrize("given", ["/dev/null", ""])
def test_a_policy_that_says_nothing_is_not_replaced_by_that_of_the_package(
    package: Path, tmp_path: Path, given: str
) -> None:
    script = tmp_path / "own.py"
    script.write_text(check_script(), "utf-8")
    refused = _run(script, str(package), "--policy", given)
    assert (refused.returncode, refused.stderr) == (1, "")
    assert refused.stdout.startswith("REFUSED: ")


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"x" * 200])
def test_it_says_of_what_is_no_package_that_it_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "check.py").write_text(check_script(), "utf-8")
    (tmp_path / "other.zip").write_bytes(content)
    run = _run(tmp_path / "check.py", str(tmp_path / "other.zip"))
    assert (run.returncode, run.stderr) == (1, "")
    assert run.stdout.startswith("REFUSED: ")


def _packed_by(packing: int, target: Path) -> bytearray:
    with zipfile.ZipFile(target, "w", packing) as archive:
        archive.writestr("manifest.json", "{}" * 400)
    return bytearray(target.read_bytes())


def _encrypted(target: Path) -> bytearray:
    content = _packed_by(zipfile.ZIP_DEFLATED, target)
    for flags in (6, content.index(b"PK\1\2") + 8):
        content[flags] |= 1
    return content


@pytest.mark.parametrize(
    "pack", [_encrypted, partial(_packed_by, zipfile.ZIP_LZMA), partial(_packed_by, 12)]
)
def test_what_no_console_packs_so_is_refused(
    tmp_path: Path, pack: Callable[[Path], bytearray]
) -> None:
    target, script = tmp_path / "other.zip", tmp_path / "check.py"
    script.write_text(check_script(), "utf-8")
    content = pack(target)
    content[-2:] = (64).to_bytes(2, "little")
    target.write_bytes(content + hashlib.sha256(content).hexdigest().encode())
    run = _run(script, str(target))
    said = "REFUSED: 'manifest.json' is encrypted, or packed as no console packs.\n"
    assert (run.returncode, run.stdout, run.stderr) == (1, said, "")


@pytest.mark.parametrize("arguments", [["{nowhere}"], ["{package}", "--policy", "{nowhere}"]])
def test_it_names_the_file_that_cannot_be_read(
    package: Path, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "check.py").write_text(check_script(), "utf-8")
    nowhere = tmp_path / "nowhere"
    given = [one.format(nowhere=nowhere, package=package) for one in arguments]
    missing = _run(tmp_path / "check.py", *given)
    assert (missing.returncode, missing.stderr) == (1, "")
    said = f"REFUSED: '{nowhere}' cannot be read: No such file or directory\n"
    assert missing.stdout == said


def test_hostile_content_does_not_steer_the_terminal(tmp_path: Path) -> None:
    manifest = json.loads(FILES["manifest.json"])
    manifest["query"] = manifest["source"]["label"] = "\x1b]0;title\x07\u202e\n"
    files = {**FILES, "manifest.json": json.dumps(manifest).encode()}
    folder = unpacked(files, tmp_path / "case")
    run = _run(folder / "check.py")
    assert run.returncode == 1
    assert all(" " <= character <= "~" for line in run.stdout.splitlines() for character in line)


def test_python_3_8_can_read_it_and_nothing_is_installed_for_it() -> None:
    tree = ast.parse(check_script(), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names


# --- Ed25519 -------------------------------------------------------------------------


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_published_signatures_hold(public: str, message: str, signature: str) -> None:
    key, text, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert is_signed(key, text, signed)
    assert not is_signed(key, text + b"x", signed)
    assert (BASE.y * 5 - 4) % PRIME == 0


def _library_says(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _script_says(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        return is_signed(public, message, signature)
    except Refused:
        return False


@examples(60)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.data())
def test_it_agrees_with_the_library(seed: bytes, message: bytes, data: st.DataObject) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert _script_says(public, message, signature)
    parts = [bytearray(public), bytearray(signature)]
    part = data.draw(st.sampled_from(parts))
    part[data.draw(st.integers(0, len(part) - 1))] ^= data.draw(st.integers(1, 255))
    changed = bytes(parts[0]), message, bytes(parts[1])
    assert not _script_says(*changed)
    assert not _library_says(*changed)


def test_a_second_spelling_of_a_signature_is_refused() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signature = private.public_key().public_bytes_raw(), private.sign(b"text")
    larger = int.from_bytes(signature[32:], "little") + ORDER
    assert not is_signed(public, b"text", signature[:32] + larger.to_bytes(32, "little"))
    assert not is_signed(public, b"text", signature[:-1])
    assert not is_signed(public[:-1], b"text", signature)
