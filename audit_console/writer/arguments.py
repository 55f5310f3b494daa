"""What an application gives by mistake is said where it is given, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from audit_console.errors import UsageError


def require_kind(name: str, value: object, *kinds: type) -> None:
    """Refuse an argument of another type; what it is stays unsaid, it may be secret.

    Raises:
        UsageError: it is of another type.
    """
    if not isinstance(value, kinds):
        wanted = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
        raise UsageError(
            f"{name} is of type {type(value).__name__}", hint=f"it is to be of type {wanted}"
        )


def require_one_of(name: str, value: object, known: Sequence[str]) -> None:
    """Refuse a word that is not known.

    Raises:
        UsageError: it is none of them.
    """
    if value not in known:
        raise UsageError(f"{name} is {value!r:.80}", hint=f"one of: {', '.join(known)}")


def require_methods(name: str, value: object, *methods: str) -> None:
    """Refuse an object that lacks what will be called.

    Raises:
        UsageError: it lacks a method.
    """
    for method in methods:
        if not callable(getattr(value, method, None)):
            raise UsageError(
                f"{name} is of type {type(value).__name__}, which has no {method}()",
                hint="use an ArchiveSink or a PostgresSink",
            )
