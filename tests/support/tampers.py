"""What can be done to a log, as functions from lines to lines."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent
from tests.support.chains import branch, rehashed, v1_chain, v1_lines

Lines = list[bytes]
Tamper = Callable[[Lines], Lines]


def event_of(line: bytes) -> AuditEvent:
    """Read a line that is an event."""
    event = decode_bytes(line)
    assert isinstance(event, AuditEvent), event
    return event


def edited(index: int, *, rehash: bool = False, **changes: Any) -> Tamper:
    """Change fields of the v1 event at a line, its hash with it or not."""

    def tamper(lines: Lines) -> Lines:
        event = replace(event_of(lines[index]), **changes)
        (line,) = v1_lines([rehashed(event) if rehash else event])
        return replaced(index, line)(lines)

    return tamper


def replaced(index: int, *new: bytes) -> Tamper:
    """Put other lines, or none, in the place of one."""
    return lambda lines: [*lines[:index], *new, *lines[index:][1:]]


def removed(first: int, last: int | None = None) -> Tamper:
    """Take out lines, the last one included."""
    return lambda lines: lines[:first] + lines[(first if last is None else last) + 1 :]


def inserted(index: int, *new: bytes) -> Tamper:
    """Put lines before the one at `index`."""
    return lambda lines: [*lines[:index], *new, *lines[index:]]


def copied(index: int, to: int) -> Tamper:
    """Put a copy of a line before the one at `to`."""
    return lambda lines: inserted(to, lines[index])(lines)


def swapped(one: int, other: int) -> Tamper:
    """Exchange two lines."""

    def tamper(lines: Lines) -> Lines:
        lines = list(lines)
        lines[one], lines[other] = lines[other], lines[one]
        return lines

    return tamper


def shuffled(seed: int) -> Tamper:
    """Put all lines in another order."""
    return lambda lines: random.Random(seed).sample(lines, len(lines))


def forged(seq: int, to: int, **changes: Any) -> Tamper:
    """Put another event for a taken seq, linked and hashed rightly, before the line at `to`."""

    def tamper(lines: Lines) -> Lines:
        chain = [event_of(line) for line in lines]
        (forgery,) = branch(chain, seq, seq)
        return inserted(to, *v1_lines([rehashed(replace(forgery, **changes))]))(lines)

    return tamper


def branched(first: int, last: int, to: int) -> Tamper:
    """Put another past of seq `first` to `last` before the line at `to`."""

    def tamper(lines: Lines) -> Lines:
        chain = v1_chain(max(last + 1, len(lines)))
        return inserted(to, *v1_lines(branch(chain, first, last)))(lines)

    return tamper


def renumbered(first: int, step: int, *, rehash: bool) -> Tamper:
    """Move the seqs of all lines from `first` on."""

    def tamper(lines: Lines) -> Lines:
        for index in range(first, len(lines)):
            seq = event_of(lines[index]).seq or 0
            lines = edited(index, rehash=rehash, seq=seq + step)(lines)
        return lines

    return tamper


def respelled(index: int) -> Tamper:
    """Spell a line in another way: other order, spaces, escapes."""

    def tamper(lines: Lines) -> Lines:
        members = json.loads(lines[index])
        text = json.dumps(dict(reversed(members.items())), ensure_ascii=True, indent=None)
        return replaced(index, text.encode())(lines)

    return tamper


def both(*tampers: Tamper) -> Tamper:
    """Do one after the other."""

    def tamper(lines: Lines) -> Lines:
        for one in tampers:
            lines = one(lines)
        return lines

    return tamper


def order_breaks(seqs: Sequence[int]) -> list[int]:
    """Find the seqs that stand behind higher ones and do not follow the line before."""
    return [
        seq
        for index, seq in enumerate(seqs)
        if index and seq < max(seqs[:index]) and seq != seqs[index - 1] + 1
    ]
