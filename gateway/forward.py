"""Forwards API calls to the services by the route table, in front of Flask and as thinly as possible."""

import io
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

import gevent
from prometheus_client import Counter, Histogram
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed

from gateway.bodies import READ_AHEAD, SMALL, read_body
from gateway.callers import Callers
from gateway.limits import Throttle, client_address
from gateway.routes import Route, RouteTable
from gateway.upstreams import Upstream, no_answer
from services.kit.errors import DeskError

FORWARDED = Counter("doorstep_gateway_forwarded_total", "Requests forwarded.", ["service", "status"])
SECONDS = Histogram("doorstep_gateway_forward_seconds", "Time until the answer's head, in seconds.", ["service"])

# Where Flask finds the refusal it shall answer with.
REFUSAL = "doorstep.refusal"
PREFIX = "/api/v1/"
# The same calls from a page, whose cookie is made a token first.
CALLED = "/call/api/v1/"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Only these reach a service: what a client says about who it is or where it comes from does not (X-User,
# X-Forwarded-*, Cookie, Forwarded), nor does anything that belongs to one hop (RFC 9110 §7.6.1).
PASSED = {
    f"HTTP_{name.upper().replace('-', '_')}": name
    for name in (
        "Accept",
        "Accept-Language",
        "Authorization",
        "Idempotency-Key",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "Prefer",
        "Range",
        "User-Agent",
        "traceparent",
        "tracestate",
        # By which a mail server proves that it brings a letter of this desk's.
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    )
} | {"CONTENT_TYPE": "Content-Type"}
KEPT_BACK = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "server",
        "date",
        "set-cookie",
    }
)
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_STRANGE = re.compile(r"//|/\.{1,2}(?:/|$)|[\x00-\x1f\x7f\\]")
# The pages outside the route table take a survey's answers.
OWN_BODY = 256 * 1024
ANSWER_SECONDS = 60.0

Start = Callable[..., Any]


class Forwarder:
    """A WSGI application: forwards what the table gives to a service and leaves the rest to the gateway's own."""

    def __init__(
        self,
        own: Callable[[dict[str, Any], Start], Iterable[bytes]],
        table: RouteTable,
        upstreams: dict[str, Upstream],
        throttles: dict[str, Throttle],
        callers: Callers,
        *,
        trusted_proxies: int,
        headers: list[tuple[str, str]],
        called: Callable[[dict[str, Any]], dict[str, Any]],
        body_limit: Callable[[str], int | None],
    ) -> None:
        self._own = own
        self._index = table.index()
        self._upstreams = upstreams
        self._throttles = throttles
        self._callers = callers
        self._trusted_proxies = trusted_proxies
        self._headers = headers
        self._called = called
        self._body_limit = body_limit
        self._kept_back = KEPT_BACK | {name.lower() for name, _ in headers}

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer one request."""
        try:
            if environ["PATH_INFO"].startswith(CALLED):
                environ = self._called(environ)
            route = self._route(environ["PATH_INFO"])
            if route is None:
                return self._answer_own(environ, start_response, self._body_limit(environ["PATH_INFO"]) or OWN_BODY)
            limits = self._throttles[route.rate].take(self._key(route, environ))
            if route.service == "gateway":
                return self._answer_own(environ, _adding(start_response, limits), route.body)
            return self._forward(route, environ, start_response, limits)
        except (DeskError, HTTPException) as refusal:
            # Flask words every refusal, so that there is one format and one place that knows the languages.
            environ[REFUSAL] = refusal
            return self._own(environ, start_response)

    def _answer_own(self, environ: dict[str, Any], start_response: Start, most: int) -> Iterable[bytes]:
        """Answer with the gateway's own, the body read within its time, so that a client that stalls does not stay."""
        with read_body(environ, most) as body:
            if body.content is not None:
                environ["wsgi.input"] = io.BytesIO(body.content) if isinstance(body.content, bytes) else body.content
            # What is answered bit by bit is made of the desk's words, and of nothing that was sent.
            return self._own(environ, start_response)

    def _route(self, path: str) -> Route | None:
        if not path.startswith(PREFIX):
            return None
        for pattern, route in self._index.get(path[len(PREFIX) :].partition("/")[0], ()):
            if pattern.match(path):
                return route
        return None

    def _key(self, route: Route, environ: dict[str, Any]) -> str:
        person = None if route.public else self._callers.person(environ.get("HTTP_AUTHORIZATION", ""))
        return person or client_address(environ, self._trusted_proxies)

    def _forward(
        self, route: Route, environ: dict[str, Any], start_response: Start, limits: list[tuple[str, str]]
    ) -> Iterable[bytes]:
        started = time.perf_counter()
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if method not in (route.methods or METHODS):
            raise MethodNotAllowed(sorted(route.methods or METHODS))
        if _STRANGE.search(path):
            raise BadRequest("The path is not one of ours.")
        headers = _request_headers(environ)
        target = _target(path, environ.get("QUERY_STRING", ""))
        with read_body(environ, route.body) as body:
            if body.size is not None:
                headers["Content-Length"] = str(body.size)
            upstream = self._upstreams[route.service]
            upstream.enter()
            try:
                with gevent.Timeout(ANSWER_SECONDS, no_answer()):
                    answer = upstream.send(method, target, headers, body.content)
            except BaseException:
                upstream.leave()
                raise
        FORWARDED.labels(route.service, answer.status).inc()
        SECONDS.labels(route.service).observe(time.perf_counter() - started)
        pieces = _Pieces(answer, upstream, method)
        head = _response_headers(answer, upstream.base, self._kept_back)
        start_response(f"{answer.status} {answer.reason or ''}", [*head, *limits, *self._headers])
        return pieces


