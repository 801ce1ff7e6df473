"""How answers are ordered, as a pure function (domain specification §6)."""

from __future__ import annotations

from math import isqrt

#: the 90 % quantile of the normal distribution, squared, times 10^24: one side of an interval of 80 %
_SCALE = 10**12
_Z = 1_281_551_565_545
_Z2 = _Z * _Z


def wilson(up: int, down: int) -> int:
    """The lower bound of the Wilson interval for the share of `up` votes, floored to micro-units; 0 without votes.

    floor(10^6 · (p + z²/2n − z·√((p(1−p) + z²/4n)/n)) / (1 + z²/n)), z = 1.281551565545, p = up/n, n = up + down
    (E. B. Wilson, 1927). Multiplied by 2n it reads (2·up + z² − z·√(4·up·down/n + z²)) / (2·(n + z²)), which is
    computed in integers, so that every machine and both engines agree to the last digit.
    """
    n = up + down
    if not n:
        return 0
    scale2 = _SCALE * _SCALE
    root = isqrt(_Z2 * (4 * up * down * scale2 + _Z2 * n) // n)  # z·√(…) in units of 10^24
    above = 2 * up * scale2 + _Z2 - root
    return 1_000_000 * above // (2 * (n * scale2 + _Z2))
