from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from audit_console.cli.opening import open_source
from audit_console.core.findings import Code, Verdict
from audit_console.core.policy import parse_policy
from audit_console.core.vouchers import Remembered
from audit_console.integrity.trust import Trust
from audit_console.integrity.verifier import verify
from audit_console.reports.explanations import EXPLANATIONS
from audit_console.sources.memory import MemorySource
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.belongings import Belongings
from audit_console.tui.screens.integrity import IntegrityScreen
from audit_console.tui.screens.investigate.screen import InvestigateScreen
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.map_pane import MapPane
from audit_console.tui.widgets.rule_line import RuleLine
from audit_console.tui.widgets.status_lines import SourceHeader
from tests.support.chains import linked
from tests.support.effort import UNMEASURED
from tests.support.places import V1_VECTORS, text_of
from tests.tui.support import (
    GatedSource,
    make_app,
    make_event,
    make_lines,
    screen_lines,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)


def faulty_lines(count: int = 60, *, edited: int = 20, removed: int = 40) -> list[bytes]:
    """Make a log in which one event was edited and another taken out."""
    lines = make_lines(count)
    lines[edited] = lines[edited].replace(b"wf-0", b"wf-X")
    del lines[removed]
    return lines


def map_of(app: AuditConsoleApp) -> MapPane:
    return app.screen.query_one(MapPane)


def verdict_of(app: AuditConsoleApp) -> Verdict | None:
    return None if app.verification is None else app.verification.verdict


# --- what it says -----------------------------------------------------------------------


