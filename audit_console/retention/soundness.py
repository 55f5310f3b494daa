"""Whether what a plan deletes verifies: what does not is evidence, and stays."""

from __future__ import annotations

from dataclasses import replace

from audit_console.core.findings import Finding, FindingClass
from audit_console.core.retention import PrunePlan
from audit_console.errors import PrefixBroken
from audit_console.integrity.verification import Verification
from audit_console.retention.preview import Preview


def require_sound(verification: Verification, plan: PrunePlan) -> None:
    """Refuse to delete what does not verify.

    Raises:
        PrefixBroken: a fault is among the events of the plan.
    """
    codes = sorted({found.code for found in faults_in(verification, plan)})
    if codes:
        raise PrefixBroken(
            f"what is to be deleted does not verify: {', '.join(codes)}; nothing is deleted",
            hint="see where: audit-console verify; what does not verify is evidence, and stays",
        )


def judged(preview: Preview, verification: Verification | None) -> Preview:
    """Add what does not verify of what would go, where that was looked at."""
    if verification is None or preview.plan is None:
        return preview
    return replace(preview, faults=tuple(faults_in(verification, preview.plan)))


def faults_in(verification: Verification, plan: PrunePlan) -> list[Finding]:
    """List the faults among the events of a plan, and those whose place is not known."""
    return [
        found
        for found in verification.findings
        if found.finding_class is FindingClass.FAULT
        and found.chain in {None, plan.chain}
        and (found.first_seq is None or found.first_seq < plan.pruned_to)
    ]
