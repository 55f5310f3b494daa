"""A prune that was prepared is believed only where the chain tells of just that prune."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audit_console.core.entry import encode_content
from audit_console.core.prunes import (
    PRUNE_ACTION,
    PRUNE_EVENT_TYPE,
    PruneCircumstances,
    encode_prune,
)
from audit_console.core.sealing import Unsealed
from audit_console.errors import PruneRefused, SinkUnavailable
from audit_console.writer import ArchiveSink
from audit_console.writer.files import open_own
from audit_console.writer.intake import new_id
from audit_console.writer.pruning.recording import PruneStep
from tests.support.archives import stored_events
from tests.support.chains import CHAIN
from tests.support.retention import POLICY, REQUEST, aged_chain, day, plan_of, pruner, store
from tests.support.trees import grown
from tests.support.trusting import leaves
from tests.support.writing import sealer, unsealed

EVENTS = aged_chain(30)
NOW = day(40)
PLAN = plan_of(EVENTS, 0, 12, 12)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return store(tmp_path, EVENTS, (8, 20))


def record_of(chain: str = CHAIN, end: int = 12) -> str:
    plan = replace(plan_of(EVENTS, 0, end, 12), chain=chain)
    circumstances = PruneCircumstances(actor="operator", reason="a test", applied_at=NOW)
    return encode_prune(plan, grown(leaves(EVENTS)[:end]), circumstances, None)


def tell(path: Path, details: str, kind: str = PRUNE_EVENT_TYPE, action: str = PRUNE_ACTION) -> str:
    """Have the chain tell something, and another event behind it; give the id."""
    content = encode_content(
        event_type=kind,
        action=action,
        resource_type="system",
        resource_id=CHAIN,
        result="success",
        user_id="operator",
        details=details,
    )
    told = Unsealed(new_id(), None, content)
    ArchiveSink(path, chain=CHAIN).append(sealer([told, unsealed("behind it")]), durable=True)
    return told.id


def plant(path: Path, record: str, event_id: str) -> Path:
    pending = path.with_suffix(".prune.pending")
    pending.write_text(json.dumps([record, event_id, -1]))
    return pending


def told_and_changed(path: Path) -> tuple[str, str]:
    event_id = tell(path, record_of())
    path.write_text(path.read_text().replace('"user_id":"operator"', '"user_id":"mallory"'))
    return record_of(), event_id


PLANTED: dict[str, Callable[[Path], tuple[str, str]]] = {
    "an event that tells of something else": lambda _: (record_of(), EVENTS[3].id),
    "another action": lambda path: (record_of(), tell(path, record_of(), action="told")),
    "another type": lambda path: (record_of(), tell(path, record_of(), "config_change")),
    "another record": lambda path: (record_of(), tell(path, record_of(end=8))),
    "another chain": lambda path: (record_of("other"), tell(path, record_of("other"))),
    "an event that was changed": told_and_changed,
}


@pytest.mark.parametrize("kind", PLANTED)
def test_nothing_is_deleted_on_the_word_of_a_file_alone(path: Path, kind: str) -> None:
    pending = plant(path, *PLANTED[kind](path))
    before = {file: file.read_bytes() for file in path.parent.glob("*.jsonl")}
    with pytest.raises(PruneRefused, match=rf"{pending.name}: not written by this program"):
        pruner(path).finish()
    assert {file: file.read_bytes() for file in path.parent.glob("*.jsonl")} == before


def test_a_record_of_before_is_not_carried_out_again(path: Path) -> None:
    list(pruner(path).steps(PLAN, POLICY, REQUEST, NOW))
    plant(path, record_of(end=8), tell(path, record_of(end=8)))
    with pytest.raises(PruneRefused, match="not written by this program"):
        pruner(path).finish()
    assert len(path.with_suffix(".prunes.jsonl").read_text().splitlines()) == 1


def test_an_event_that_only_names_another_tells_of_no_prune(path: Path) -> None:
    named = new_id()
    tell(path, f'{{"id":"{named}"}}')
    pending = plant(path, record_of(), named)
    pruner(path).finish()
    assert stored_events(path.parent)[:30] == EVENTS
    assert not pending.exists()


def test_what_is_told_is_carried_out(path: Path) -> None:
    plant(path, record_of(), tell(path, record_of()))
    pruner(path).finish()
    assert stored_events(path.parent)[:18] == EVENTS[12:]


def test_a_link_is_not_followed(path: Path) -> None:
    pending = plant(path, record_of(), tell(path, record_of()))
    elsewhere = pending.rename(path.parent / "elsewhere")
    pending.symlink_to(elsewhere)
    with pytest.raises(SinkUnavailable, match=pending.name) as refused:
        pruner(path).finish()
    assert "symbolic link" in refused.value.hint
    assert stored_events(path.parent)[:30] == EVENTS


def test_a_file_of_another_user_is_not_believed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = plant(path, record_of(), EVENTS[3].id)
    monkeypatch.setattr(os, "geteuid", lambda: pending.stat().st_uid + 1)
    with pytest.raises(PermissionError, match="belongs to another user"):
        open_own(pending)


def test_what_is_told_is_on_disk_before_it_is_carried_out(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = pruner(path).steps(PLAN, POLICY, REQUEST, NOW)
    assert PruneStep.RECORDED in steps
    steps.close()
    names = {file.stat().st_ino: file.name for file in [path.parent, *path.parent.iterdir()]}
    done: list[str] = []
    fsync, unlink = os.fsync, Path.unlink

    def synced(descriptor: int) -> None:
        done.append(names.get(os.fstat(descriptor).st_ino, "a new file"))
        fsync(descriptor)

    def unlinked(file: Path, **options: bool) -> None:
        done.append(f"deleted {file.name}")
        unlink(file, **options)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "unlink", unlinked)
    pruner(path).finish()
    before = done[: done.index("deleted audit.000000000000.jsonl")]
    assert before == ["audit.jsonl", "audit.prunes.jsonl", path.parent.name]
