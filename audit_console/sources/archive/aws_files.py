"""The keys of a profile, out of the files that the tools of AWS keep.

Variables of the environment, and roles of a machine or a container, are read by Polars.
"""

from __future__ import annotations

from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from pathlib import Path

from audit_console.errors import UsageError

_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_HINT = 'of a role or single sign-on: eval "$(aws configure export-credentials --format env)"'


def credentials(variables: Mapping[str, str]) -> dict[str, str]:
    """Give what the files say and no variable does, as options of Polars.

    Args:
        variables: of the environment.

    Raises:
        UsageError: a profile is asked for that is not there, or that has no keys.
    """
    profile = variables.get("AWS_PROFILE", "default")
    config = _read(variables.get("AWS_CONFIG_FILE", "~/.aws/config"))
    section = profile if profile == "default" else f"profile {profile}"
    keys = _read(variables.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    options = config.get(section, {}) | keys.get(profile, {})
    found = {key: options[key] for key in _KEYS if key in options}
    if "AWS_ACCESS_KEY_ID" in variables:
        found = {}
    elif not found and "AWS_PROFILE" in variables:
        raise UsageError(f"the AWS profile {profile} has no keys in the files of AWS", hint=_HINT)
    if "region" in options and not any(name in variables for name in _REGIONS):
        found["aws_region"] = options["region"]
    return found


def _read(name: str) -> dict[str, dict[str, str]]:
    """Read a file; one that is not there is empty."""
    parser = ConfigParser(interpolation=None, default_section="")
    path = Path(name).expanduser()
    try:
        parser.read(path, encoding="utf-8")
    except (ConfigError, OSError, UnicodeDecodeError):  # what they say quotes the file
        raise UsageError(
            f"{path} cannot be read",
            hint="repair it, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ) from None
    return {name: dict(parser[name]) for name in parser.sections()}
