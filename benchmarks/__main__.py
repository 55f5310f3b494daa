"""Take the figures: `python -m benchmarks [--events 100k,1M] [--only NAME…] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import asking, database, growth, reading, report, retention, screen, stops, writing
from benchmarks.measure import Figure, Result, take

UNITS = {"k": 1_000, "M": 1_000_000}
GROUPS = (
    *("help", "first-paint", "first-page", "first-rows", "reopen"),
    *("load", "verify", "memory", "keys", "stops"),
    *("filter", "facets", "timeline", "writer"),
    *("table-page", "table-count", "table-verify", "retention"),
)


def _sizes(text: str) -> list[int]:
    return [_size(part) for part in text.split(",")]


def _size(text: str) -> int:
    number = text.rstrip("kM")
    if not number.isdecimal() or int(number) == 0 or len(text) - len(number) > 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number such as 2000, 100k or 1M")
    return int(number) * UNITS.get(text[len(number) :], 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=_sizes, default=[1_000_000], help="sizes of the logs")
    parser.add_argument("--only", nargs="+", choices=GROUPS, help="groups of figures")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there")
    return parser.parse_args()


def _figures(sizes: list[int]) -> Iterator[tuple[int | None, Figure]]:
    yield from ((None, figure) for figure in screen.start_figures())
    yield from ((None, figure) for figure in writing.figures(max(sizes)))
    for events in sizes:
        yield from ((events, figure) for figure in reading.figures(events))
        yield from ((events, figure) for figure in asking.figures(events))
        yield from ((events, figure) for figure in database.figures(events))
        yield from ((events, figure) for figure in retention.figures(events))
        yield from ((events, figure) for figure in screen.figures(events))
        yield from ((events, figure) for figure in stops.figures(events))


def _print_results(results: list[tuple[int | None, Result]]) -> None:
    print(", ".join(f"{name} {value}" for name, value in report.machine().items()))
    for size in dict.fromkeys(events for events, _ in results):
        print(f"\n{f'a log of {size:,} events' if size else 'the program'}")
        print(report.table([result for events, result in results if events == size]))
    if drawn := growth.chart(results):
        print(f"\ngrowth\n{drawn}")
    print(f"\n{report.not_yet()}")


def main() -> None:
    """Take the figures asked for and print them; those of a run that is cut short are in FILE."""
    arguments = _arguments()
    results: list[tuple[int | None, Result]] = []
    for events, figure in _figures(arguments.events):
        if arguments.only and figure.group not in arguments.only:
            continue
        print(f"taking: {figure.title}", file=sys.stderr)
        results.append((events, take(figure, arguments.repetitions)))
        if arguments.json:
            text = json.dumps(report.as_json(results), indent=1)
            arguments.json.write_text(text, encoding="utf-8")
    _print_results(results)


if __name__ == "__main__":
    main()
