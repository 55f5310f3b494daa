"""The policy that the user set: `[retention]` in the configuration.

[retention]
days = 90           # everything is kept so long
floor = 30          # no flag goes under it

[retention.longer]  # queries, and days; the longest that applies wins
"type:authentication" = 365
"""

from __future__ import annotations

from collections.abc import Mapping

from audit_console.core.retention import DEFAULT_DAYS, KeepLonger, RetentionPolicy
from audit_console.errors import UsageError

_KNOWN = ("days", "floor", "longer")


def policy_of(settings: Mapping[str, object]) -> RetentionPolicy:
    """Read the table.

    Raises:
        UsageError: it sets what is not known, or what is no policy.
    """
    for key in settings.keys() - set(_KNOWN):
        raise _wrong(f"{key!r} is no setting", hint=f"known: {', '.join(_KNOWN)}")
    longer = settings.get("longer", {})
    if not isinstance(longer, dict):
        raise _wrong("longer is not a table", hint="[retention.longer]")
    try:
        return RetentionPolicy(
            days=_days("days", settings.get("days", DEFAULT_DAYS)),
            floor=_days("floor", settings.get("floor", 0)),
            longer=tuple(KeepLonger(query, _days(query, days)) for query, days in longer.items()),
        )
    except UsageError as error:
        raise _wrong(str(error), hint=error.hint) from None


def _days(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{key} is not a number of days", hint="a whole number, without quotes")
    return value


def _wrong(how: str, hint: str = "") -> UsageError:
    return UsageError(f"config.toml, [retention]: {how}", hint=hint)
