"""The command palette: every action that can be done now, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode

from audit_console.search.reviews import REVIEWS, Review
from audit_console.tui.actions import ACTIONS, Action
from audit_console.tui.keymap import keymap_of
from audit_console.tui.panes import node_of
from audit_console.tui.screens.keeping import KeepingScreen


class ReviewCommands(Provider):
    """Offers the standing reviews as queries on the open log."""

    async def discover(self) -> Hits:
        """List all reviews."""
        for review, run in self._offered():
            yield DiscoveryHit(f"Review: {review.title}", run, help=review.text)

    async def search(self, query: str) -> Hits:
        """List the reviews whose title or query fits."""
        matcher = self.matcher(query)
        for review, run in self._offered():
            title = f"Review: {review.title}"
            score = max(matcher.match(title), matcher.match(review.text) * 0.9)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, help=review.text)

    def _offered(self) -> Iterator[tuple[Review, Callable[[], Any]]]:
        if isinstance(self.screen, KeepingScreen):
            for review in REVIEWS:
                yield review, partial(self.screen.review, review)


class ActionCommands(Provider):
    """Offers the action table."""

    async def discover(self) -> Hits:
        """List all actions."""
        for action, run in self._offered():
            yield DiscoveryHit(self._title(action), run, help=action.explanation)

    async def search(self, query: str) -> Hits:
        """List the actions whose name or explanation fits."""
        matcher = self.matcher(query)
        for action, run in self._offered():
            title = self._title(action)
            score = max(matcher.match(title), matcher.match(action.explanation) * 0.9)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, help=action.explanation)

    def _offered(self) -> Iterator[tuple[Action, Callable[[], Any]]]:
        for action in ACTIONS:
            node = node_of(action.pane, self.screen) if action.in_palette else None
            if node is not None:
                yield action, partial(self._run, action, node)

    async def _run(self, action: Action, node: DOMNode) -> None:
        await self.app.run_action(action.name, default_namespace=node)

    def _title(self, action: Action) -> str:
        return f"{action.title}  ({keymap_of(self.screen).label(action)})"
