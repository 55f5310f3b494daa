"""Packs selected events with all that is needed to check them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib import resources
from typing import BinaryIO, NamedTuple

import polars as pl

from audit_console.core.event import Scheme, format_time
from audit_console.core.json_object import ascii_json
from audit_console.core.merkle import root_text
from audit_console.core.notes import Note
from audit_console.errors import SourceChanged
from audit_console.evidence.case import Case
from audit_console.evidence.check import (
    EVENTS,
    MANIFEST,
    MANIFEST_HASH,
    MANIFEST_NOTE,
    PLACES,
    POLICY,
    REPORT,
    SCHEMA,
)
from audit_console.evidence.packing import PackedFile, Packer, packing
from audit_console.evidence.selected import SelectedEvents
from audit_console.evidence.tree_places import place, print_places, unproven
from audit_console.evidence.trees import ProvenTree, TreeReader
from audit_console.evidence.vouching import TreeVouchers, Voucher
from audit_console.reports.html import render_html
from audit_console.reports.json import render_json
from audit_console.search.marked import print_marks

CHECK, READ_ME, MARKS = "check.py", "README.txt", "marks.jsonl"


class Packed(NamedTuple):
    """What a package holds: events, those of them with a proof, and those vouched for."""

    selected: int
    proven: int
    vouched: int
    files: Sequence[PackedFile]


def check_script() -> str:
    """Give the script that checks packages without this program."""
    return resources.files(__package__).joinpath(CHECK).read_text("utf-8")


def write_package(target: BinaryIO, case: Case) -> Packed:
    """Write an evidence package.

    The log is read twice more, once for the lines and once for the trees. Memory grows
    with the selected events, not with the log.

    Args:
        target: an empty file, open to write and to read.
        case: what to pack, of a log that was read to its end.

    Raises:
        SourceError: the log cannot be looked at, or changed.
    """
    with packing(target) as packer:
        return _Package(case, packer).write()


class _Package:
    def __init__(self, case: Case, packer: Packer) -> None:
        self._case = case
        self._packer = packer
        self._source = case.question.source
        self._verification = case.report.verification

    def write(self) -> Packed:
        read_me = resources.files(__package__).joinpath("package.txt").read_text("utf-8")
        self._add_text(READ_ME, read_me)
        self._add_text(CHECK, check_script())
        selection = SelectedEvents(self._case.question)
        self._packer.add(EVENTS, selection.lines())
        placed, trees, vouchers = self._prove(selection.events())
        files = [file.name for file in self._source.status.files]
        self._packer.add(PLACES, print_places(placed, files))
        self._add_trees(trees, vouchers)
        self._packer.add(MARKS, print_marks(self._case.question, "jsonl"))
        self._add_text(REPORT, render_json(self._case.report))
        self._add_text("report.html", render_html(self._case.report))
        self._add_manifest(placed, trees, vouchers)
        return _packed(placed, vouchers, self._packer.files)

    def _prove(
        self, events: pl.DataFrame
    ) -> tuple[pl.DataFrame, list[ProvenTree], list[Voucher | None]]:
        vouchers = TreeVouchers(self._verification)
        prunes = {record.chain: record for record in self._verification.prunes}
        reader = TreeReader(events.filter(pl.col("why_not").is_null()), vouchers.sizes, prunes)
        trees = reader.read(self._source)
        self._require_same(trees)
        placed = place(events, reader.lines, trees)
        return placed, trees, [vouchers.voucher(tree) for tree in trees]

    def _require_same(self, trees: Sequence[ProvenTree]) -> None:
        """Refuse a log of which another tree head was computed when it was verified."""
        roots = {  # None stands for the lines that are none of v1
            chain.chain if chain.scheme is Scheme.V1 else None: chain.root
            for chain in self._verification.chains
        }
        for tree in trees:
            root = roots.get(None if tree.of_lines else tree.name)
            if root is not None and tree.heads[tree.size] != root:
                raise SourceChanged("the log changed since it was verified", hint="Try again")

    def _add_text(self, name: str, text: str) -> None:
        self._packer.add(name, [text.encode()])

    def _add_trees(self, trees: Sequence[ProvenTree], vouchers: Sequence[Voucher | None]) -> None:
        for number, (tree, voucher) in enumerate(zip(trees, vouchers, strict=True), 1):
            self._packer.add(f"tree-{number}.txt", _print_parts(tree))
            if voucher is not None and voucher.note is not None:
                self._add_text(f"checkpoint-{number}.txt", voucher.note)
        if self._case.policy is not None:
            self._packer.add(POLICY, [self._case.policy.content])

    def _add_manifest(
        self,
        placed: pl.DataFrame,
        trees: Sequence[ProvenTree],
        vouchers: Sequence[Voucher | None],
    ) -> None:
        pairs = zip(trees, vouchers, strict=True)
        manifest = {
            "schema": SCHEMA,
            **self._origin(placed),
            "trees": [_tree(tree, voucher) for tree, voucher in pairs],
            "unproven": unproven(placed),
            "signed_by": None if self._case.key is None else str(self._case.key.verifier),
            "files": [file._asdict() for file in self._packer.files],
        }
        text = ascii_json(manifest, indent=1) + "\n"
        digest = self._packer.add(MANIFEST, [text.encode()]).sha256
        self._add_text(MANIFEST_HASH, f"{digest}  {MANIFEST}\n")
        if self._case.key is not None:
            signed = f"{SCHEMA}\n{digest}\n"
            seconds = int(self._case.report.made_at.timestamp())
            note = Note(signed, (self._case.key.cosign(signed, seconds),))
            self._add_text(MANIFEST_NOTE, str(note))

    def _origin(self, placed: pl.DataFrame) -> dict[str, object]:
        """Say what was asked of which log, and what was found."""
        report, status = self._case.report, self._verification.status
        window = placed.select(first=pl.col("timestamp").min(), last=pl.col("timestamp").max())
        return {
            "made_at": format_time(report.made_at),
            "tool": {"name": report.tool, "version": report.tool_version},
            "source": {"label": report.source_label, "kind": report.source_kind},
            "query": self._case.query,
            "log_window": _window(status.first, status.last),
            "window": _window(*window.row(0)),
            "counts": {
                "lines": status.lines,
                "events": status.events,
                "malformed": status.malformed,
                "selected": placed.height,
                "proven": placed["why_not"].null_count(),
            },
            "verdict": self._verification.verdict,
            "cannot_show": list(self._verification.cannot_show),
        }


def _window(first: datetime | None, last: datetime | None) -> list[str | None]:
    return [None if moment is None else format_time(moment) for moment in (first, last)]


def _print_parts(tree: ProvenTree) -> Iterator[bytes]:
    for first, count, root in tree.parts:
        yield f"{first} {count} {root.hex()}\n".encode()


def _tree(tree: ProvenTree, voucher: Voucher | None) -> dict[str, object]:
    return {
        "chain": tree.name if voucher is None else voucher.name,
        "leaves": "lines" if tree.of_lines else "events",
        "size": tree.size,
        "root": root_text(tree.heads[tree.size]),
        "vouched": None if voucher is None else voucher.said,
    }


def _packed(
    placed: pl.DataFrame, vouchers: Sequence[Voucher | None], files: Sequence[PackedFile]
) -> Packed:
    proven = placed.filter(pl.col("why_not").is_null())
    sizes = {number: voucher.size for number, voucher in enumerate(vouchers, 1) if voucher}
    reach = pl.col("tree").replace_strict(sizes, default=0, return_dtype=pl.Int64)
    vouched = proven.filter(pl.col("leaf") < reach).height
    return Packed(placed.height, proven.height, vouched, files)
