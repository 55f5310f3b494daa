"""The policy of the configuration."""

from __future__ import annotations

import pytest

from audit_console.core.retention import KeepLonger, RetentionPolicy
from audit_console.errors import UsageError
from audit_console.retention.settings import policy_of


def test_without_settings_everything_is_kept_90_days() -> None:
    assert policy_of({}) == RetentionPolicy(days=90, floor=0, longer=())


def test_everything_can_be_set() -> None:
    settings = {"days": 60, "floor": 30, "longer": {"type:authentication": 365}}
    longer = (KeepLonger("type:authentication", 365),)
    assert policy_of(settings) == RetentionPolicy(days=60, floor=30, longer=longer)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"dayz": 1}, "'dayz' is no setting"),
        ({"days": "90"}, "days is not a number of days"),
        ({"floor": True}, "floor is not a number of days"),
        ({"longer": 7}, "longer is not a table"),
        ({"longer": {"user:x": "y"}}, "user:x is not a number of days"),
        ({"longer": {"user:(": 7}}, "column"),
        ({"days": 10, "floor": 30}, "10 days are under the floor of 30"),
    ],
)
def test_what_is_wrong_is_told(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(UsageError) as refused:
        policy_of(settings)
    assert str(refused.value).startswith("config.toml, [retention]: ")
    assert reason in str(refused.value)
