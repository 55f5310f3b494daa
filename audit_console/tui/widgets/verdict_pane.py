"""The verdict, large, beside the two statements that it rests on."""

from __future__ import annotations

from textual.strip import Strip

from audit_console.core.findings import EXIT_CODES, Code
from audit_console.core.wording import count
from audit_console.integrity.verification import Verification
from audit_console.reports.model import Standing, Statement, coverage_of, integrity_of, meaning
from audit_console.tui.painting import Line, Span, fit, width_of
from audit_console.tui.session import Session
from audit_console.tui.widgets.status_lines import SessionLine
from audit_console.tui.wording import VERDICTS, number

BOX_WIDTH = 16

STANDINGS = {
    Standing.HOLDS: Span("✔ YES ", "ok"),
    Standing.FAULTY: Span("✘ NO  ", "bad"),
    Standing.OPEN: Span("◐ OPEN", "warn"),
}


class VerdictPane(SessionLine):
    """Shows four lines: a box with the verdict, at its right integrity, coverage and counts.

    Where there is room for two, integrity and coverage: the verdict stands in the header too.
    """

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        if self.session is None:
            return self.paint(
                (Span(" no log is open" if y == 1 else "", "muted"),), self.size.width
            )
        lines = verdict_lines(self.session, self.size.width)
        if self.size.height < len(lines):
            lines = [(Span(" "), *line) for _, *line in lines]
        return self.paint(lines[y] if y < len(lines) else (), self.size.width)


def verdict_lines(session: Session, width: int) -> list[Line]:
    """Word verdict, integrity, coverage and counts; in little room, these in fewer words."""
    verdict = _verdict(session)
    rule = "─" * BOX_WIDTH
    box = (
        Span(f" ╭{rule}╮ ", verdict.role),
        Span(f" │{fit(verdict.text.center(BOX_WIDTH), BOX_WIDTH)}│ ", verdict.role),
        Span(f" │{fit(_scope(session).center(BOX_WIDTH), BOX_WIDTH)}│ ", verdict.role),
        Span(f" ╰{rule}╯ ", verdict.role),
    )
    counts = _counts(session)
    if width_of((box[0], *counts[0])) > width:
        counts = _counts(session, short=True)
    right = (*_statements(session), *counts)
    return [(left, *line) for left, line in zip(box, right, strict=True)]


def _verdict(session: Session) -> Span:
    if session.verification is not None:
        return VERDICTS[session.verification.verdict]
    return Span("✘ ERROR", "bad") if session.error is not None else Span("… checking", "warn")


def _scope(session: Session) -> str:
    if session.verification is None:
        return ""
    if session.partial:
        return "of a part"
    return f"exit code {EXIT_CODES[session.verification.verdict]}"


def _statements(session: Session) -> tuple[Line, Line]:
    verification = session.verification
    if verification is None:
        why = "reading broke off" if session.error is not None else "reading goes on"
        open_ = (STANDINGS[Standing.OPEN], Span(f"  {why}", "muted"))
        return (Span("Integrity  ", "heading"), *open_), (Span("Coverage   ", "heading"), *open_)
    integrity = _statement(
        integrity_of(verification), verification, "all that is here is unaltered"
    )
    coverage = _statement(
        coverage_of(verification), verification, "all that should be here is here"
    )
    return (Span("Integrity  ", "heading"), *integrity), (Span("Coverage   ", "heading"), *coverage)


def _statement(statement: Statement, verification: Verification, holds: str) -> Line:
    """Word a statement; `holds` is what it says where nothing speaks against it."""
    said = [_tally(code, verification) for code in statement.faults]
    beside = "open: " if said else ""
    said += [f"{beside}{_tally(code, verification)}" for code in statement.open_points]
    if not said:
        said = [holds if statement.standing is Standing.HOLDS else "nothing was verified"]
    return (STANDINGS[statement.standing], Span(f"  {' · '.join(said)}"))


def _tally(code: Code, verification: Verification) -> str:
    amount = verification.counts[code]
    return f"{number(amount)} × {meaning(code)}" if amount > 1 else meaning(code)


def _counts(session: Session, *, short: bool = False) -> tuple[Line, Line]:
    """Word how many events there are and how they were checked; in short, what adds up to them."""
    status, verification = session.status.as_read, session.verification
    so_far = " so far" if session.loading else ""
    read = f"{count(status.events, 'event')} read{so_far}"
    unreadable = f"{number(status.malformed)} unreadable"
    if not short:
        unreadable = count(status.malformed, "unreadable line")
    bad = Span(f" · {unreadable}", "bad" if status.malformed else "")
    if verification is None:
        faults = Span(f" · {count(session.faults, 'fault')}", "bad" if session.faults else "")
        return (Span(read), bad, faults), ()
    chains = verification.chains
    failed = sum(chain.failed for chain in chains)
    unchecked = sum(chain.not_checked for chain in chains)
    of = "" if short else f"{count(status.events, 'event')} · "
    not_checked = "unchecked" if short else "not checked"
    return (
        Span(f"{of}{number(verification.verified)} verified"),
        Span(f" · {number(failed)} failed", "bad" if failed else ""),
        Span(f" · {number(unchecked)} {not_checked}", "warn" if unchecked else ""),
        bad,
    ), _sealed(verification)


def _sealed(verification: Verification) -> Line:
    sealed = sum(chain.covered for chain in verification.chains)
    if not sealed and verification.chains and all(one.vouched for one in verification.chains):
        return (Span("an earlier verification here vouches, no trusted checkpoint", "muted"),)
    if not sealed:
        return (Span("no checkpoint that is trusted covers any of them", "warn"),)
    return (Span(f"{count(sealed, 'event')} covered by a trusted checkpoint", "muted"),)
