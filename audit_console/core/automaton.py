"""Finding a regular expression in hostile text, in time that grows with the text alone.

Python's own engine tries one way to fit an expression after the other, and a text can be
written for which there are exponentially many. Here all ways are followed at once, one
character of the text after the other: a state is the set of all nodes of the expression that
have been reached. States are made when a text leads to them, and kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit_console.core.regexes import Anchor, Characters, Choice, Part, Repeat, Sequence

MAX_KEPT = 4_096
"""Steps from state to state that are kept; a text could be written to ask for ever more."""

_FOUND = 0
"""The node behind the whole expression."""


@dataclass(frozen=True, slots=True)
class _Node:
    """What must stand here, None for nothing, and the nodes that may follow."""

    needs: Anchor | re.Pattern[str] | None
    follow: list[int]


class _State(dict[str, "_State"]):
    """The nodes that were reached, a bit for each, and the states that characters lead to.

    It is `settled` when nothing that follows in the text changes the answer.
    """

    __slots__ = ("_automaton", "nodes", "settled")

    def __init__(self, automaton: Automaton, nodes: int, *, settled: bool) -> None:
        super().__init__()
        self._automaton = automaton
        self.nodes = nodes
        self.settled = settled

    def __missing__(self, character: str) -> _State:
        state = self[character] = self._automaton.step(self.nodes, character)
        return state


class Automaton:
    """Looks for one regular expression in texts; threads may share it."""

    def __init__(self, regex: Part) -> None:
        self._nodes = [_Node(None, [])]
        entry = [self._build(regex, _FOUND)]
        self._entry = self._reached(entry)
        self._first_entry = self._reached(entry, Anchor.START)
        self._behind = {
            index: self._reached(node.follow)
            for index, node in enumerate(self._nodes)
            if isinstance(node.needs, re.Pattern)
        }
        self._takers = sum(1 << index for index in self._behind)
        self._final = sum(
            1 << index
            for index in range(len(self._nodes))
            if self._reached([index], Anchor.END) & 1 << _FOUND
        )
        self._fits_empty = bool(self._reached(entry, Anchor.START, Anchor.END) & 1 << _FOUND)
        self._forget()

    def finds(self, text: str) -> bool:
        """Tell whether a part of the text fits."""
        if not text:
            return self._fits_empty
        state = self._first
        for character in text:
            if state.settled:
                break
            state = state[character]
        return bool(state.nodes & self._final)

    def step(self, nodes: int, character: str) -> _State:
        """Give the state that a character leads to; a fit may begin behind each."""
        if self._kept == MAX_KEPT:
            self._forget()
        self._kept += 1
        reached = self._entry
        for index in _bits(nodes & self._takers):
            needs = self._nodes[index].needs
            if isinstance(needs, re.Pattern) and needs.match(character):
                reached |= self._behind[index]
        return self._states.setdefault(reached, self._state(reached))

    def _state(self, nodes: int) -> _State:
        found = bool(nodes & 1 << _FOUND)
        stays = nodes == self._entry and not nodes & self._takers
        return _State(self, nodes, settled=found or stays)

    def _forget(self) -> None:
        self._kept = 0
        self._states: dict[int, _State] = {}
        self._first = self._state(self._first_entry)

    def _reached(self, start: Iterable[int], *here: Anchor) -> int:
        """Collect what is reached from nodes without a character, them included, as bits.

        Args:
            start: indexes of nodes.
            here: the anchors that hold at this place of the text.
        """
        reached, waiting = 0, list(start)
        while waiting:
            index = waiting.pop()
            if reached >> index & 1:
                continue
            reached |= 1 << index
            node = self._nodes[index]
            if node.needs is None or node.needs in here:
                waiting += node.follow
        return reached

    def _add(self, needs: Anchor | re.Pattern[str] | None, *follow: int) -> int:
        self._nodes.append(_Node(needs, list(follow)))
        return len(self._nodes) - 1

    def _build(self, part: Part, after: int) -> int:
        """Add the nodes of a part that goes on at the node `after`; give its first."""
        match part:
            case Characters(text):
                return self._add(re.compile(text), after)
            case Anchor():
                return self._add(part, after)
            case Sequence(parts):
                for inner in reversed(parts):
                    after = self._build(inner, after)
                return after
            case Choice(branches):
                return self._add(None, *[self._build(branch, after) for branch in branches])
            case _:
                return self._build_repeat(part, after)

    def _build_repeat(self, repeat: Repeat, after: int) -> int:
        part, least, most = repeat.part, repeat.least, repeat.most
        first = after
        if most is None:
            first = again = self._add(None, after)
            self._nodes[again].follow.append(self._build(part, again))
            if least:
                first = self._nodes[again].follow[-1]
                least -= 1
        else:
            for _ in range(most - least):
                first = self._add(None, self._build(part, first), after)
        for _ in range(least):
            first = self._build(part, first)
        return first


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
