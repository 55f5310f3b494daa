"""Events and filters made at random from a seed: awkward, and often about each other."""

# ruff: noqa: RUF001 - characters that look alike are what is compared
from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_network
from random import Random

from audit_console.core.caseless import escape_wildcards
from audit_console.core.event import RESULTS, AuditEvent, Scheme, format_time
from audit_console.core.filters import (
    TEXT_ATTRIBUTES,
    And,
    Between,
    Exact,
    Expression,
    Field,
    FieldName,
    Filter,
    Has,
    Inside,
    Like,
    Match,
    Range,
    Regex,
    Term,
    Text,
    all_of,
    any_match,
    any_of,
    joined,
    negate,
)
from audit_console.core.matching import MarkKey, Marks

START = datetime(2026, 11, 23, 3, 51, 42, 166_415, tzinfo=UTC)

WORDS = [
    "alice", "Alice", "ALICE", "bob", "", " ", "a", "user-1", "rate limit", "İstanbul", "istanbul",
    "straße", "STRASSE", "STRAẞE", "Kelvin", "kelvin", "ſ", "s", "ΑΣ", "ας", "ασ", "ΟΔΟΣ.", "Ǆ",
    "ǆ", "ﬁ", "日本", "é", "e\u0301", "É", "I", "ı", "i", "µ", "μ", "a*b", "a?b", "a\\b", '"',
    "a\nb", "%", "_", "a%b", "[x]", "(y)", ".", "..", "null", "true", "5", "5.0", "-0", "1e3",
    "007", "\x00",
    "\u202e", "\U0001f600", "10.0.0.7", "203.0.113.9", "2001:db8::1", "::ffff:10.0.0.7", "10.0.0",
    "fe80::1%eth0", "gpt-4", "GPT-4o", "a/b", "/x/", "OR", "chain", "K", "\ufffd", "'",
]  # fmt: skip
KEYS = ["a", "b", "tokens", "model", "a b", 'q"', "a.b", "é", "", "\\"]
NUMBERS = [
    0, 1, 5, -5, 1000, 1000.0, 999.5, 1.5, 1e22, 1e-7, 0.1, -0.0, 10**18, 10**30, 2**53 + 1, 2**63,
]  # fmt: skip
SPELLED = ["1.0e3", "1.50", "1E5", "-0", "-0.00", "1e400", "1e-400", "9" * 401, "100e-2"]
REGEXES = [
    "^alice$", "a", "[a-z]+", "^$", "lim.t", r"\d+", "(alice|bob)", "[^a]", "k", "[ž-ƀ]", "σ",
    r"^[\w.-]+$", r"\.", "a{1,2}", "é?", "[İ]", r"\S", "x*", "gpt-\\d", r"a\\b", "^.$", "[À-ß]",
    "(a+)+$", "(^|l)i?(c|$)", "(?:.?){2,3}b",
]  # fmt: skip


def word(rng: Random) -> str:
    """Make a text, in odd cases at times."""
    text = rng.choice(WORDS) + (rng.choice(WORDS) if rng.random() < 0.2 else "")
    changed = [text, text, text, text.upper(), text.lower(), text.swapcase()]
    return rng.choice(changed)


def _maybe(rng: Random) -> str | None:
    return None if rng.random() < 0.3 else word(rng)


def details(rng: Random) -> str | None:
    """Make the text of details: flat ones, nested ones, in several spellings."""
    if rng.random() < 0.15:
        return None
    flat = rng.random() < 0.5
    value = {
        rng.choice(KEYS): _leaf(rng) if flat else _json(rng, 3) for _ in range(rng.randrange(5))
    }
    text = json.dumps(
        value,
        ensure_ascii=rng.random() < 0.3,
        separators=rng.choice([(",", ":"), (", ", " : ")]),
    )
    while '"#' in text:
        text = text.replace('"#"', rng.choice(SPELLED), 1)
    if rng.random() < 0.1 and text != "{}":
        text = text[:-1] + f',"{rng.choice("ab")}":{rng.choice(["1", "null", "{}", "[2,3]"])}}}'
    return text


