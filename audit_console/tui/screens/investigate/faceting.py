"""The facets: when they are there, and which. Base of Investigate."""

from __future__ import annotations

from textual import on
from textual.events import Resize

from audit_console.tui.screens.investigate.keeping import KeepingScreen
from audit_console.tui.widgets.facets_pane import FacetsPane

ROOM_FOR_BOTH = 120
"""Cells from which on the facets stand beside the events; below, in their place."""


class FacetingScreen(KeepingScreen):
    """A look that has facets beside it, where there is room."""

    _facets_gave_way = False
    """Whether the facets went for want of room."""

    def on_resize(self, event: Resize) -> None:
        """Give the place of the facets to the events where there is no room for both.

        Where the reader is in the facets, they stay. With the room they come back.
        """
        is_narrow = event.size.width < ROOM_FOR_BOTH
        if is_narrow and not self.has_class("-stacked"):
            self._facets_gave_way = self.has_class("-facets")
            self.set_class(self.query_one(FacetsPane).has_focus, "-facets")
        elif not is_narrow and self._facets_gave_way:
            self._facets_gave_way = False
            self.remove_class("-stacked")  # else the events would be hidden first, and lose focus
            self._show_facets()

    def action_facets(self) -> None:
        """Show the facets and go to them."""
        self._show_facets()
        self.query_one(FacetsPane).focus()
        self.known_paths()  # looked for now, to be there when a facet is added

    def _show_facets(self) -> None:
        if not self.has_class("-facets"):
            self.add_class("-facets")
            self.survey()

    @on(FacetsPane.HideAsked)
    def _hide_facets(self) -> None:
        self._facets_gave_way = False
        self.remove_class("-facets")
        self.focus_events()

    @on(FacetsPane.TypingChanged)
    def _list_other_keys(self) -> None:
        self.update_keys()

    @on(FacetsPane.FieldAsked)
    def _ask_for_facet(self) -> None:
        from audit_console.tui.dialogs.add_facet import AddFacetDialog

        shown = self.query_one(FacetsPane).fields
        self.app.push_screen(AddFacetDialog(shown, self.known_paths()), self._add_facet)

    def _add_facet(self, field: str | None) -> None:
        if field is not None:
            pane = self.query_one(FacetsPane)
            pane.add_field(field)
            pane.focus()
            self.survey()
