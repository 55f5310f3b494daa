"""How lengths of time are worded: to three digits or two units, on at most nine cells."""

from __future__ import annotations

from datetime import timedelta

from audit_console.core.timespan import TICK


def duration(length: timedelta) -> str:
    """Print a length of time, not a negative one: `250 µs`, `1.25 s`, `3m 05s`, `2d 04h`."""
    micros = length // TICK
    if micros < 1_000:
        return f"{micros} µs" if micros else "0 s"
    if micros < 1_000_000:
        return f"{micros / 1_000:.3g} ms" if micros < 999_500 else "1.00 s"
    seconds = micros // 1_000_000
    if seconds < 60:
        return f"{micros / 1_000_000:.{2 if seconds < 10 else 1}f} s"
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if hours < 1:
        return f"{minutes}m {seconds % 60:02}s"
    if days < 1:
        return f"{hours}h {minutes % 60:02}m"
    return f"{days}d {hours % 24:02}h"