def _leaf(rng: Random) -> object:
    return rng.choice([None, True, False, "#", rng.choice(NUMBERS), word(rng), word(rng)])


def _json(rng: Random, depth: int) -> object:
    if depth == 0 or rng.random() < 0.4:
        return _leaf(rng)
    if rng.random() < 0.5:
        return [_json(rng, depth - 1) for _ in range(rng.randrange(3))]
    return {rng.choice(KEYS): _json(rng, depth - 1) for _ in range(rng.randrange(4))}


def moment(rng: Random) -> datetime:
    """Make a time, some of them the same."""
    return START + rng.choice([timedelta(0), timedelta(seconds=rng.randrange(-(10**7), 10**7))])


def event(rng: Random) -> AuditEvent:
    """Make an event, without chain and hash at times."""
    result = rng.choice(RESULTS)
    made = AuditEvent(
        scheme=Scheme.V1,
        chain="log.example/a",
        seq=rng.choice([rng.randrange(10), rng.randrange(2**63)]),
        id=rng.choice([word(rng), f"{rng.getrandbits(128):032x}"]),
        recorded_at=format_time(START),
        timestamp=format_time(moment(rng)),
        event_type=word(rng),
        action=word(rng),
        resource_type=word(rng),
        resource_id=word(rng),
        result=result,
        user_id=_maybe(rng),
        result_error=_maybe(rng),
        details=details(rng),
        ip_address=_maybe(rng),
        user_agent=_maybe(rng),
        request_id=_maybe(rng),
        previous_hash="0" * 64,
        event_hash=f"{rng.getrandbits(256):064x}",
    )
    if rng.random() < 0.7:
        return made
    return replace(
        made, scheme=Scheme.UNHASHED, chain=None, seq=None, recorded_at=None, event_hash=None
    )


def marks(rng: Random, events: Sequence[AuditEvent]) -> dict[MarkKey, Marks]:
    """Mark some events, and one that is not there."""
    chosen = {(known.id, known.event_hash): known for known in events if rng.random() < 0.4}
    made = {
        key: Marks(
            star=rng.random() < 0.5,
            tags=frozenset(word(rng) for _ in range(rng.randrange(3))),
            note=_maybe(rng),
        )
        for key in chosen
    }
    return made | {(known.id, "f" * 64): Marks(star=True) for known in events[:1]}


def pattern(rng: Random, texts: Sequence[str]) -> str:
    """Make a pattern, often one that fits one of the texts."""
    text = rng.choice(texts) if texts and rng.random() < 0.7 else word(rng)
    text = rng.choice([text, text.upper(), text.lower()])
    parts = [
        escape_wildcards(character)
        if rng.random() < 0.8
        else rng.choice("*?")
        for character in text
    ]  # fmt: skip
    return "".join(parts) + rng.choice(["", "", "*"])


def _text_match(rng: Random, texts: Sequence[str]) -> Match:
    made = pattern(rng, texts)
    own = rng.choice(texts) if texts else word(rng)
    choices: list[Match] = [
        Has() if made == "*" else Like(made),
        Like(escape_wildcards(own)),
        Exact(own),
        Has(),
        Regex(rng.choice(REGEXES)),
    ]
    return rng.choice(choices)


def _alternatives(rng: Random, make: Callable[[], Match]) -> Match:
    return any_match(make() for _ in range(rng.choice([1, 1, 1, 2, 3])))


def _range(rng: Random, numbers: Sequence[Decimal], *, goes_round: bool = False) -> Match:
    low, high = rng.choice(numbers), rng.choice(numbers)
    if not goes_round:
        low, high = min(low, high), max(low, high)
    is_open = rng.random() < 0.5
    return rng.choice(
        [
            Range(low, high),
            Range(low, low),
            Range(low=low, low_open=is_open),
            Range(high=high, high_open=is_open),
        ]
    )


