"""How much one caller may ask in a while: fixed windows in this process's memory."""

import math
import threading
import time
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException

SECONDS = {"second": 1, "minute": 60, "hour": 3600}
# Enough for every household of a large estate; beyond it the windows that are over are dropped.
MOST_KEYS = 50_000


@dataclass(frozen=True)
class Limit:
    """At most `quota` requests within `seconds`."""

    quota: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read `30/minute` (second, minute or hour); raises ValueError."""
        quota, _, unit = text.strip().partition("/")
        if not quota.isdigit() or int(quota) < 1 or unit not in SECONDS:
            raise ValueError(f"a limit is written like 30/minute, not {text!r}")
        return cls(int(quota), SECONDS[unit])


class TooManyRequests(HTTPException):
    """The caller's quota is used up (429); the headers say when to come back."""

    code = 429
    description = "Too many requests. Please wait for the time in Retry-After."

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        super().__init__()
        self._headers = headers

    def get_headers(self, *_args: Any, **_kwargs: Any) -> list[tuple[str, str]]:
        """Return the rate limit's headers."""
        return self._headers


class Throttle:
    """Counts requests by key. Every process counts for itself; in front of several, nginx limits them together."""

    def __init__(self, name: str, limit: Limit) -> None:
        self._name = name
        self._limit = limit
        self._policy = f'"{name}";q={limit.quota};w={limit.seconds}'
        self._windows: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> list[tuple[str, str]]:
        """Count one request; return the RateLimit headers, or raise TooManyRequests."""
        now = time.monotonic()
        with self._lock:
            window = self._windows.get(key)
            if window is None or window[0] <= now:
                if len(self._windows) >= MOST_KEYS:
                    self._forget(now)
                window = self._windows[key] = [now + self._limit.seconds, 0]
            window[1] += 1
            left, reset = self._limit.quota - int(window[1]), max(1, math.ceil(window[0] - now))
        headers = [("RateLimit-Policy", self._policy), ("RateLimit", f'"{self._name}";r={max(left, 0)};t={reset}')]
        if left < 0:
            raise TooManyRequests([*headers, ("Retry-After", str(reset))])
        return headers

    def _forget(self, now: float) -> None:
        self._windows = {key: window for key, window in self._windows.items() if window[0] > now}
        if len(self._windows) >= MOST_KEYS:
            self._windows.clear()


def client_address(environ: dict[str, Any], trusted_proxies: int) -> str:
    """Return the caller's address: the peer's, or what the outermost of our own proxies noted."""
    if trusted_proxies:
        noted = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if len(noted) >= trusted_proxies:
            return str(noted[-trusted_proxies])
    return str(environ.get("REMOTE_ADDR", ""))
