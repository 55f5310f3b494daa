"""What the environment and the files that the tools of AWS keep say of an object store.

Polars reads variables itself, and roles of a machine or a container; it knows no profiles, and
prints a trace where a variable holds what cannot be sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from urllib.parse import urlsplit

from audit_console.config import user_path
from audit_console.errors import UsageError

_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
_SENT = re.compile(r"[!-~]*")
_HINT = 'of a role or single sign-on: eval "$(aws configure export-credentials --format env)"'


def credentials(variables: Mapping[str, str]) -> dict[str, str]:
    """Give what the files say and no variable does, as options of Polars.

    Args:
        variables: of the environment.

    Raises:
        UsageError: a profile is asked for that is not there, or that has no keys, or a value
            is none that could be sent. No value is named.
    """
    for name in _ENDPOINTS:
        _require(name, is_usable=_is_url(variables.get(name, "http://unset")))
    for name in (*map(str.upper, _KEYS), *_REGIONS):
        _require(name, is_usable=_SENT.fullmatch(variables.get(name, "")) is not None)
    profile = variables.get("AWS_PROFILE", "default")
    config = _read(variables.get("AWS_CONFIG_FILE", "~/.aws/config"))
    section = profile if profile == "default" else f"profile {profile}"
    keys = _read(variables.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    options = config.get(section, {}) | keys.get(profile, {})
    for name in (*_KEYS, "region"):
        _require(f"{name} of {profile}", is_usable=bool(_SENT.fullmatch(options.get(name, ""))))
    found = {key: options[key] for key in _KEYS if key in options}
    if "AWS_ACCESS_KEY_ID" in variables:
        found = {}
    elif not found and "AWS_PROFILE" in variables:
        raise UsageError(f"the AWS profile {profile} has no keys in the files of AWS", hint=_HINT)
    if "region" in options and not any(name in variables for name in _REGIONS):
        found["aws_region"] = options["region"]
    return found


def _require(name: str, *, is_usable: bool) -> None:
    if not is_usable:
        raise UsageError(f"{name} holds something that cannot be used", hint="set it anew")


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        named = parts.hostname is not None and (parts.port or 1) > 0
    except ValueError:
        return False
    return named and parts.scheme in {"http", "https"} and _SENT.fullmatch(value) is not None


def _read(name: str) -> dict[str, dict[str, str]]:
    """Read a file; one that is not there is empty."""
    parser = ConfigParser(interpolation=None, default_section="")
    path = user_path(name)
    try:
        parser.read(path, encoding="utf-8")
    except (ConfigError, OSError, UnicodeDecodeError):  # what they say quotes the file
        raise UsageError(
            f"{path} cannot be read",
            hint="repair it, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ) from None
    return {name: dict(parser[name]) for name in parser.sections()}
