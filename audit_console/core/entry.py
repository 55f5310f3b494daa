"""How format v1 prints what the hash of an event covers: its content, and its place around that."""

from __future__ import annotations

from audit_console.core.json_object import quote


def encode_content(  # noqa: PLR0913 - the fields of an event
    *,
    event_type: str,
    action: str,
    resource_type: str,
    resource_id: str,
    result: str,
    user_id: str | None = None,
    result_error: str | None = None,
    details: str | None = None,
    ip_address: str | None = None,
    user_agent: str | None = None,
    request_id: str | None = None,
) -> str:
    """Print the middle of an entry, which is the same wherever the event stands in a chain.

    Raises:
        TypeError: a text is none.
    """
    return (
        f',"event_type":{quote(event_type)},"user_id":{quote_or_null(user_id)}'
        f',"action":{quote(action)},"resource_type":{quote(resource_type)}'
        f',"resource_id":{quote(resource_id)},"result":{quote(result)}'
        f',"result_error":{quote_or_null(result_error)},"details":{details or "null"}'
        f',"ip_address":{quote_or_null(ip_address)},"user_agent":{quote_or_null(user_agent)}'
        f',"request_id":{quote_or_null(request_id)}'
    )


def place_entry(  # noqa: PLR0913, PLR0917 - the parts of an entry in their order
    content: str,
    chain: str,
    seq: int | None,
    event_id: str,
    recorded_at: str,
    timestamp: str,
    previous_hash: str,
) -> str:
    """Print an entry around what `encode_content` gave; every text comes as JSON."""
    return (
        f'{{"v":1,"chain":{chain},"seq":{seq},"id":{event_id}'
        f',"recorded_at":{recorded_at},"timestamp":{timestamp}'
        f'{content},"previous_hash":{previous_hash}'
    )


def quote_or_null(text: str | None) -> str:
    """Print a text that may be missing."""
    return "null" if text is None else quote(text)
