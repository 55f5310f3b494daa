from __future__ import annotations

import pytest

from audit_console.core.chain import LogCheck
from audit_console.core.findings import Code


@pytest.mark.parametrize(("code", "unreadable"), [(Code.MALFORMED, 3), (Code.TORN_TAIL, 0)])
def test_lines_that_are_not_listed_are_counted_as_listed_ones_are(
    code: Code, unreadable: int
) -> None:
    check = LogCheck()
    check.add_unlisted(code, 3)
    assert check.findings.counts == {code: 3}
    assert check.findings.kept == []
    assert check.unreadable == unreadable