@UNMEASURED
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_verdict_map_findings_and_what_stays_open_are_told_at_every_size(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = make_app(MemorySource(faulty_lines()), tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "exit code")
        text = screen_text(app)
        assert "exit code 1" in text
        assert "Integrity  ✘ NO    content differs from its hash" in text
        assert "Coverage   ✘ NO    events are missing inside the chain" in text
        counts = "59 events · 58 verified · 1 failed · 0 not checked · 0 unreadable lines"
        if size[0] == 80:
            counts = "58 verified · 1 failed · 0 unchecked · 0 unreadable"
        assert counts in text
        assert "seq 20 · 1 event ✘ 1 broken" in text
        assert "✘ absent 1" in text
        assert "3 findings" in text
        assert all("\x1b" not in line and len(line) == size[0] for line in screen_lines(app))
        await pilot.press("c")
        await until_shown(pilot, "This run cannot show")


async def test_in_little_height_each_part_has_a_line(tmp_path: Path) -> None:
    app = make_app(MemorySource(faulty_lines()), tmp_path)
    async with app.run_test(size=(60, 15)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "what it means")
        text = screen_text(app)
        assert "✘ FAIL" in text
        assert "Coverage   ✘ NO" in text
        assert "✘ broken 1" in text
        assert "✘ fault   seq 20" in text
        assert "The event is not as it was written" in text


async def test_that_the_memory_of_the_console_vouches_is_said(tmp_path: Path) -> None:
    lines = make_lines(60)
    (tree,) = verify(MemorySource(lines)).trees
    seen = Remembered(tree.chain, tree.size, tree.root, datetime(2026, 11, 23, tzinfo=UTC))
    app = AuditConsoleApp(
        lambda _: MemorySource(lines),
        places=["log"],
        kept=Belongings(tmp_path, tmp_path),
        verifier=partial(verify, trust=Trust(remembered={tree.chain: seen})),
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "✔ PASS")
        await until_shown(pilot, "an earlier verification here vouches, no trusted checkpoint ")


async def test_the_day_of_a_log_of_one_day_is_told_once(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(60)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await until_shown(pilot, "60 verified · 2026-11-01   ")


async def test_at_12_lines_a_finding_its_place_and_its_meaning_are_seen(tmp_path: Path) -> None:
    app = make_app(MemorySource(faulty_lines()), tmp_path)
    async with app.run_test(size=(60, 12)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, " the content of seq 20 differs from its hash")
        text = screen_text(app)
        assert "Coverage   ✘ NO" in text
        assert "■✘■" in text
        assert "✘ fault   seq 20" in text
        await pilot.press("m")
        await until_shown(pilot, " seq 20 · 1 event ✘ 1 broken")
        assert "✘ fault   seq 20" in screen_text(app)


@UNMEASURED
async def test_a_finding_is_explained_with_its_neighbours_and_both_values(tmp_path: Path) -> None:
    app = make_app(MemorySource(faulty_lines()), tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("i")
        await until_shown(pilot, "before")
        text = " ".join(screen_text(app).split())
        assert EXPLANATIONS[Code.EVENT_HASH_MISMATCH].meaning[:40] in text
        assert "hash stored with it" in text
        assert "hash of its content now" in text
        assert app.verification is not None
        (edited, *_) = app.verification.findings
        assert edited.stored is not None
        assert edited.stored[:32] in text
        assert edited.stored[32:] in text
        before, here, behind = ("seq 19", "seq 20", "seq 21")
        assert text.index(before) < text.index(f"here ✘ {here}") < text.index(behind)

        await pilot.press("n")
        await until_shown(pilot, "✘ no event stands here")
        assert map_of(app).selected is not None
        assert map_of(app).selected.first == 40  # type: ignore[union-attr]
        text = screen_text(app)
        assert "seq 39" in text
        assert "seq 41" in text
        await pilot.press("N")
        await until_shown(pilot, "hash stored with it")


@UNMEASURED
async def test_the_demos_tampers_are_explained(tmp_path: Path, demo_log: Path) -> None:
    app = make_app(lambda places: open_source(places, keep=True), tmp_path, places=[str(demo_log)])
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "The event is not as it was written")
        await until_shown(pilot, "svc-backup")
        await pilot.press("n")
        await until_shown(pilot, "Numbers are missing inside the chain")
        await until_shown(pilot, "✘ no event stands here")


@UNMEASURED
async def test_a_whole_log_is_open_only_for_want_of_a_checkpoint(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "exit code")
        text = screen_text(app)
        assert "Integrity  ✔ YES" in text
        assert "Coverage   ◐ OPEN  nothing outside the log vouches for its end" in text
        assert "no checkpoint that is trusted covers any of them" in text
        assert "✘ broken 0" in text


@UNMEASURED
async def test_checkpoints_seal_the_map_and_are_told_with_their_cosigners(tmp_path: Path) -> None:
    folder = V1_VECTORS.parent
    policy = parse_policy(await asyncio.to_thread((folder / "policy.txt").read_text))
    app = AuditConsoleApp(
        lambda places: open_source(places, keep=True),
        places=[str(V1_VECTORS)],
        kept=Belongings(tmp_path, tmp_path),
        verifier=partial(verify, trust=Trust(policy), roots=False),
    )
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "exit code")
        text = screen_text(app)
        assert "█ sealed 200  ■ verified 0 " in text
        assert "200 events covered by a trusted checkpoint" in text
        assert "✔ PASS  200 sealed · 0 unsealed" in text
        assert "Integrity  ✔ YES   all that is here is unaltered" in text
        assert "Coverage   ✔ YES   all that should be here is here" in text
        assert "over the first 200 events, trusted" in text
        assert "cosigned by auditor 2025-06-15" in text


def partly_sealed(label: str) -> MemorySource:
    """Make a log of 200 events, the first 128 of which a trusted checkpoint covers."""
    notes = (V1_VECTORS.parent / "audit.checkpoints.jsonl").read_text().splitlines()
    return MemorySource(V1_VECTORS.read_bytes().splitlines(), label=label, checkpoints=notes[:2])


@UNMEASURED
@pytest.mark.parametrize(("label", "is_said"), [("log", True), ("a-long-name" * 4, False)])
async def test_the_header_says_how_far_a_log_is_sealed_if_there_is_room(
    tmp_path: Path, label: str, is_said: bool
) -> None:
    log = partly_sealed(label)
    policy = parse_policy(await asyncio.to_thread((V1_VECTORS.parent / "policy.txt").read_text))
    app = AuditConsoleApp(
        lambda _: log,
        places=["log"],
        kept=Belongings(tmp_path, tmp_path),
        verifier=partial(verify, trust=Trust(policy), roots=False),
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        header = screen_lines(app)[0]
        assert header.endswith(" 200 events   ✔ PASS  128 sealed · 72 unsealed ") is is_said
        await pilot.click(SourceHeader, offset=(header.index("✔"), 0))
        await until_shown(pilot, "128 events covered by a trusted checkpoint")


@UNMEASURED
async def test_hostile_text_of_a_log_stays_text(tmp_path: Path) -> None:
    name = "x\x1b[2J[bold]"
    events = linked(make_event(seq, user_id=name, action=name) for seq in range(5))
    events[2] = replace(events[2], resource_id=name)
    app = make_app(MemorySource.of_events(events), tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "x␛[2J[bold]")
        assert "\x1b" not in screen_text(app)


# --- while it is read -------------------------------------------------------------------


@UNMEASURED
async def test_the_map_grows_and_what_is_not_read_is_not_checked(tmp_path: Path) -> None:
    source = GatedSource(make_lines(300), batch_lines=100)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        source.gate.release()
        await until_shown(pilot, "action 3 ")
        await pilot.press("3")
        await until_shown(pilot, "… checking")
        await until_shown(pilot, "Integrity  ◐ OPEN")
        await until(pilot, lambda: screen_text(app).count("■") > 100, "cells that were read")
        assert screen_text(app).count("·····") > 10
        assert "100 events read so far" in screen_text(app)
        source.gate.release(9)
        await until_shown(pilot, "◐ INCOMPLETE")
        await until(pilot, lambda: "·····" not in screen_text(app), "all was read")


async def test_escape_stops_and_the_rest_stays_not_checked(tmp_path: Path) -> None:
    source = GatedSource(make_lines(300), batch_lines=100)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        source.gate.release()
        await until_shown(pilot, "action 3 ")
        await pilot.press("3", "escape")
        source.gate.release()
        await until_shown(pilot, "of a part")
        assert "less was read than was asked for" in screen_text(app)
        assert "·····" in screen_text(app)


# --- the map ----------------------------------------------------------------------------


async def test_the_cursor_goes_over_cells_and_opens_the_worst_event(tmp_path: Path) -> None:
    app = make_app(MemorySource(faulty_lines()), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3", "m", "g")
        await until_shown(pilot, "seq 0 · 1 event ■ 1 verified · 2026-11-01 00:00:00 UTC")
        await pilot.press("right", "down", "up", "left", "G")
        await until_shown(pilot, "seq 59 · 1 event")
        await pilot.press("space")
        await until_shown(pilot, "seq 20 · 1 event ✘ 1 broken")
        await pilot.press("space")
        await until_shown(pilot, "seq 40 · no event ✘ 1 absent")
        await pilot.press("space", "enter")
        await until(pilot, lambda: not isinstance(app.screen, IntegrityScreen), "Investigate")
        await until(pilot, lambda: (table_of(app).selected or {}).get("seq") == 20, "the event")


async def test_the_mouse_chooses_a_cell_and_twice_opens_it(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "exit code")
        await pilot.click(MapPane, offset=(2 + 4 * 5, 2))  # below border and title
        await until_shown(pilot, "seq 5 · 1 event")
        await pilot.click(MapPane, offset=(2 + 4 * 7, 2), times=2)
        await until(pilot, lambda: not isinstance(app.screen, IntegrityScreen), "Investigate")
        await until(pilot, lambda: (table_of(app).selected or {}).get("seq") == 7, "the event")


async def test_chains_stand_below_one_another(tmp_path: Path) -> None:
    chains = [
        linked(make_event(seq, chain=f"log.example/{name}") for seq in range(4)) for name in "abc"
    ]
    chains[1][2] = replace(chains[1][2], action="edited")
    app = make_app(MemorySource.of_events(chain.from_iterable(chains)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3", "m")
        await until_shown(pilot, "▸ log.example/b  v1  seq 0 to 3   ✘ 1 broken ■ 3 verified")
        await pilot.press("down")
        await until_shown(pilot, "▸ log.example/c")
        await pilot.press("up", "up")
        await until_shown(pilot, "▸ log.example/a")


@UNMEASURED
async def test_events_that_stand_alike_are_asked_for(tmp_path: Path) -> None:
    app = make_app(MemorySource(faulty_lines()), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        for keys, query, matched in (
            (("b",), "chain:broken", 1),
            (("m", "G", "f"), "chain:verified", 58),
            (("space", "f"), "chain:broken", 1),
        ):
            await pilot.press("3")
            await until(pilot, lambda: isinstance(app.screen, IntegrityScreen), "Integrity")
            await pilot.press(*keys)
            await until(pilot, lambda: bool(app.screen.query(RuleLine)), "Investigate")
            await until_shown(pilot, query)
            await until_shown(pilot, f"{matched} of 59 matched")


@UNMEASURED
async def test_unverifiable_events_are_asked_for(tmp_path: Path) -> None:
    entry = json.loads(make_lines(1)[0])
    for name in ("v", "chain", "seq", "recorded_at", "previous_hash", "event_hash", "result_error"):
        del entry[name]
    entry |= {"event_type": "Authentication", "resource_type": "Workflow", "result": "Success"}
    app = make_app(MemorySource([json.dumps(entry).encode()] * 3), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "? unverifiable 3")
        await pilot.press("m", "f")
        await until_shown(pilot, "chain:unverifiable")
        await until_shown(pilot, "3 of 3 matched")


# --- going on ---------------------------------------------------------------------------


@UNMEASURED
async def test_a_finding_opens_its_event_among_its_neighbours(tmp_path: Path) -> None:
    app = make_app(MemorySource(faulty_lines()), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("i")
        await until_shown(pilot, "3 findings")
        await pilot.press("n", "enter")
        await until(pilot, lambda: (table_of(app).selected or {}).get("seq") == 41, "behind a gap")
        assert "action 39" in screen_text(app)
        await pilot.press("3")
        await until_shown(pilot, "3 findings")
        assert app.screen.query_one("#findings", LineList).cursor == 1
        await pilot.press("N", "o")
        await until(pilot, lambda: bool(app.screen.query(RuleLine)), "Investigate")
        await until(
            pilot, lambda: (table_of(app).selected or {}).get("seq") == 20, "the edited one"
        )
        await pilot.press("3", "q")
        await until(pilot, lambda: bool(app.screen.query(RuleLine)), "back to the events")


async def test_where_there_is_no_other_finding_that_is_said(tmp_path: Path) -> None:
    app = make_app(MemorySource(faulty_lines()), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("i", "N")
        await until_shown(pilot, "this is the first finding")
        await pilot.press("n", "n", "n")
        await until_shown(pilot, "this is the last finding")


@UNMEASURED
async def test_the_next_finding_comes_into_sight_behind_the_grounds(tmp_path: Path) -> None:
    app = make_app(MemorySource(faulty_lines(removed=5)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("i", "c")
        await until_shown(pilot, "what the verdict rests on")
        await pilot.press("n")
        await until_shown(pilot, "what it means")
        assert "what the verdict rests on" not in screen_text(app)


async def test_without_a_log_there_is_nothing_to_judge(tmp_path: Path) -> None:
    app = make_app(MemorySource([]), tmp_path, places=())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("tab", "3", "v")
        await until_shown(pilot, "no log is open yet")
        assert not isinstance(app.screen, IntegrityScreen)


@UNMEASURED
@pytest.mark.parametrize(
    ("form", "beginning"),
    [(0, "FAIL: 2 faults"), (3, "{")],
)
async def test_the_report_is_written_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: int, beginning: str
) -> None:
    monkeypatch.chdir(tmp_path)
    log = text_of(faulty_lines())
    await asyncio.to_thread(Path("audit.jsonl").write_bytes, log)
    app = make_app(lambda places: open_source(places, keep=True), tmp_path, places=["audit.jsonl"])
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("3")
        await until_shown(pilot, "✘ FAIL")
        await pilot.press("x", *["down"] * form, "tab")
        await pilot.press("ctrl+u", "r", "enter")
        await until(pilot, Path("r").exists, "the report")
    text = await asyncio.to_thread(Path("r").read_text, "utf-8")
    assert text.lower().startswith(beginning.lower())
    assert "EVENT_HASH_MISMATCH" in text
    assert hashlib.sha256(log).hexdigest() in text


# --- verifying again --------------------------------------------------------------------


@UNMEASURED
async def test_the_whole_log_is_verified_again_from_disk_and_the_look_stays(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(text_of(make_lines(40)))
    app = make_app(lambda places: open_source(places, keep=True), tmp_path, places=[str(log)])
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"result:failure", "enter")
        await until_shown(pilot, "4 of 40 matched")
        assert verdict_of(app) is Verdict.INCOMPLETE
        log.write_bytes(text_of(faulty_lines(40, removed=30)))
        await pilot.press("3", "v", "enter")
        await until_shown(pilot, "✘ FAIL")
        assert verdict_of(app) is Verdict.FAIL
        await pilot.press("2")
        await until_shown(pilot, "4 of 39 matched")


@UNMEASURED
async def test_a_log_that_is_gone_is_not_verified_again_and_stays(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(text_of(make_lines(10)))
    app = make_app(lambda places: open_source(places, keep=True), tmp_path, places=[str(log)])
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        log.unlink()
        await pilot.press("3", "v", "enter")
        await until_shown(pilot, "not verified again")
        assert "◐ INCOMPLETE" in screen_text(app)
        await pilot.press("v")
        await until_shown(pilot, "the whole log, read again")


async def test_what_was_piped_in_is_not_read_again(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path, places=["-"])
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("v", "enter")
        await until_shown(pilot, "what was piped in cannot be read again")


@UNMEASURED
async def test_a_range_is_verified_and_what_it_does_not_show_is_said(tmp_path: Path) -> None:
    app = make_app(MemorySource(faulty_lines(removed=5)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"since:end-9m", "enter")
        await until_shown(pilot, "10 of 59 matched")
        await pilot.press("v", "down", "enter")
        await until_shown(pilot, "◐ no fault in it")
        text = screen_text(app)
        assert "10 verified, 0 failed" in text
        assert "This range does not show" in text
        assert "seq 50 to 59" in text
        assert "✘ FAIL" in text  # the verdict is of the whole log


async def test_a_range_that_is_verified_is_stopped_with_escape(tmp_path: Path) -> None:
    source = GatedSource(faulty_lines(removed=5), batch_lines=100)
    source.gate.release(2)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"since:end-9m", "enter")
        await until_shown(pilot, "10 of 59 matched")
        await pilot.press("v", "down", "enter")
        await until_shown(pilot, "… a range is being verified")
        await pilot.press("escape")
        source.gate.release(9)
        await until_shown(pilot, "the range was not verified: stopped")


@UNMEASURED
async def test_without_a_time_in_the_query_no_range_is_offered(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("v", "down", "enter")
        await until_shown(pilot, "a range: give the query a time first")


@UNMEASURED
async def test_the_range_of_a_query_is_offered_as_soon_as_it_is_asked(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        screen, text = app.screen, "since:end-2m"
        assert isinstance(screen, InvestigateScreen)
        query = screen.investigation.read_query(text)
        screen.querying.ask(text, query)  # and nothing in between that could answer
        app.action_verify()
        await until_shown(pilot, "the range 20")
