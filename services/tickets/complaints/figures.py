"""A share with what it is made of: how many of how many, and the 95 % interval by Wilson."""

from typing import Any

from services.kit.intervals import wilson


def share(count: int, n: int) -> dict[str, Any]:
    """Return count, n, share and its interval; of nothing there is no share, rather than one of zero."""
    interval = wilson(count, n)
    if interval is None:
        return {"n": 0, "count": 0, "share": None, "low": None, "high": None}
    low, high = interval
    return {"n": n, "count": count, "share": count / n, "low": low, "high": high}
