"""Times of format v1 out of their text, a column at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_SHAPE = b"0000-00-00T00:00:00.000000Z"
LENGTH = len(_SHAPE)
_ZERO = ord("0")
_DIGITS = np.array([at for at, character in enumerate(_SHAPE) if character == _ZERO])
_MARKS = np.array([at for at, character in enumerate(_SHAPE) if character != _ZERO])
_EXPECTED = np.frombuffer(_SHAPE, np.uint8)[_MARKS, np.newaxis]


def read_times(
    texts: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Read times in UTC with six fractional digits.

    Args:
        texts: shape (27, n), the characters of n times from top to bottom.

    Returns:
        microseconds since 1970, and which of them are times at all.
    """
    digits = texts - np.uint8(_ZERO)
    shaped = (digits[_DIGITS] < 10).all(axis=0) & (texts[_MARKS] == _EXPECTED).all(axis=0)
    year, month, day = _number(digits[0:4]), _number(digits[5:7]), _number(digits[8:10])
    hour, minute, second = _number(digits[11:13]), _number(digits[14:16]), _number(digits[17:19])
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    dated = (year > 0) & (month >= 1) & (month <= 12) & (days.astype("datetime64[M]") == months)
    timed = (hour < 24) & (minute < 60) & (second < 60)
    seconds = ((days.astype(np.int64) * 24 + hour) * 60 + minute) * 60 + second
    micros = seconds * 1_000_000 + _number(digits[20:26])
    return micros, np.logical_and(shaped, dated & timed)


def _number(digits: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Read numbers of at most nine digits."""
    number: npt.NDArray[np.int32] = digits[0].astype(np.int32)
    for digit in digits[1:]:
        number *= 10
        number += digit
    return number
