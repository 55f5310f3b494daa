"""The report for people: calm, complete, and safe to print."""

from __future__ import annotations

from dataclasses import replace

from audit_console.core.event import Scheme
from audit_console.core.findings import Code
from audit_console.core.safe_text import safe_text
from audit_console.reports.text import render_text
from tests.reports.builders import (
    CHAIN,
    EDITED,
    ORCHESTRATOR_CHAIN,
    REMOVED,
    SHUFFLED,
    STATUS,
    UNANCHORED,
    finding,
    report,
    verification,
)

WHOLE = """\
FAIL: 2 faults found, 41 lines read

  question  Is every event of this log unaltered, and is every event there?
  source    audit.jsonl (archive)
  read      41 lines: 40 events, 1 unreadable
  checked   39 verified, 1 failed, 0 not checked
  window    2026-11-01T00:00:00.000000Z to 2026-11-22T23:59:41.002314Z
  policy    none
  made      2026-11-23T04:12:09.000000Z by audit-console 1.2.3

Integrity: Is what is there unaltered?
  NO        content differs from its hash (EVENT_HASH_MISMATCH)

Coverage: Is everything there that should be?
  NO        events are missing inside the chain (GAP)
  OPEN      nothing outside the log vouches for its end (NO_CHECKPOINT)

Chains
  audit.example.org/prod
    scheme    v1, the hash covers every field
    seq       0 to 39
    events    40: 39 verified, 1 failed, 0 not checked
    head      cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
    root      AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=

Files
  audit.jsonl
    size      24,000 bytes, 41 lines
    sha256    abababababababababababababababababababababababababababababababab

Findings
  FAULT   EVENT_HASH_MISMATCH (critical): content differs from its hash
          The event is not as it was written: somebody changed it afterwards, or the
          storage damaged it. The hash does not tell which field. Stored is the hash that
          the event carries, computed is the hash of what stands there now.
          next      Compare the event with a backup or another copy of the log. Do not
                    rely on any of its fields until then.
          the content of seq 12 differs from its hash
            where     audit.jsonl, line 13 · audit.example.org/prod · seq 12
            event     5d9dc9f8-0000-4000-8000-000000000012
            stored    0101010101010101010101010101010101010101010101010101010101010101
            computed  0202020202020202020202020202020202020202020202020202020202020202
  FAULT   GAP (critical): events are missing inside the chain
          Numbers are missing inside the chain. Every event has a number when it is
          written, so the events were taken out afterwards.
          next      Look for the missing numbers in backups and in copies sent elsewhere.
                    Look at what happened just before and after the gap.
          1,200 events are missing
            where     audit.example.org/prod · seq 20 to 1,219
  OPEN    NO_CHECKPOINT (medium): nothing outside the log vouches for its end
          The log speaks for itself alone. Whoever can write it could have cut off its
          end, or written all of it anew, without a trace in it.
          next      Verify with a policy and with checkpoints that were kept elsewhere.
          nothing outside the log vouches for its end
            where     audit.example.org/prod

This run cannot show
  - who wrote the log

FAIL: 2 faults found, 41 lines read (exit code 1)
"""


def test_the_whole_report() -> None:
    made = report(verification(EDITED, REMOVED, UNANCHORED))
    assert render_text(made) == WHOLE


def test_faults_stand_before_open_points_and_notices() -> None:
    printed = render_text(report(verification(SHUFFLED, UNANCHORED, EDITED)))
    marks = [line.split()[0] for line in printed.splitlines() if line.startswith("  ")]
    assert [mark for mark in marks if mark in {"FAULT", "NOTICE"}] == ["FAULT", "NOTICE"]
    assert (
        printed.index("FAULT ") < printed.index("OPEN    NO_CHECKPOINT") < printed.index("NOTICE")
    )


def test_findings_beyond_the_list_are_counted() -> None:
    checked = verification(EDITED, UNANCHORED, counts={EDITED.code: 2001, UNANCHORED.code: 1})
    printed = render_text(report(checked))
    assert "2,001 × content differs from its hash" in printed
    assert "and 2,000 more, counted but not listed" in printed


def test_a_scheme_that_leaves_fields_uncovered_names_them() -> None:
    checked = verification(UNANCHORED, chains=(ORCHESTRATOR_CHAIN,))
    printed = render_text(report(checked, exit_code=3))
    named = " ".join(printed.split())
    assert f"not covered by the hash: {', '.join(ORCHESTRATOR_CHAIN.uncovered_fields)}" in named


def test_a_part_of_a_log_says_that_it_is_a_part() -> None:
    part = replace(STATUS, complete=False, stopped=True)
    unread = replace(part, files=(replace(STATUS.files[0], sha256=None),))
    checked = verification(finding(Code.RANGE_NOT_COVERED), status=unread)
    printed = render_text(report(checked, exit_code=3))
    assert "all numbers are of a part" in printed
    assert "24,000 bytes, 41 lines read\n" in printed
    assert "sha256    not computed in this run" in printed


def test_an_empty_log_shows_nothing() -> None:
    checked = verification(finding(Code.EMPTY), chains=(), status=replace(STATUS, first=None))
    printed = render_text(report(checked, exit_code=3))
    assert "OPEN      nothing was verified" in printed
    assert "window" not in printed


def test_events_without_hashes_are_covered_by_nothing() -> None:
    unhashed = replace(ORCHESTRATOR_CHAIN, scheme=Scheme.UNHASHED, verified=0, not_checked=40)
    checked = verification(finding(Code.UNVERIFIABLE), chains=(unhashed,))
    assert "no hash covers any field" in render_text(report(checked, exit_code=3))


def test_a_checkpoint_that_the_log_contradicts_seals_nothing() -> None:
    contradicted = replace(CHAIN, sealed_size=32, sealed_by=None, head_hash=None)
    printed = render_text(report(verification(chains=(contradicted,)), exit_code=1))
    assert "sealed" not in printed


def test_a_log_without_faults_says_yes_twice() -> None:
    printed = render_text(report(verification(), exit_code=0))
    assert printed.count("  YES ") == 2
    assert printed.endswith("PASS: 39 events verified, no fault (exit code 0)\n")


def test_log_text_cannot_steer_the_terminal() -> None:
    hostile = "\x1b]0;title\x07\n\x9b31m\u202e\u200b" + "x" * 100_000
    checked = verification(
        finding(
            Code.MALFORMED, hostile, chain=hostile, file=hostile, event_id=hostile, stored=hostile
        ),
        chains=(replace(CHAIN, chain=hostile, head_hash=hostile),),
        cannot_show=(hostile,),
        status=replace(STATUS, files=(replace(STATUS.files[0], name=hostile),)),
    )
    printed = render_text(report(checked, label=hostile))
    assert all(safe_text(line, limit=10_000) == line for line in printed.splitlines())
    assert max(map(len, printed.splitlines())) < 3_000