def _between(rng: Random) -> Match:
    start, end = sorted([moment(rng), moment(rng)])
    end += timedelta(seconds=1)
    days = [time.replace(hour=0, minute=0, second=0, microsecond=0) for time in (start, end)]
    choices: list[Match] = [
        Has(),
        Between(start, end),
        Between(start=start),
        Between(end=end),
        Between(days[0], days[1] + timedelta(days=1)),
        Between(end=days[0]),
    ]
    return rng.choice(choices)


NETWORKS = ["10.0.0.0/8", "10.0.0.7/32", "0.0.0.0/0", "2001:db8::/32", "::/0", "203.0.113.0/24"]
DETAIL_NUMBERS = [Decimal(text) for text in ("0", "1", "5", "-5", "1000", "999.5", "0.1", "1.50")]
DETAIL_NUMBERS += [Decimal(10**18), Decimal(2**53 + 1), Decimal(10**30)]


def term(rng: Random, events: Sequence[AuditEvent]) -> Expression:
    """Make a term on any field, often about one of the events."""
    name = rng.choice(list(FieldName))
    field = Field(name)
    match name:
        case FieldName.TIME:
            match = _alternatives(rng, lambda: _between(rng))
        case FieldName.HOUR:
            hours = [Decimal(hour) for hour in range(24)]
            match = _alternatives(rng, lambda: _range(rng, hours, goes_round=True))
        case FieldName.WEEKDAY:
            days = [Decimal(day) for day in range(1, 8)]
            match = _alternatives(rng, lambda: _range(rng, days, goes_round=True))
        case FieldName.SEQ:
            seqs = [Decimal(known.seq) for known in events if known.seq is not None]
            match = _alternatives(rng, lambda: _range(rng, [*seqs, Decimal(10**19 - 1)]))
        case FieldName.STAR:
            match = Like(rng.choice(["yes", "no"]))
        case FieldName.CHECK:
            match = Like(rng.choice(["verified", "broken", "unverifiable"]))
        case FieldName.DETAILS:
            field = Field(name, tuple(rng.choice(KEYS) for _ in range(rng.choice([1, 1, 2, 3]))))
            match = _alternatives(
                rng,
                lambda: rng.choice([_text_match(rng, WORDS), _range(rng, DETAIL_NUMBERS)]),
            )
        case FieldName.IP:
            inside = Inside(ip_network(rng.choice(NETWORKS)))
            match = _alternatives(rng, lambda: rng.choice([inside, _text_match(rng, WORDS)]))
        case _:
            attribute = TEXT_ATTRIBUTES.get(name, "resource_id")
            own = [text for known in events if (text := getattr(known, attribute)) is not None]
            if name is FieldName.RESOURCE:
                own = [f"{known.resource_type}/{known.resource_id}" for known in events]
            match = _alternatives(rng, lambda: _text_match(rng, own))
    return Term(field, match)


def expression(rng: Random, events: Sequence[AuditEvent], depth: int = 2) -> Expression:
    """Make any expression in its normal form."""
    kind = rng.random()
    if depth == 0 or kind < 0.5:
        return Text(pattern(rng, WORDS)) if rng.random() < 0.15 else term(rng, events)
    if kind < 0.7:
        return negate(expression(rng, events, depth - 1))
    parts = [expression(rng, events, depth - 1) for _ in range(rng.choice([2, 3]))]
    return all_of(parts) if kind < 0.85 else any_of(parts)


def filter_of(rng: Random, events: Sequence[AuditEvent]) -> Filter:
    """Make a filter of up to three terms."""
    parts = [expression(rng, events) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
    if not parts:
        return Filter()
    whole = all_of(joined(parts) if rng.random() < 0.5 else parts)
    return Filter(whole.parts if isinstance(whole, And) else (whole,))
