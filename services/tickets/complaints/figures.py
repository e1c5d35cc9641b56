"""A share with what it is made of: how many of how many, and the 95 % interval by Wilson."""

import math
from typing import Any

Z_95 = 1.959963984540054


def share(count: int, n: int) -> dict[str, Any]:
    """Return count, n, share and its interval; of nothing there is no share, rather than one of zero."""
    if n == 0:
        return {"n": 0, "count": 0, "share": None, "low": None, "high": None}
    found = count / n
    middle = (found + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * math.sqrt(found * (1 - found) / n + Z_95**2 / (4 * n**2))
    return {"n": n, "count": count, "share": found, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}