class _Pieces:
    """The answer's body, passed on as it comes; closing gives the connection and the place back."""

    def __init__(self, answer: BaseHTTPResponse, upstream: Upstream, method: str) -> None:
        self._answer = answer
        self._upstream = upstream
        self._closed = False
        self._whole: list[bytes] | None = None
        length = answer.headers.get("Content-Length", "")
        if method == "HEAD" or answer.status in (204, 304) or (length.isdigit() and int(length) <= READ_AHEAD):
            # Read at once: a client that reads slowly must not hold the service's connection.
            try:
                with gevent.Timeout(ANSWER_SECONDS, no_answer()):
                    self._whole = [answer.read()]
            except (HTTPError, OSError) as problem:
                raise no_answer() from problem
            finally:
                self.close()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._whole) if self._whole is not None else self._answer.stream(SMALL, decode_content=False)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            if self._answer.isclosed():  # type: ignore[attr-defined]
                self._answer.release_conn()
            else:
                self._answer.close()
            self._upstream.leave()


def _request_headers(environ: dict[str, Any]) -> dict[str, str]:
    headers = {name: environ[key] for key, name in PASSED.items() if environ.get(key)}
    given = environ.get("HTTP_X_REQUEST_ID", "")
    headers["X-Request-ID"] = given if _REQUEST_ID.match(given) else str(uuid.uuid4())
    if "traceparent" not in headers:
        headers["traceparent"] = f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"
    return headers


def _target(path: str, query: str) -> str:
    target = quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=~")
    return f"{target}?{quote(query.encode('latin-1'), safe=_QUERY)}" if query else target


_QUERY = "%/?:@!$&'()*+,;=~[]"


def _response_headers(answer: BaseHTTPResponse, base: str, kept_back: frozenset[str]) -> list[tuple[str, str]]:
    named = {name.strip().lower() for name in answer.headers.get("Connection", "").split(",")}
    return [
        # A service names itself in no answer: an absolute Location of its own becomes a path.
        (name, value.removeprefix(base) if name.lower() == "location" else value)
        for name, value in answer.headers.items()
        if name.lower() not in kept_back and name.lower() not in named
    ]


def _adding(start_response: Start, headers: list[tuple[str, str]]) -> Start:
    def start(status: str, given: list[tuple[str, str]], *rest: Any) -> Any:
        return start_response(status, [*given, *headers], *rest)

    return start
