from __future__ import annotations

import hashlib

import pytest

from audit_console.core.notes import KeyType, VerifierKey
from audit_console.core.policy import parse_policy
from audit_console.errors import PolicyError
from tests.support.places import V1_VECTORS


def key(number: int, key_type: KeyType = KeyType.WITNESS) -> VerifierKey:
    return VerifierKey(f"example.org/{number}", key_type, bytes([number]) * 32)


LOG = f"log {key(0, KeyType.LOG)}"
WITNESSES = "\n".join(f"witness w{number} {key(number)}" for number in range(1, 6))
TWO_LEVELS = f"""\
# who may sign
{LOG} https://example.org/log

{WITNESSES}
\tgroup X 2  w1 w2 w3
group Y any w4 w5 # no comment: two members more
"""


def test_the_policy_of_the_vectors() -> None:
    text = (V1_VECTORS.parent / "policy.txt").read_text("utf-8")
    policy = parse_policy(text)
    assert policy.chains == ("audit.example.org/prod",)
    assert list(policy.witnesses) == ["auditor"]
    assert policy.is_reached_by({"auditor"})
    assert not policy.is_reached_by(set())
    assert policy.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_a_quorum_of_groups() -> None:
    text = TWO_LEVELS.replace(" # no comment: two members more", "")
    policy = parse_policy(f"{text}group both all X Y\nquorum both\n")
    assert policy.is_reached_by({"w1", "w3", "w5"})
    assert not policy.is_reached_by({"w1", "w2", "w3"})
    assert not policy.is_reached_by({"w1", "w4", "w5"})


def test_a_policy_may_ask_for_no_witness() -> None:
    policy = parse_policy(f"{LOG}\nquorum none")
    assert policy.is_reached_by(set())
    assert not policy.witnesses


def test_a_log_may_have_an_old_and_a_new_key() -> None:
    other = VerifierKey("example.org/0", KeyType.LOG, b"x" * 32)
    policy = parse_policy(f"{LOG}\nlog {other}\nquorum none\n")
    assert policy.chains == ("example.org/0",)
    assert len(policy.logs) == 2


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "ends without a quorum"),
        (LOG, 1, "ends without a quorum"),
        ("logs x\nquorum none", 1, "a line begins with log or witness or group or quorum"),
        ("quorum none\x00", 1, "a control character"),
        ("quorum none\r\n", 1, "a control character"),
        ("log\nquorum none", 1, "a log is"),
        ("log x\nquorum none", 1, "not a verifier key"),
        (f"log {key(1)}\nquorum none", 1, "example.org/1 is no key of a log"),
        (f"{LOG}\n{LOG}\nquorum none", 2, "a second time"),
        (f"witness w {key(1, KeyType.LOG)}", 1, "example.org/1 is no key of a witness"),
        (f"witness {key(1)}", 1, "a witness is"),
        (f"{WITNESSES}\nwitness w1 {key(9)}", 6, "'w1' is taken"),
        (f"witness none {key(9)}", 1, "'none' is taken"),
        (f"{WITNESSES}\nwitness w9 {key(1)}", 6, "a second time"),
        (f"{WITNESSES}\ngroup g any", 6, "a group is"),
        (f"{WITNESSES}\ngroup g 3 w1 w2", 6, "'3' is not all, any or a number up to 2"),
        (f"{WITNESSES}\ngroup g 0 w1 w2", 6, "'0' is not all"),
        (f"{WITNESSES}\ngroup g most w1 w2", 6, "'most' is not all"),
        (f"{WITNESSES}\ngroup g any w9", 6, "'w9' is no witness or group"),
        (f"{WITNESSES}\ngroup g any none", 6, "'none' is no witness or group"),
        (f"{WITNESSES}\ngroup w1 any w2", 6, "'w1' is taken"),
        (f"{WITNESSES}\ngroup g any w1\ngroup h any w1", 7, "in a group already"),
        ("quorum", 1, "a quorum is"),
        ("quorum w1", 1, "'w1' is no witness or group"),
        ("quorum none\nquorum none", 2, "a second quorum"),
        (TWO_LEVELS, 10, "'#' is no witness or group"),
    ],
)
def test_what_is_wrong_with_a_policy_is_told_with_its_line(
    text: str, line: int, reason: str
) -> None:
    with pytest.raises(PolicyError, match=reason) as refused:
        parse_policy(text)
    assert refused.value.line == line
    assert str(refused.value).startswith(f"line {line}: ")
    assert refused.value.hint
