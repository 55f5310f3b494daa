"""Checkpoints, the console's memory and prunes, in every form of a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from audit_console.core.checkpoints import Checkpoint
from audit_console.core.prunes import PruneRecord
from audit_console.core.vouchers import Remembered, SignedHead, Vouchers
from audit_console.reports.forms import RENDERERS
from audit_console.reports.json import render_json
from audit_console.reports.model import Report
from audit_console.reports.text import render_text
from audit_console.reports.vouching import MOST_LISTED
from tests.reports.builders import CHAIN, MADE_AT, report, verification
from tests.support.trusting import log_key, note, witness_key

COSIGNED_AT = MADE_AT - timedelta(days=1)
RECORD = PruneRecord(
    text="{}",
    chain=CHAIN.chain,
    pruned_from=0,
    pruned_to=12_000,
    last_event_hash="ab" * 32,
    range=(),
    last_recorded_at=MADE_AT - timedelta(days=91),
    cutoff=MADE_AT - timedelta(days=90),
    applied_at=MADE_AT - timedelta(days=2),
    policy_days=90,
    actor="olga",
    reason="rule \x1b[31m7",
    checkpoint=None,
    previous_prune=None,
)


def head(size: int, *, trusted: bool = True) -> SignedHead:
    checkpoint = Checkpoint(CHAIN.chain, size, bytes(range(32)))
    seconds = int(COSIGNED_AT.timestamp())
    return SignedHead(
        checkpoint=checkpoint,
        note=note(checkpoint, log=log_key(CHAIN.chain), witnesses=[(witness_key(), COSIGNED_AT)]),
        by_log=True,
        trusted=trusted,
        cosigned={"w1": seconds} if trusted else {},
    )


def vouched(heads: Sequence[SignedHead]) -> Report:
    seen = Remembered(CHAIN.chain, 24, bytes(32), MADE_AT - timedelta(days=7))
    sealed_by = max((one for one in heads if one.trusted), key=lambda one: one.size)
    chain = replace(CHAIN, sealed_size=sealed_by.size, sealed_by=sealed_by, vouched=True)
    checked = replace(
        verification(chains=[chain]),
        policy_sha256="12" * 32,
        vouchers=Vouchers(heads={CHAIN.chain: heads}, remembered={CHAIN.chain: seen}),
        prunes=(RECORD,),
    )
    return report(checked, exit_code=0)


def test_the_text_says_who_signed_what_was_seen_and_what_was_deleted() -> None:
    printed = render_text(vouched([head(8), head(32), head(36, trusted=False)]))
    assert f"  policy    {'12' * 32}\n" in printed
    assert (
        """\
Checkpoints
  audit.example.org/prod
    stored    3: 2 trusted by the policy
    largest   over the first 32 events, trusted; cosigned by w1
              2026-11-22T04:12:09.000000Z
    signed    AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=

Remembered by this console
  audit.example.org/prod
    seen      the first 24 events at 2026-11-16T04:12:09.000000Z
    root      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

Deleted by retention
  audit.example.org/prod
    deleted   seq 0 to 11,999
    kept      90 days
    cut-off   2026-08-25T04:12:09.000000Z
    applied   2026-11-21T04:12:09.000000Z
    by        olga
    reason    rule ␛[31m7
    record    44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
"""
        in printed
    )


def test_every_form_says_it() -> None:
    made = vouched([head(32)])
    for form, render in RENDERERS.items():
        printed = render(made)
        for said in ("12" * 32, RECORD.sha256, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="):
            assert said in printed, form


def test_json_gives_the_notes_themselves() -> None:
    document = json.loads(render_json(vouched([head(8), head(36, trusted=False)])))
    trusted, other = document["checkpoints"]
    assert (trusted["size"], trusted["trusted"], trusted["signed_by_log"]) == (8, True, True)
    assert trusted["cosigned"] == {"w1": int(COSIGNED_AT.timestamp())}
    assert trusted["note"] == str(head(8).note)
    assert (other["size"], other["trusted"], other["cosigned"]) == (36, False, {})
    assert document["chains"][0]["sealed_by"]["size"] == 8
    assert document["remembered"][0]["size"] == 24
    (prune,) = document["prunes"]
    assert (prune["sha256"], prune["actor"]) == (RECORD.sha256, "olga")
    assert prune["reason"] == RECORD.reason
    assert document["policy_sha256"] == "12" * 32


def test_a_million_checkpoints_are_counted_and_not_listed() -> None:
    heads = [head(8)] * (MOST_LISTED + 5)
    assert len(json.loads(render_json(vouched(heads)))["checkpoints"]) == MOST_LISTED
    assert f"stored    {MOST_LISTED + 5}: {MOST_LISTED + 5} trusted" in render_text(vouched(heads))
