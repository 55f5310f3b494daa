"""The command palette: every action that can be done now, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.widget import Widget

from audit_console.search.reviews import REVIEWS
from audit_console.tui.actions import ACTIONS, Action
from audit_console.tui.basic_screen import BasicScreen
from audit_console.tui.keymap import keymap_of
from audit_console.tui.panes import node_of, panes_in_focus
from audit_console.tui.screens.investigate.screen import InvestigateScreen


class Palette(CommandPalette, BasicScreen[None]):
    """Textual's, closed once: it would close for each click beside it."""

    def _action_command_list(self, action: str) -> None:
        """Move in the list once it has its place: a page of one that has none is an error."""
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)


class Commands(Provider):
    """Offers the action table, and behind it the standing reviews as queries on the open log.

    One provider for both: the answers of several come in an order of chance.
    """

    async def discover(self) -> Hits:
        """List all commands."""
        for title, explanation, run in self._offered():
            yield DiscoveryHit(title, run, help=explanation)

    async def search(self, query: str) -> Hits:
        """List the commands whose name or explanation fits."""
        matcher = self.matcher(query)
        for title, explanation, run in self._offered():
            score = max(matcher.match(title), matcher.match(explanation) * 0.9)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, help=explanation)

    def _offered(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        for action in ACTIONS:
            node = node_of(action.pane, self.screen) if action.in_palette else None
            if node is not None:
                yield self._title(action), action.explanation, partial(self._run, action, node)
        if isinstance(self.screen, InvestigateScreen):
            for review in REVIEWS:
                run = partial(self.screen.searching.review, review)
                yield f"Review: {review.title}", review.text, run

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
