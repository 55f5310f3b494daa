"""A report as JSON, schema `audit-console/verification/1`.

Keys may be added to the schema, never renamed. Text of the log is given exactly;
it is ASCII-escaped, so that printing the report cannot steer a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping

from audit_console.core.event import format_time
from audit_console.core.findings import Finding
from audit_console.core.json_object import ascii_json
from audit_console.core.merkle import root_text
from audit_console.core.prunes import PruneRecord
from audit_console.core.vouchers import Remembered, SignedHead
from audit_console.integrity.verification import ChainSummary
from audit_console.reports.model import Report, Statement
from audit_console.reports.vouching import largest_of
from audit_console.sources.protocol import FileStatus

SCHEMA = "audit-console/verification/1"


def render_json(report: Report) -> str:
    """Print a report as indented JSON that ends with a newline."""
    return json_text(_document(report))


def json_text(members: Mapping[str, object]) -> str:
    """Print an object as indented JSON that ends with a newline and cannot steer a terminal."""
    return ascii_json(members, indent=1) + "\n"


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
        "checkpoints": [
            _head(head)
            for _, heads in sorted(verification.vouchers.heads.items())
            for head in largest_of(heads)
        ],
        "remembered": [_remembered(seen) for seen in verification.vouchers.remembered.values()],
        "prunes": [_prune(record) for record in verification.prunes],
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
        "root": None if chain.root is None else root_text(chain.root),
        "sealed_size": chain.sealed_size,
        "sealed_by": None if chain.sealed_by is None else _head(chain.sealed_by),
        "vouched": chain.vouched,
        "uncovered_fields": list(chain.uncovered_fields),
    }


def _head(head: SignedHead) -> dict[str, object]:
    return {
        "chain": head.checkpoint.origin,
        "size": head.size,
        "root": head.checkpoint.root_text,
        "note": str(head.note),
        "signed_by_log": head.by_log,
        "trusted": head.trusted,
        "cosigned": dict(head.cosigned),
    }


def _remembered(seen: Remembered) -> dict[str, object]:
    return {
        "chain": seen.chain,
        "size": seen.size,
        "root": root_text(seen.root),
        "verified_at": format_time(seen.verified_at),
    }


def _prune(record: PruneRecord) -> dict[str, object]:
    return {
        "chain": record.chain,
        "pruned_to": record.pruned_to,
        "cutoff": format_time(record.cutoff),
        "applied_at": format_time(record.applied_at),
        "policy_days": record.policy_days,
        "actor": record.actor,
        "reason": record.reason,
        "sha256": record.sha256,
    }


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
