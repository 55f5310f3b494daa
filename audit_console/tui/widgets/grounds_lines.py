"""What a verdict rests on, and what it does not show: chains, checkpoints, memory, prunes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from audit_console.core.event import Scheme
from audit_console.core.findings import Code, Finding
from audit_console.integrity.verification import ChainSummary, Verification
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.text_pane import Paragraph
from audit_console.tui.wording import VERDICTS, count, number

PRUNE_CODES = frozenset(
    {
        Code.PRUNED_PREFIX,
        Code.PRUNE_NOT_BACKED,
        Code.PRUNE_RECORD_INVALID,
        Code.PRUNE_RECORD_NOT_IN_CHAIN,
        Code.RETENTION_POLICY_VIOLATED,
        Code.EVENT_BELOW_PRUNE_BOUNDARY,
    }
)

Part = Paragraph | Line


def grounds(verification: Verification) -> list[Part]:
    """Say what the verdict rests on."""
    return [
        *_chains(verification),
        *_checkpoints(verification),
        *_prunes(verification),
        *cannot_show(verification),
    ]


def cannot_show(verification: Verification) -> Iterator[Part]:
    """Say in sentences what a run leaves open."""
    yield _heading("this run cannot show")
    for sentence in verification.cannot_show:
        yield Paragraph(f"· {sentence}", is_prose=True)


def range_parts(title: str, verification: Verification) -> list[Part]:
    """Say how a part of the log stands, and what that does not show."""
    verdict = VERDICTS[verification.verdict]
    parts: list[Part] = [_heading("the range that was verified"), Paragraph(title, is_prose=True)]
    parts += [line for chain in verification.chains for line in _chain(chain)]
    parts.append((Span(f" {verdict.text}", verdict.role),))
    parts += [
        Paragraph(f"{one.code.value}: {one.message}", "bad", is_prose=True)
        for one in verification.findings
        if one.finding_class == "F"
    ]
    parts += [Paragraph(f"· {sentence}", is_prose=True) for sentence in verification.cannot_show]
    return [*parts, ()]


def _heading(title: str) -> Line:
    return (Span(f" {title}", "heading"),)


def _chains(verification: Verification) -> Iterator[Part]:
    yield _heading(count(len(verification.chains), "chain"))
    for chain in verification.chains:
        yield from _chain(chain)
    yield ()


def _chain(chain: ChainSummary) -> Iterator[Part]:
    seqs = ""
    if chain.first_seq is not None and chain.last_seq is not None:
        seqs = f"  seq {number(chain.first_seq)} to {number(chain.last_seq)}"
    yield (Span(f" {chain.chain}", "name"), Span(f"  {chain.scheme}{seqs}", "muted"))
    yield (
        Span(f"   {count(chain.events, 'event')}"),
        Span(f" · ✔ {number(chain.verified)} verified", "ok" if chain.verified else "muted"),
        Span(f" · ✘ {number(chain.failed)} failed", "bad" if chain.failed else "muted"),
        Span(
            f" · {number(chain.not_checked)} not checked", "warn" if chain.not_checked else "muted"
        ),
    )
    yield Paragraph(f"  {_covered(chain)}", "warn" if chain.uncovered_fields else "muted")
    if chain.head_hash is not None:
        yield Paragraph(f"  head {chain.head_hash}", "muted")


def _covered(chain: ChainSummary) -> str:
    if chain.scheme is Scheme.UNHASHED:
        return "no hash covers any field"
    if not chain.uncovered_fields:
        return "the hash covers every field"
    return f"not covered by the hash: {', '.join(chain.uncovered_fields)}"


def _checkpoints(verification: Verification) -> Iterator[Part]:
    yield _heading("checkpoints")
    sealed = [chain for chain in verification.chains if chain.sealed_size]
    for chain in sealed:
        yield (
            Span(f" {chain.chain}", "name"),
            Span(f"  sealed up to the first {count(chain.sealed_size, 'event')}", "ok"),
        )
    if not sealed:
        yield Paragraph("none that is trusted", "muted")
    yield ()


def _prunes(verification: Verification) -> Iterator[Part]:
    yield _heading("prunes")
    found = [one for one in verification.findings if one.code in PRUNE_CODES]
    for one in found:
        yield Paragraph(_said(one), is_prose=True)
    if not found:
        yield Paragraph("no record of one", "muted")
    yield ()


def _said(finding: Finding) -> str:
    chain = f"{finding.chain}: " if finding.chain else ""
    return f"{chain}{finding.message} ({finding.code.value})"
