"""Verify an archive with the standard library alone: `python -m audit_console.writer.check FILE…`.

For machines that have the writer and not the console. The judgement is the console's own,
made one event at a time and so slower. Files of format v1 are named in the order of the
log, unpacked.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from audit_console.core.beside import PRUNES, lines_in
from audit_console.core.chain import LogCheck
from audit_console.core.claims import Candidate
from audit_console.core.codec import MAX_LINE_BYTES, Malformed, decode_bytes
from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.findings import EXIT_CODES, Code, Place
from audit_console.core.hashing import HashCheck, check_hash
from audit_console.core.prunes import (
    PRUNE_ACTION,
    PRUNE_EVENT_TYPE,
    merged_records,
    read_prunes,
)
from audit_console.core.run import run_of
from audit_console.core.safe_text import safe_text
from audit_console.core.v1_chain import V1Chain
from audit_console.core.wording import count
from audit_console.errors import SourceUnreadable

USAGE, ERROR = 2, 4

_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1")
"""How files begin that gzip or zstd packed, and Parquet."""
_HINT = "Name the files of the log in its order, unpacked: audit.0*.jsonl audit.jsonl"
_USAGE = f"""\
usage: python -m audit_console.writer.check FILE…

Verify a log of format v1 with the standard library alone.
{_HINT}

exit codes: 0 PASS, 1 FAIL, 2 usage, 3 INCOMPLETE, 4 not looked at"""


def check_files(paths: Sequence[Path]) -> LogCheck:
    """Judge files of a log in their order.

    Raises:
        OSError: a file cannot be read.
        SourceUnreadable: a file is packed.
    """
    check = LogCheck(prunes=read_prunes(_prune_records(paths)))
    for raw, place in _lines(paths):
        event = decode_bytes(raw.removesuffix(b"\n"))
        if len(raw) > MAX_LINE_BYTES + 1:
            reason = f"a line of more than {MAX_LINE_BYTES:,} bytes"
            check.add_unreadable(Code.OVERSIZE, reason, place)
        elif isinstance(event, Malformed):
            code = event.code if raw.endswith(b"\n") else Code.TORN_TAIL
            check.add_unreadable(code, event.reason, place)
        elif event.scheme is not Scheme.V1:
            check.add_unreadable(Code.MALFORMED, "not an event of format v1", place)
        else:
            _add(check, event, _hashed(event, raw), place)
    check.finish({name: _claims(chain, paths) for name, chain in check.v1_chains.items()})
    return check


def _add(check: LogCheck, event: AuditEvent, hashed: HashCheck, place: Place) -> None:
    chain = event.chain or ""
    if not hashed.canonical and hashed.computed == event.event_hash:
        check.add_noncanonical(chain, event.seq or 0, place)
    run = run_of(event, hashed.computed or "", place)
    check.add_run(run)
    tells = (event.action, event.event_type) == (PRUNE_ACTION, PRUNE_EVENT_TYPE)
    if tells and event.details is not None:
        recorded_at = None if run.broken else run.first_recorded
        check.prune_check.add_event(chain, event.seq or 0, event.details, recorded_at)


def _claims(chain: V1Chain, paths: Sequence[Path]) -> list[Candidate]:
    """Look a second time, where seqs repeat, for all events that claim them."""
    wanted = {seq for span in chain.repeats for seq in range(span.first - 1, span.last + 2)}
    found = []
    for raw, place in _lines(paths) if wanted else ():
        event = decode_bytes(raw.removesuffix(b"\n"))
        if isinstance(event, AuditEvent) and event.chain == chain.name and event.seq in wanted:
            stored, computed = event.event_hash or "", _hashed(event, raw).computed or ""
            found.append(Candidate(event.seq, event.previous_hash or "", stored, computed, place))
    return found


def _hashed(event: AuditEvent, raw: bytes) -> HashCheck:
    return check_hash(event, raw.decode().removesuffix("\n"))


def _lines(paths: Sequence[Path]) -> Iterator[tuple[bytes, Place]]:
    for path in paths:
        with path.open("rb") as file:
            for number, raw in enumerate(_cut(file), 1):
                if number == 1 and raw.startswith(_PACKED):
                    raise SourceUnreadable(f"{path}: packed")
                if not raw.isspace():
                    yield raw, Place(str(path), number)


def _cut(file: BinaryIO) -> Iterator[bytes]:
    """Give lines with their newlines; of one over the limit a beginning that is over it too."""
    while raw := file.readline(MAX_LINE_BYTES + 2):
        rest = raw
        while not rest.endswith(b"\n") and (rest := file.readline(MAX_LINE_BYTES)):
            pass
        yield raw


def _prune_records(paths: Sequence[Path]) -> Sequence[str]:
    beside = dict.fromkeys(path.parent / f"{path.name.partition('.')[0]}{PRUNES}" for path in paths)
    return merged_records(lines_in(path.read_bytes()) for path in beside if path.exists())


def main(arguments: Sequence[str]) -> int:
    """Print the verdict and what was found, and give the exit code that the console gives."""
    asks_help = not {"-h", "--help"}.isdisjoint(arguments)
    if asks_help or not arguments:
        print(_USAGE, file=sys.stdout if asks_help else sys.stderr)
        return 0 if asks_help else USAGE
    try:
        check = check_files([Path(argument) for argument in arguments])
    except (OSError, SourceUnreadable) as error:
        told = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        print(safe_text(f"{told}. {_HINT}"), file=sys.stderr)
        return ERROR
    verdict = check.findings.verdict
    events = sum(chain.tally.events for chain in check.v1_chains.values()) + check.misplaced.total()
    unreadable = check.unreadable - check.misplaced.total()
    print(f"{verdict}: {count(events, 'event')}, {count(unreadable, 'unreadable line')}")
    for one in check.findings.kept:
        where = f" ({one.file}:{one.line})" if one.file else ""
        print(safe_text(f"{one.code} {one.message}{where}"))
    return EXIT_CODES[verdict]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
