"""Reads the keymap file: a TOML table for each pane, in it the keys of actions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from textual.binding import Binding
from textual.keys import Keys

from audit_console.errors import UsageError
from audit_console.tui.actions import ACTIONS, Action, Pane, character_of, key_label
from audit_console.tui.keymap import UNCHANGED, Keymap

FILE_NAME = "keymap.toml"

FIXED = {Pane.QUERY, Pane.LIST, Pane.CHECK, Pane.MARK, Pane.COLUMNS, Pane.SAVED, Pane.DIALOG}
"""Panes in which text is typed, or whose keys are printed on the frames of dialogs."""

AROUND: Mapping[Pane, Sequence[Pane]] = {
    **dict.fromkeys((Pane.TABLE, Pane.RESULT, Pane.DETAIL), (Pane.INVESTIGATE, Pane.APP)),
    **dict.fromkeys((Pane.FACETS, Pane.TIMELINE), (Pane.INVESTIGATE, Pane.APP)),
    **dict.fromkeys((Pane.CHIPS, Pane.QUERY), (Pane.INVESTIGATE, Pane.APP)),
    Pane.MAP: (Pane.INTEGRITY, Pane.APP),
    Pane.LIST: (Pane.SOURCES, Pane.INTEGRITY, Pane.RETENTION, Pane.APP),
    Pane.DAYS: (Pane.RETENTION, Pane.APP),
    **dict.fromkeys((Pane.SOURCES, Pane.INVESTIGATE), (Pane.APP,)),
    **dict.fromkeys((Pane.INTEGRITY, Pane.RETENTION), (Pane.APP,)),
}
"""The panes that a pane is in: a key of its own is not seen by them."""

MODIFIERS = {"ctrl", "alt", "shift", "super", "hyper", "meta"}
NAMED_KEYS = {key.value for key in Keys if key.value.isidentifier()}


def read_keymap(path: Path) -> Keymap:
    """Read a keymap file; without one nothing is changed.

    Raises:
        UsageError: it cannot be read, or names what is not known, or a key means two things.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return UNCHANGED
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="Repair or remove it") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise UsageError(f"{path}: {reason}", hint="It is a TOML file in UTF-8") from None
    try:
        return _checked(dict(_changes(settings)))
    except UsageError as error:
        raise UsageError(f"{path}: {error}", hint=error.hint) from None


def _changes(settings: Mapping[str, object]) -> Iterable[tuple[Action, tuple[str, ...]]]:
    panes = {pane.name.lower(): pane for pane in Pane}
    free = [name for name, pane in panes.items() if pane not in FIXED]
    for section, keys in settings.items():
        pane = panes.get(section)
        if pane is None or not isinstance(keys, Mapping):
            raise UsageError(f"[{section}] is no pane", hint=_known(section, free))
        if pane in FIXED:
            raise UsageError(
                f"[{section}] keeps its keys: one types there, or its frame names them",
                hint="Take this table out",
            )
        actions = {action.name: action for action in ACTIONS if action.pane is pane}
        for name, value in keys.items():
            if name not in actions:
                raise UsageError(f"[{section}] has no {name!r}", hint=_known(name, actions))
            yield actions[name], _keys(actions[name], value)


def _known(name: str, names: Iterable[str]) -> str:
    """Say what was meant, or what there is."""
    near = get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known: {', '.join(names)}"


def _keys(action: Action, value: object) -> tuple[str, ...]:
    keys = [value] if isinstance(value, str) else value
    if not isinstance(keys, list) or not keys:
        raise UsageError(f"{_named(action)} has no key", hint='"x", or ["x", "ctrl+x"]')
    return tuple(_key(action, key) for key in keys)


def _key(action: Action, key: object) -> str:
    """Give Textual's name of a key."""
    if not isinstance(key, str) or not _is_key(key):
        raise UsageError(
            f"{_named(action)}: {key!r} is no key",
            hint="A character as it is typed, or one such as f5, ctrl+k, shift+left, comma",
        )
    name = next(iter(Binding.make_bindings([Binding(key, action.name)]))).key
    if action.priority and character_of(name) is not None:
        raise UsageError(
            f"{_named(action)}: {key!r} could no longer be typed into a query",
            hint="Take a key with ctrl, or f1 to f12",
        )
    return name


def _is_key(text: str) -> bool:
    *modifiers, key = text.split("+")
    if len(text) == 1:
        return text.isprintable() and text not in ",+"
    known = key in NAMED_KEYS or (key != "" and character_of(key) is not None)
    return known and MODIFIERS.issuperset(modifiers) and (modifiers != ["shift"] or len(key) > 1)


def _checked(changed: Mapping[Action, tuple[str, ...]]) -> Keymap:
    """See that no key that was changed means two things in one place."""
    keymap = Keymap({action.id: keys for action, keys in changed.items()})
    for action in changed:
        for other in ACTIONS:
            if other is not action and (keys := _clash(keymap, action, other)):
                raise UsageError(
                    f"{key_label(min(keys))} is both {_named(action)} and {_named(other)}",
                    hint="Give one of them another key",
                )
    return keymap


def _clash(keymap: Keymap, one: Action, other: Action) -> set[str]:
    """Give the keys that would come to both; a pane may hide what it hides in the table."""
    both = set(keymap.keys(one)) & set(keymap.keys(other))
    if one.pane is other.pane:
        return both
    if other.pane in AROUND.get(one.pane, ()) or one.pane in AROUND.get(other.pane, ()):
        return both - (_keys_in_table(one.pane) & _keys_in_table(other.pane))
    return set()


def _keys_in_table(pane: Pane) -> set[str]:
    return {key for action in ACTIONS if action.pane is pane for key in action.keys}


def _named(action: Action) -> str:
    return f"[{action.pane.name.lower()}] {action.name}"
