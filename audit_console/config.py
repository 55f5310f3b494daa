"""What the user sets once: a TOML file, then the environment, then the command line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from audit_console.errors import UsageError

FILE_NAME = "config.toml"
ENVIRONMENT_PREFIX = "AUDIT_CONSOLE_"


@dataclass(frozen=True, slots=True)
class Config:
    """The settings. A path in the file is taken from the file's own folder.

    Attributes:
        policy: file of the trust policy that `--policy` replaces.
        console_key: key file with which this console cosigns.
        retention: the table of that name, which `retention.settings` reads.
        index: whether large archives are indexed, to be there at once when opened again.
        environments: the tables of that name, which `tui.environments` reads.
    """

    policy: Path | None = None
    console_key: Path | None = None
    retention: Mapping[str, object] = field(default_factory=dict)
    index: bool = True
    environments: Mapping[str, object] = field(default_factory=dict)


_PATHS = ("policy", "console_key")
_TABLES = ("retention", "environments")
_NAMES = (*_PATHS, *_TABLES, "index")


def load_config(folder: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read the settings of a user.

    Args:
        folder: the user's configuration directory; without a file in it nothing is set.
        environment: `AUDIT_CONSOLE_POLICY` and the like win over the file.

    Raises:
        UsageError: the file cannot be read, or sets what is not known; with its line.
    """
    return _with_environment(_from_file(folder / FILE_NAME), environment)


def user_path(text: str) -> Path:
    """Read a path as a user types it: a `~` is a home, or stays where it is nobody's."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 - the other raises for nobody's


def _from_file(path: Path) -> Config:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{path}: {reason}", hint="repair or remove it") from None
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}", hint="it is a TOML file") from None
    return Config(**{key: _setting(path, text, key, value) for key, value in settings.items()})


def _setting(file: Path, text: str, key: str, value: object) -> Any:
    line = _line_of(text, key)
    if key not in _NAMES:
        known = ", ".join(_NAMES)
        raise UsageError(f"{file}, line {line}: {key!r} is no setting", hint=f"known: {known}")
    if key in _TABLES:
        if not isinstance(value, dict):
            raise UsageError(f"{file}, line {line}: {key} is not a table", hint=f"write [{key}]")
        return value
    if key == "index":
        if not isinstance(value, bool):
            raise UsageError(
                f"{file}, line {line}: {key} is not true or false", hint=f"as in: {key} = false"
            )
        return value
    if not isinstance(value, str) or not value:
        raise UsageError(f"{file}, line {line}: {key} is not a path", hint="put it in quotes")
    return file.parent / user_path(value)


def _line_of(text: str, key: str) -> int:
    """Find where a key is set; what TOML spells in another way is said to be on line 1."""
    wanted = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    numbered = enumerate(text.split("\n"), 1)
    return next((number for number, line in numbered if wanted.match(line)), 1)


def _with_environment(config: Config, environment: Mapping[str, str]) -> Config:
    set_there: dict[str, Any] = {
        name: user_path(environment[variable])
        for name in _PATHS
        if environment.get(variable := ENVIRONMENT_PREFIX + name.upper())
    }
    if environment.get(ENVIRONMENT_PREFIX + "NO_INDEX"):
        set_there["index"] = False
    return replace(config, **set_there)
