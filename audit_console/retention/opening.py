"""From the places of a log to what prunes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audit_console.core.places import is_database, names_files
from audit_console.core.safe_text import safe_text
from audit_console.core.wording import chain_options
from audit_console.database import label_of
from audit_console.errors import PruneRefused, UsageError
from audit_console.retention.copies import open_packed
from audit_console.retention.pruner import Pruner
from audit_console.sources.archive.files import find_files
from audit_console.writer.files import unavailable
from audit_console.writer.pruning.archive import ArchivePruner
from audit_console.writer.pruning.archive_files import log_files
from audit_console.writer.pruning.postgres import PostgresPruner
from audit_console.writer.pruning.postgres_log import chains_of


def pruner_of(places: Sequence[str], chain: str | None = None) -> Pruner:
    """Find what prunes the log at some places.

    Args:
        places: what the user named.
        chain: which chain; needed where there are several.

    Raises:
        UsageError: there are several chains.
        PruneRefused: it is no log that a writer keeps, or has not this chain.
        SourceError: there is none.
    """
    if len(places) == 1 and is_database(places[0]):
        return _postgres_pruner(places[0], chain)
    return _archive_pruner(active_file(places), chain)


def _postgres_pruner(dsn: str, chain: str | None) -> Pruner:
    chains = chains_of(dsn)
    if not chains:
        raise PruneRefused(f"{label_of(dsn)}: no event is in it", hint="name a log that has events")
    if chain is None and len(chains) != 1:
        raise UsageError(
            f"{label_of(dsn)} has {len(chains)} chains", hint=f"say which: {chain_options(chains)}"
        )
    if chain not in {None, *chains}:
        raise PruneRefused(
            f"{label_of(dsn)} has no chain {safe_text(chain or '')}",
            hint=f"its chains: {chain_options(chains)}",
        )
    return PostgresPruner(dsn, chain=chain or chains[0])


def _archive_pruner(active: Path, chain: str | None) -> ArchivePruner:
    with unavailable(active):
        files = log_files(active, open_packed)
    if not files:
        raise PruneRefused(f"{active}: no event is in it", hint="name a log that has events")
    found = files[0].chain
    if chain not in {None, found}:
        raise PruneRefused(
            f"{active} is the chain {safe_text(found)}, not {safe_text(chain or '')}",
            hint="name the log of that chain",
        )
    return ArchivePruner(active, chain=found, open_file=open_packed)


def active_file(places: Sequence[str]) -> Path:
    """Find the file that grows of the log at some places.

    Raises:
        PruneRefused: there is none, or more than one.
        SourceError: there is no log.
    """
    files = find_files(places) if all(map(names_files, places)) else []
    names = {file.path.with_name(f"{file.path.name.partition('.')[0]}.jsonl") for file in files}
    active = [path for path in names if path.is_file()]
    if len(names) != 1 or not active:
        raise PruneRefused(
            f"{', '.join(places)}: not the one log of a writer, NAME.jsonl and NAME.<seq>.jsonl",
            hint="name the folder or the files of one log",
        )
    return active[0]
