"""The forms in which a report is printed, by name."""

from __future__ import annotations

from collections.abc import Callable

from audit_console.reports.html import render_html
from audit_console.reports.json import render_json
from audit_console.reports.markdown import render_markdown
from audit_console.reports.model import Report
from audit_console.reports.text import render_text

RENDERERS: dict[str, Callable[[Report], str]] = {
    "text": render_text,
    "json": render_json,
    "markdown": render_markdown,
    "html": render_html,
}
