"""Nothing is written through a symbolic link that somebody put into the folder of a log."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from audit_console.core.findings import Code
from audit_console.core.holds import HoldChange
from audit_console.errors import PruneRefused, SinkUnavailable
from audit_console.integrity.verifier import verify
from audit_console.retention.copies import Copies
from audit_console.sources.archive import open_archive
from audit_console.writer import ArchiveSink, AuditLogger, Signing
from tests.support.chains import CHAIN
from tests.support.retention import (
    POLICY,
    REQUEST,
    aged_chain,
    day,
    hold,
    plan_of,
    pruner,
    store,
)
from tests.support.ticks import tick
from tests.support.trusting import log_key
from tests.support.writing import sealer, unsealed

EVENTS = aged_chain(30)
PLAN = plan_of(EVENTS, 0, 12, 12)
REFUSED = [
    "audit.jsonl",
    "audit.lock",
    "audit.retention.lock",
    "audit.checkpoints.jsonl",
    "audit.prunes.jsonl",
    "audit.holds.jsonl",
]
REPLACED = [
    "audit.prune.prepared",
    "audit.prune.part",
    "copies/audit_example_org_test.000000000000.jsonl.part",
    "copies/audit_example_org_test.prunes.part",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    (folder / "copies").mkdir(parents=True)
    store(folder, EVENTS, (4, 8, 20))
    log_key(CHAIN).store(tmp_path / "log.key")
    return folder


def use(folder: Path) -> None:
    """Write, hold, prune and sign."""
    path = folder / "audit.jsonl"
    ArchiveSink(path, chain=CHAIN).append(sealer([unsealed("written")]), durable=True)
    pruner(path).change_holds(HoldChange("add", hold("user:nobody")), day(40))
    request = replace(REQUEST, keeper=Copies(folder / "copies"))
    list(pruner(path).steps(PLAN, POLICY, request, day(40)))
    signing = Signing(folder.parent / "log.key", every_events=1)
    with AuditLogger(ArchiveSink(path, chain=CHAIN), signing=signing) as logger:
        logger.log_event(**tick(0))
        raise_last_error(logger)


def raise_last_error(logger: AuditLogger) -> None:
    if logger.metrics.last_error:
        raise SinkUnavailable(logger.metrics.last_error)


@pytest.mark.parametrize("name", [*REFUSED, *REPLACED])
@pytest.mark.parametrize("content", ["of somebody\n", None])
def test_what_a_link_leads_to_stays_as_it_is(folder: Path, name: str, content: str | None) -> None:
    precious, link = folder.parent / "precious", folder / name
    if content is not None:
        precious.write_text(content)
    link.unlink(missing_ok=True)
    link.symlink_to(precious)
    if name in REFUSED:
        with pytest.raises((SinkUnavailable, PruneRefused), match=link.stem):
            use(folder)
    else:
        use(folder)
        assert dict(verify(open_archive([str(folder)], keep=False)).counts) == {
            Code.PRUNED_PREFIX: 1,
            Code.PRUNE_NOT_BACKED: 1,
            Code.NO_CHECKPOINT: 1,
        }
    assert (precious.read_text() if precious.exists() else None) == content


def test_half_a_line_is_not_moved_to_where_a_link_leads(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 7.5)
    link = folder / "audit.torn.7"
    link.symlink_to(folder.parent / "precious")
    with (folder / "audit.jsonl").open("a") as file:
        file.write('{"v":1')
    ArchiveSink(folder / "audit.jsonl", chain=CHAIN)
    assert not (folder.parent / "precious").exists()
    assert (link.is_symlink(), link.read_text()) == (False, '{"v":1')


def test_a_link_is_said_with_what_to_do(folder: Path) -> None:
    path = folder / "audit.jsonl"
    path.rename(folder / "real.jsonl")
    path.symlink_to(folder / "real.jsonl")
    with pytest.raises(SinkUnavailable) as refused:
        ArchiveSink(path, chain=CHAIN)
    assert "symbolic link" in refused.value.hint


def test_a_folder_may_be_reached_by_a_link(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder, target_is_directory=True)
    use(link)
    assert len((folder / "audit.prunes.jsonl").read_text().splitlines()) == 1
