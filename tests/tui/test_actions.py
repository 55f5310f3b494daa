from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from textual.binding import Binding

from audit_console.tui.actions import ACTIONS, Action, Pane, bindings, key_label
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.dialogs.columns import ColumnList
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.dialogs.help import help_lines
from audit_console.tui.dialogs.mark import MarkBox
from audit_console.tui.dialogs.saved_searches import SavedBox
from audit_console.tui.screens.integrity import IntegrityScreen
from audit_console.tui.screens.investigate.screen import InvestigateScreen
from audit_console.tui.screens.retention.screen import RetentionScreen
from audit_console.tui.screens.sources import SourcesScreen
from audit_console.tui.widgets.days_slider import DaysSlider
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.map_pane import MapPane
from audit_console.tui.widgets.query_bar import QueryInput
from audit_console.tui.widgets.result_table import ResultTable
from audit_console.tui.widgets.rule_line import RuleLine
from audit_console.tui.widgets.timeline import TimelinePane
from audit_console.tui.widgets.toggle import Toggle
from tests.support.effort import UNMEASURED

NODES: dict[Pane, type] = {
    Pane.APP: AuditConsoleApp,
    Pane.SOURCES: SourcesScreen,
    Pane.INVESTIGATE: InvestigateScreen,
    Pane.INTEGRITY: IntegrityScreen,
    Pane.MAP: MapPane,
    Pane.RETENTION: RetentionScreen,
    Pane.DAYS: DaysSlider,
    Pane.QUERY: QueryInput,
    Pane.CHIPS: RuleLine,
    Pane.TABLE: EventTable,
    Pane.RESULT: ResultTable,
    Pane.TIMELINE: TimelinePane,
    Pane.FACETS: FacetsPane,
    Pane.DETAIL: DetailPane,
    Pane.LIST: LineList,
    Pane.CHECK: Toggle,
    Pane.MARK: MarkBox,
    Pane.COLUMNS: ColumnList,
    Pane.SAVED: SavedBox,
    Pane.DIALOG: Dialog,
}


@UNMEASURED
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: f"{action.pane}-{action.name}")
def test_every_action_can_be_done(action: Action) -> None:
    assert callable(getattr(NODES[action.pane], f"action_{action.name}"))
    assert NODES[action.pane].PANE is action.pane  # type: ignore[attr-defined]


@pytest.mark.parametrize("pane", Pane)
def test_a_key_means_one_thing_in_a_pane(pane: Pane) -> None:
    keys = Counter(key for action in ACTIONS if action.pane is pane for key in action.keys)

    assert not [key for key, count in keys.items() if count > 1]


def test_explanations_fit_the_help() -> None:
    assert [action for action in ACTIONS if len(action.explanation) > 56] == []


def test_bindings_and_help_come_from_the_table() -> None:
    table = bindings(Pane.TABLE)
    shown = [(action, action.keys) for action in ACTIONS if action.pane is Pane.TABLE]
    help_text = "\n".join("".join(span.text for span in line) for line, _ in help_lines(shown))

    for action in ACTIONS:
        if action.pane is Pane.TABLE:
            assert action.explanation in help_text
            assert any(isinstance(b, Binding) and b.action == action.name for b in table)


def test_keys_are_named_as_they_are_printed() -> None:
    labels = {
        "j": "j",
        "G": "G",
        "question_mark": "?",
        "f1": "F1",
        "enter": "Enter",
        "ctrl+q": "^Q",
        "shift+left": "⇧←",
        "ctrl+shift+f5": "^⇧F5",
        "alt+x": "Alt+x",
        "volume_up": "volume_up",
        "super+k": "super+k",
    }
    assert {key: key_label(key) for key in labels} == labels


@pytest.mark.parametrize("kind", ["screens", "dialogs"])
def test_style_sheets_are_beside_what_they_style(kind: str) -> None:
    folder = Path(__file__).parents[2] / "audit_console" / "tui" / kind
    sheets = {path.with_suffix("") for path in folder.rglob("*.tcss")}
    assert sheets
    assert sheets <= {path.with_suffix("") for path in folder.rglob("*.py")}
