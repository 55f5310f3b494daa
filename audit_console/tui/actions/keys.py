"""How keys are named."""

from __future__ import annotations

from textual.keys import REPLACED_KEYS, key_to_character

_KEY_LABELS = {
    "tab": "Tab",
    "enter": "Enter",
    "escape": "Esc",
    "backspace": "Bksp",
    "delete": "Del",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "space": "Space",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}
_FUNCTION_KEYS = {f"f{number}": f"F{number}" for number in range(1, 25)}
_MODIFIERS = {"ctrl": "^", "shift": "⇧", "alt": "Alt+"}


def character_of(key: str) -> str | None:
    """Give the character that a key types, None for one that types none."""
    return key_to_character(REPLACED_KEYS.get(key, key))


def key_label(key: str) -> str:
    """Name a key as it is printed on a keyboard."""
    *modifiers, name = key.split("+")
    label = _KEY_LABELS.get(name) or _FUNCTION_KEYS.get(name) or character_of(name) or name
    if "ctrl" in modifiers:
        label = label.upper()
    return "".join(_MODIFIERS.get(modifier, f"{modifier}+") for modifier in modifiers) + label


_NAMED_IN_HINTS = ("enter", "escape", "tab", "shift+tab", "delete", "up", "down", "right", "ctrl+s")
_KEYS_BY_LABEL = {key_label(key): key for key in _NAMED_IN_HINTS}


def key_of_hint(hint: str) -> str | None:
    """Give the key that a hint such as `Esc closes` begins with."""
    return _KEYS_BY_LABEL.get(hint.strip().partition(" ")[0])
