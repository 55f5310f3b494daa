"""What the check found; Enter goes to the event."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.core.findings import CODES, Finding
from audit_console.integrity.verification import Verification
from audit_console.tui.painting import Line, Span
from audit_console.tui.screens.dialog import Dialog
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.text_pane import Paragraph, TextPane
from audit_console.tui.wording import CLASSES, VERDICTS, number


class FindingsDialog(Dialog[Finding]):
    """Answers the finding to whose event to go."""

    CSS_PATH: ClassVar[str] = "findings.tcss"

    def __init__(self, verification: Verification) -> None:
        super().__init__()
        self._verification = verification

    def compose(self) -> ComposeResult:
        """Make the list and the text of the finding under its cursor."""
        box = Vertical(LineList(id="findings"), TextPane(id="finding"), classes="dialog")
        total = sum(self._verification.counts.values())
        shown = len(self._verification.findings)
        box.border_title = f"{VERDICTS[self._verification.verdict].text} · {number(total)} findings"
        if shown < total:
            box.border_title += f" · the first {number(shown)} are listed"
        box.border_subtitle = "Enter goes to the event · Tab to the text · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Fill the list."""
        findings = self._verification.findings
        width = max((len(place(finding)) for finding in findings), default=0)
        lines = [finding_line(finding, width) for finding in findings]
        if not lines:
            lines = [(Span(" nothing was found", "muted"),)]
        self.query_one("#findings", LineList).set_lines(lines)

    @on(LineList.Moved, "#findings")
    def _show(self, event: LineList.Moved) -> None:
        if event.index < len(self._verification.findings):
            text = finding_text(self._verification.findings[event.index])
        else:
            text = [Paragraph(sentence, "muted") for sentence in self._verification.cannot_show]
        self.query_one(TextPane).show(text)

    @on(LineList.Chosen, "#findings")
    def _choose(self, event: LineList.Chosen) -> None:
        if event.index < len(self._verification.findings):
            self.dismiss(self._verification.findings[event.index])


def finding_line(finding: Finding, place_width: int) -> Line:
    """Word a finding on one line, its place on `place_width` characters."""
    symbol = CLASSES[finding.finding_class]
    return (
        Span(" "),
        symbol,
        Span(f"  {finding.code.value:<23}", symbol.role),
        Span(f"{place(finding):<{place_width}}  ", "muted"),
        Span(finding.message),
    )


def place(finding: Finding) -> str:
    """Say where a finding is: by seq, else by file and line."""
    if finding.first_seq is not None:
        if finding.last_seq in {None, finding.first_seq}:
            return f"seq {number(finding.first_seq)}"
        return f"seq {number(finding.first_seq)} to {number(finding.last_seq or 0)}"
    if finding.line is not None:
        return f"{finding.file or 'line'}:{number(finding.line)}"
    return finding.file or "the log"


def finding_text(finding: Finding) -> list[Paragraph]:
    """Word a finding in full."""
    where = [f"chain {finding.chain}" if finding.chain else "", place(finding)]
    if finding.line is not None:
        where.append(f"{finding.file or 'line'}:{number(finding.line)}")
    if finding.event_id is not None:
        where.append(f"id {finding.event_id}")
    text = [
        Paragraph(finding.message),
        Paragraph(f"{finding.code.value}: {CODES[finding.code].meaning}", "muted"),
        Paragraph(" · ".join(dict.fromkeys(filter(None, where))), "muted"),
    ]
    for label, digest in (("stored  ", finding.stored), ("computed", finding.computed)):
        if digest is not None:
            text.append(Paragraph(f"{label} {digest}", "muted"))
    return text
