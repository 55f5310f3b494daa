"""Files that are cut, flipped, changed under the console: never a crash, never PASS."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_console.core.filters import EVERYTHING
from audit_console.core.findings import Code, Verdict
from audit_console.errors import NotAnAuditLog
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import AtRow, Order
from tests.support.chains import branch, orchestrator_chain, orchestrator_lines, v1_chain, v1_lines
from tests.support.effort import UNMEASURED, every
from tests.support.judging import verify_archive
from tests.support.places import text_of

V1 = v1_lines(v1_chain(3))
ORCHESTRATOR = orchestrator_lines(orchestrator_chain(3))
FORMATS = {"v1": V1, "orchestrator": ORCHESTRATOR}
MASKS = [0x01, 0x10, 0x80, 0xFF]


@pytest.fixture(params=FORMATS)
def lines(request: pytest.FixtureRequest) -> list[bytes]:
    return FORMATS[request.param]


def test_a_notice_of_a_code_that_also_stands_for_faults_is_none() -> None:
    chain, old = v1_chain(3), orchestrator_chain(3)
    begun_anew = v1_lines([*chain, *branch(chain, 0, 1)])
    lines = [*begun_anew, *orchestrator_lines([*old, *orchestrator_chain(3, first=9)])]
    found = verify(MemorySource(lines))
    assert found.counts[Code.CHAIN_RESTART] == 2
    assert found.faults == 1


def verify_text(folder: Path, text: bytes) -> Verification | None:
    """Verify an archive; None if no line of it is an event."""
    path = folder / "audit.jsonl"
    path.write_bytes(text)
    try:
        verification = verify_archive(path)
    except NotAnAuditLog:
        return None
    assert verification.verdict is not Verdict.PASS
    return verification


@UNMEASURED
def test_cut_at_every_byte_in_memory(lines: list[bytes]) -> None:
    text = text_of(lines)
    for at in every(5, 0, len(text)):
        left = text[:at].split(b"\n")
        assert verify(MemorySource(left)).verdict is not Verdict.PASS


@UNMEASURED
@pytest.mark.usefixtures("parsers_stay")
def test_cut_at_every_byte_of_a_file(tmp_path: Path, lines: list[bytes]) -> None:
    text = text_of(lines)
    begin = len(lines[0]) + 1
    for at in [*every(13, 0, begin), begin - 1, *every(7, begin, begin + len(lines[1]) + 3)]:
        verification = verify_text(tmp_path, text[:at])
        if verification is None:
            assert b"\n" not in text[:at]
            continue
        whole = text[:at].count(b"\n") + (text[:at].split(b"\n")[-1] in lines)
        torn = text[:at].split(b"\n")[-1] not in [*lines, b""]
        assert verification.verified == whole
        assert verification.counts.get(Code.TORN_TAIL, 0) == torn
        assert verification.verdict is Verdict.INCOMPLETE


@UNMEASURED
def test_every_byte_flipped_in_memory(lines: list[bytes]) -> None:
    text = text_of(lines)
    for at in every(7, 0, len(text)):
        mask = MASKS[at % len(MASKS)]
        flipped = text[:at] + bytes([text[at] ^ mask]) + text[at + 1 :]
        assert verify(MemorySource(flipped.split(b"\n"))).verdict is not Verdict.PASS


@UNMEASURED
@pytest.mark.usefixtures("parsers_stay")
def test_every_byte_of_a_v1_file_flipped(tmp_path: Path) -> None:
    text = text_of(V1)
    begin = len(V1[0]) + 1
    for at in every(7, begin, begin + len(V1[1]) + 1):
        mask = MASKS[at % len(MASKS)]
        flipped = text[:at] + bytes([text[at] ^ mask]) + text[at + 1 :]
        verification = verify_text(tmp_path, flipped)
        assert verification is not None
        assert verification.verdict is Verdict.FAIL, (at, mask)


def test_an_overlong_line_costs_that_line_only(tmp_path: Path) -> None:
    lines = v1_lines(v1_chain(30))
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of([*lines[:10], b"x" * (2 << 20), *lines[10:]]))
    source = open_archive([str(path)], keep=True)
    verification = verify(source)
    assert verification.counts == {Code.OVERSIZE: 1, Code.NO_CHECKPOINT: 1}
    (found,) = [one for one in verification.findings if one.code is Code.OVERSIZE]
    assert found.line == 11
    row = source.malformed(first=0, limit=5).row(0, named=True)
    offset = len(text_of(lines[:10]))
    assert (row["line"], row["offset"], row["length"]) == (11, offset, 2 << 20)
    assert row["start"] == b"x" * 4096
    rows = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=50).rows
    assert [raw.encode() for raw in rows["raw"]] == lines
    assert rows["line"].to_list() == [*range(1, 11), *range(12, 32)]
    source.close()


@pytest.mark.parametrize("change", ["cut", "emptied", "other bytes", "other lines", "removed"])
def test_a_file_changed_after_it_was_read_shows_no_other_line(tmp_path: Path, change: str) -> None:
    lines = v1_lines(v1_chain(10))
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(lines))
    source = open_archive([str(path)], keep=True)
    assert verify(source).verified == 10
    if change == "removed":
        path.unlink()
    else:
        path.write_bytes(
            {
                "cut": text_of(lines)[:100],
                "emptied": b"",
                "other bytes": b"\xff" * 20_000,
                "other lines": text_of(v1_lines(v1_chain(10, chain="other"))),
            }[change]
        )
    rows = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=50).rows
    assert rows["raw"].to_list() == [None] * 10
    assert rows["id"].null_count() == 0
    source.close()


def test_a_file_that_grows_while_it_is_read_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    lines = v1_lines(v1_chain(40))
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(lines[:20]))
    source = open_archive([str(path)], keep=True)
    with path.open("ab") as log:
        log.write(text_of(lines[20:]))
    verification = verify(source)
    assert verification.verified == 40
    assert verification.status.complete
    source.close()


def test_many_odd_files_in_a_row_leave_nothing_open(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("this system does not list open files")
    verify_text(tmp_path, text_of(V1))
    before = len(list(descriptors.iterdir()))
    for text in (text_of(V1), b"{", b"\x1f\x8b", b"(\xb5/\xfd", b"x" * 3_000_000, b""):
        verify_text(tmp_path, text)
    assert len(list(descriptors.iterdir())) <= before
