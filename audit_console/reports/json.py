"""A report as JSON, schema `audit-console/verification/1`.

Keys may be added to the schema, never renamed. Text of the log is given exactly;
it is ASCII-escaped, so that printing the report cannot steer a terminal.
"""

from __future__ import annotations

import base64
import json

from audit_console.core.anchors import SignedHead
from audit_console.core.event import format_time
from audit_console.core.findings import Finding
from audit_console.integrity.verification import ChainSummary
from audit_console.reports.model import Report, Statement
from audit_console.sources.protocol import FileStatus

SCHEMA = "audit-console/verification/1"


def render_json(report: Report) -> str:
    """Print a report as indented JSON that ends with a newline."""
    text = json.dumps(_document(report), indent=1, ensure_ascii=True)
    return text.replace("\x7f", "\\u007f") + "\n"


def _document(report: Report) -> dict[str, object]:
    verification = report.verification
    status = verification.status
    return {
        "schema": SCHEMA,
        "verdict": verification.verdict,
        "exit_code": report.exit_code,
        "question": report.question,
        "policy_sha256": verification.policy_sha256,
        "made_at": format_time(report.made_at),
        "tool": {"name": report.tool, "version": report.tool_version},
        "source": {
            "label": report.source_label,
            "kind": report.source_kind,
            "files": [_file(file) for file in status.files],
            "events": status.events,
            "malformed": status.malformed,
            "lines": status.lines,
            "complete": status.complete,
            "first_timestamp": status.first and format_time(status.first),
            "last_timestamp": status.last and format_time(status.last),
        },
        "integrity": _statement(report.integrity),
        "coverage": _statement(report.coverage),
        "chains": [_chain(chain) for chain in verification.chains],
        "findings": [_finding(finding) for finding in verification.findings],
        "counts": dict(sorted(verification.counts.items())),
        "cannot_show": list(verification.cannot_show),
    }


def _file(file: FileStatus) -> dict[str, object]:
    return {"name": file.name, "bytes": file.bytes, "sha256": file.sha256, "lines": file.lines}


def _statement(statement: Statement) -> dict[str, object]:
    return {
        "standing": statement.standing,
        "faults": list(statement.faults),
        "open": list(statement.open_points),
    }


def _chain(chain: ChainSummary) -> dict[str, object]:
    return {
        "chain": chain.chain,
        "scheme": chain.scheme,
        "first_seq": chain.first_seq,
        "last_seq": chain.last_seq,
        "events": chain.events,
        "verified": chain.verified,
        "failed": chain.failed,
        "not_checked": chain.not_checked,
        "head_hash": chain.head_hash,
        "root": None if chain.root is None else base64.b64encode(chain.root).decode(),
        "sealed_size": chain.sealed_size,
        "sealed_by": None if chain.sealed_by is None else _head(chain.sealed_by),
        "vouched": chain.vouched,
        "uncovered_fields": list(chain.uncovered_fields),
    }


def _head(head: SignedHead) -> dict[str, object]:
    return {"size": head.size, "note": str(head.note), "cosigned": dict(head.cosigned)}


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "class": finding.finding_class,
        "severity": int(finding.severity),
        "chain": finding.chain,
        "first_seq": finding.first_seq,
        "last_seq": finding.last_seq,
        "file": finding.file,
        "line": finding.line,
        "event_id": finding.event_id,
        "stored": finding.stored,
        "computed": finding.computed,
        "message": finding.message,
    }
