"""Settings: file, then environment; what is unknown is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_console.config import Config, load_config, user_path
from audit_console.errors import UsageError


def written(folder: Path, text: str) -> Path:
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return folder


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert load_config(tmp_path, {}) == Config()


def test_a_path_is_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    written(tmp_path, 'policy = "trust/policy.txt"\nconsole_key = "/keys/me"\n')
    expected = Config(policy=tmp_path / "trust" / "policy.txt", console_key=Path("/keys/me"))
    assert load_config(tmp_path, {}) == expected


def test_a_home_that_is_nobodys_stays_as_it_is_typed() -> None:
    assert user_path("~/keys/me") == Path.home() / "keys" / "me"
    assert user_path("~nobody-at-all/keys") == Path("~nobody-at-all/keys")


def test_the_environment_wins(tmp_path: Path) -> None:
    written(tmp_path, 'policy = "a"\nconsole_key = "/keys/me"\n')
    config = load_config(tmp_path, {"AUDIT_CONSOLE_POLICY": "/b", "AUDIT_CONSOLE_CONSOLE_KEY": ""})
    assert config == Config(policy=Path("/b"), console_key=Path("/keys/me"))


def test_indexes_are_written_unless_the_file_or_the_environment_says_no(tmp_path: Path) -> None:
    assert load_config(tmp_path, {}).index
    assert not load_config(tmp_path, {"AUDIT_CONSOLE_NO_INDEX": "1"}).index
    assert not load_config(written(tmp_path, "index = false\n"), {}).index


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('policy = "a"\npolicies = "b"\n', "line 2: 'policies' is no setting"),
        ('\n\n"witness" = 1\n', "line 3: 'witness' is no setting"),
        ('[trust]\npolicy = "a"\n', "line 1: 'trust' is no setting"),
        ("policy = 7\n", "line 1: policy is not a path"),
        ("index = 1\n", "line 1: index is not true or false"),
        ('policy = ""\n', "line 1: policy is not a path"),
        ("policy = a\n", "line 1"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as refused:
        load_config(written(tmp_path, text), {})
    assert str(tmp_path / "config.toml") in str(refused.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        load_config(tmp_path, {})
    (tmp_path / "config.toml").unlink()
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(UsageError, match="Is a directory"):
        load_config(tmp_path, {})
