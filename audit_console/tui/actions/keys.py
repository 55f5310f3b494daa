"""How keys are named."""

from __future__ import annotations

_KEY_LABELS = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "full_stop": ".",
    "exclamation_mark": "!",
    "tab": "Tab",
    "plus": "+",
    "shift+left": "⇧←",
    "shift+right": "⇧→",
    "shift+up": "⇧↑",
    "shift+down": "⇧↓",
    "dollar_sign": "$",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
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
    "f1": "F1",
    "ctrl+q": "^Q",
    "ctrl+p": "^P",
    "ctrl+t": "^T",
    "ctrl+y": "^Y",
    "ctrl+b": "^B",
    "ctrl+f": "^F",
}


def key_label(key: str) -> str:
    """Name a key as it is printed on a keyboard."""
    return _KEY_LABELS.get(key) or (key.replace("ctrl+", "^") if "+" in key else key)
