"""The services behind the gateway: one keep-alive client, and per service a bulkhead and a circuit breaker."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import structlog
import urllib3
from prometheus_client import Counter
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError
from urllib3.util import Timeout

from services.kit.errors import Unavailable

log = structlog.get_logger()

FAILURES = Counter("doorstep_gateway_upstream_failures_total", "Upstream failures by kind.", ["service", "kind"])

# So many refused connections in a row, and for so long nobody waits for the next refusal.
OPEN_AFTER = 5
OPEN_SECONDS = 3.0
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
# What changes nothing; PUT and DELETE say something else the second time, with If-Match or of what is gone.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def not_answering() -> Unavailable:
    """Return the refusal for a service that cannot be reached; nothing was done."""
    return Unavailable(
        "This part of the desk is not answering just now. Nothing was changed; please try again shortly.",
        "该功能暂时无法响应，未作任何更改，请稍后再试。",
    )


def no_answer() -> Unavailable:
    """Return the refusal for a request that was sent and not answered; it may have been done."""
    return Unavailable(
        "The answer took too long, and the request may or may not have been carried out."
        " Look again, or repeat it with the same Idempotency-Key.",
        "等待结果超时，请求可能已执行也可能未执行；请先查看，或用相同的 Idempotency-Key 重试。",
    )


def overloaded() -> Unavailable:
    """Return the refusal for a service that already has as many requests as it may."""
    return Unavailable("The desk is very busy just now. Please try again shortly.", "当前请求过多，请稍后再试。")


class Upstream:
    """One service: at most `concurrency` requests at a time, and fast refusals while it is down."""

    def __init__(self, name: str, url: str, manager: urllib3.PoolManager, concurrency: int) -> None:
        self.name = name
        self.base = url
        self._prefix = urlsplit(url).path
        self._pool = manager.connection_from_url(url)
        self._lock = threading.Lock()
        self._room = concurrency
        self._refusals = 0
        self._open_until = 0.0

    def enter(self) -> None:
        """Take a place, to be given back by `leave`; raises Unavailable at once where there is none."""
        with self._lock:
            if self._open_until > time.monotonic():
                raise not_answering()
            if self._room == 0:
                FAILURES.labels(self.name, "overload").inc()
                raise overloaded()
            self._room -= 1

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._room += 1

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for the length of the block."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def send(self, method: str, target: str, headers: Mapping[str, str], body: Any = None) -> urllib3.BaseHTTPResponse:
        """Send one request and return the answer with its body still to be read; raises Unavailable.

        A connection that was never made is tried once more where repeating cannot hurt. So is a request whose kept
        connection the service closed as it came (RFC 9112 §9.3.1, 9.5), where it changes nothing or has a key that lets
        it have one effect only. Nothing else is retried.
        """
        for attempt in (1, 2):
            try:
                answer = self._pool.urlopen(
                    method,
                    self._prefix + target,
                    body=body,
                    headers=headers,
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    preload_content=False,
                    decode_content=False,
                )
            except (NewConnectionError, ConnectTimeoutError) as problem:
                if self._refused() or attempt == 2 or method not in IDEMPOTENT:
                    raise not_answering() from problem
            except (HTTPError, OSError) as problem:
                if attempt == 1 and _closed(problem) and _repeatable(method, headers):
                    FAILURES.labels(self.name, "closed").inc()
                    if body is not None and not isinstance(body, bytes):
                        body.seek(0)
                    continue
                kind = "slow" if isinstance(problem, ReadTimeoutError) else "broken"
                FAILURES.labels(self.name, kind).inc()
                log.warning("upstream.failed", service=self.name, kind=kind, problem=type(problem).__name__)
                raise no_answer() from problem
            else:
                self._refusals = 0
                return answer
        raise AssertionError("two attempts either return or raise")

    def fetch(self, method: str, target: str, headers: Mapping[str, str], body: Any = None) -> tuple[int, bytes]:
        """Send one request of our own and read the whole answer: status and body."""
        with self.place():
            answer = self.send(method, target, headers, body)
            try:
                return answer.status, answer.read()
            except (HTTPError, OSError) as problem:
                raise no_answer() from problem
            finally:
                answer.release_conn()

    def close(self) -> None:
        """Close the connections that are kept."""
        self._pool.close()

    def _refused(self) -> bool:
        """Count a refused connection; say whether the breaker is open now."""
        FAILURES.labels(self.name, "refused").inc()
        with self._lock:
            self._refusals += 1
            if self._refusals >= OPEN_AFTER:
                self._open_until = time.monotonic() + OPEN_SECONDS
                log.warning("upstream.down", service=self.name, refusals=self._refusals)
                return True
        return False


def _closed(problem: Exception) -> bool:
    """True where the service closed the connection without a word of an answer."""
    cause = problem.args[-1] if isinstance(problem, ProtocolError) and problem.args else problem
    return isinstance(cause, RemoteDisconnected | ConnectionResetError | BrokenPipeError)


def _repeatable(method: str, headers: Mapping[str, str]) -> bool:
    """True where a request has no effect, or but one."""
    return method in SAFE or any(name.lower() == "idempotency-key" for name in headers)


def connect(
    urls: Mapping[str, str], *, connect_seconds: float, read_seconds: float, concurrency: int
) -> dict[str, Upstream]:
    """Return the upstreams of a process, over one client. Made after the fork: sockets must not cross one."""
    manager = urllib3.PoolManager(
        maxsize=concurrency, timeout=Timeout(connect=connect_seconds, read=read_seconds), retries=False
    )
    return {name: Upstream(name, url, manager, concurrency) for name, url in urls.items()}
