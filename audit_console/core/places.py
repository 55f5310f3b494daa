"""Places that a log can be opened at, told apart by how they are written."""

from __future__ import annotations

import re

_LIBPQ_WORDS = """
service user password passfile channel_binding connect_timeout dbname host hostaddr port
client_encoding options application_name fallback_application_name keepalives keepalives_idle
keepalives_interval keepalives_count tcp_user_timeout sslmode sslnegotiation sslcompression sslcert
sslkey sslcertmode sslpassword sslrootcert sslcrl sslcrldir sslsni requirepeer require_auth
min_protocol_version max_protocol_version ssl_min_protocol_version ssl_max_protocol_version
gssencmode krbsrvname gsslib gssdelegation replication target_session_attrs load_balance_hosts
scram_client_key scram_server_key oauth_issuer oauth_client_id oauth_client_secret oauth_scope
sslkeylogfile"""
"""All of them: what is taken for a file is shown where it is not found, with its password."""

SECRETS = (
    "password",
    "sslpassword",
    "scram_client_key",
    "scram_server_key",
    "oauth_client_secret",
)
"""Those words of libpq whose values let in whoever has them."""

_DATABASE = re.compile(rf"postgres(ql)?://|\s*({'|'.join(_LIBPQ_WORDS.split())})\s*=")
_LOG_NAME = re.compile(r".*\.(log(\..+)?|(jsonl|ndjson|log)([.-][0-9][0-9_.:T-]*)?)(\.gz|\.zst)?")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PASSWORD = re.compile(r"(password|passwd|pwd)\s*=|:[^/@]*@", re.IGNORECASE)


def is_database(place: str) -> bool:
    """Tell whether a place is a connection string of libpq: a URI, or words with values."""
    return _DATABASE.match(place) is not None


def is_remote(place: str) -> bool:
    """Tell whether a place is an address in an object store."""
    return place.startswith("s3://")


def is_address(place: str) -> bool:
    """Tell whether a place is written as an address, which may hold a password."""
    return _ADDRESS.match(place) is not None


def may_hold_password(text: str) -> bool:
    """Tell whether text looks as if it were meant to hold a password, for whatever program."""
    return _PASSWORD.search(text) is not None


def names_files(place: str) -> bool:
    """Tell whether a place names files of this machine, and not what is piped in or elsewhere."""
    return place != "-" and not is_database(place) and not is_remote(place)


def is_log_name(name: str) -> bool:
    """Tell whether a file of a folder is called as a log is, also as rotation names it.

    `audit.jsonl.1` and `audit.log-20261101.gz` are names that logrotate gives.
    """
    return _LOG_NAME.fullmatch(name) is not None
