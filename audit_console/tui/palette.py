"""The command palette: every action that can be done now, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.widget import Widget

from audit_console.search.reviews import REVIEWS, Review
from audit_console.tui.actions import ACTIONS, Action
from audit_console.tui.keymap import keymap_of
from audit_console.tui.panes import node_of, panes_in_focus
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
        for title, action, run in self._offered():
            yield DiscoveryHit(title, run, help=action.explanation)

    async def search(self, query: str) -> Hits:
        """List the actions whose name or explanation fits."""
        matcher = self.matcher(query)
        for title, action, run in self._offered():
            score = max(matcher.match(title), matcher.match(action.explanation) * 0.9)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, help=action.explanation)

    def _offered(self) -> Iterator[tuple[str, Action, Callable[[], Any]]]:
        for action in ACTIONS:
            node = node_of(action.pane, self.screen) if action.in_palette else None
            if node is not None:
                yield self._title(action), action, partial(self._run, action, node)

    async def _run(self, action: Action, node: DOMNode) -> None:
        """Do it where the reader sees it: a pane gets the focus first."""
        if isinstance(node, Widget) and node.focusable and not node.has_focus:
            node.focus()
        await self.app.run_action(action.name, default_namespace=node)

    def _title(self, action: Action) -> str:
        """Name an action; one of a pane that has not the focus, with its pane."""
        title = f"{action.title}  ({keymap_of(self.screen).label(action)})"
        is_near = action.pane in panes_in_focus(self.screen)
        return title if is_near else f"{action.pane.value}: {title}"
