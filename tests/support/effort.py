"""How hard the generated tests try.

They are the same in every run, so that a failure is the change's and not the
day's. `EXPLORE=20 pytest tests/…` tries 20 times as many examples, new ones each time,
and leaves out no byte where bytes are tried one by one.

They are not measured for coverage, which would double their time: a line counts as
tested when a test with an example of its own runs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

Test = TypeVar("Test", bound=Callable[..., Any])

_EXPLORE = int(os.environ.get("EXPLORE", "0"))

UNMEASURED = pytest.mark.unmeasured


def examples(count: int) -> Callable[[Test], Test]:
    """Decorate a generated test with the number of its examples."""
    return lambda test: UNMEASURED(effort(count)(test))


def effort(count: int) -> settings:
    """Give the settings of a generated test with its number of examples."""
    return settings(
        max_examples=count * max(_EXPLORE, 1),
        derandomize=not _EXPLORE,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def every(step: int, begin: int, end: int) -> range:
    """Take every `step`th number, each one when exploring."""
    return range(begin, end, 1 if _EXPLORE else step)
