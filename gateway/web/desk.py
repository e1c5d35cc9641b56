"""The one way in which pages reach the services: as the person who is signed in, by the public API."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import gevent
import orjson
from cachetools import TTLCache
from flask import current_app, g, request
from urllib3 import encode_multipart_formdata
from urllib3.exceptions import HTTPError
from werkzeug.datastructures import FileStorage, Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from gateway.forward import ANSWER_SECONDS
from gateway.parts import parts
from gateway.routes import table
from gateway.upstreams import Upstream, no_answer
from gateway.web.language import language
from gateway.web.session import signed_in
from services.kit import identity
from services.kit.errors import Unavailable
from services.kit.identity import Actor

API = "/api/v1"
# A token is used again by the requests of some minutes, so that each service checks its signature once.
TOKEN_SECONDS = 300
Answered = tuple[int, Mapping[str, str], bytes]

_tokens: TTLCache[tuple[Actor, str], str] = TTLCache(10_000, TOKEN_SECONDS)


class Told(dict[str, Any]):
    """What a service answered: the JSON object itself, with its status and headers."""

    status: int = 200
    headers: Mapping[str, str] = {}

    @property
    def etag(self) -> str | None:
        """The version, for `if_match`."""
        return self.headers.get("ETag")

    @property
    def after(self) -> str | None:
        """Where the next page of a list begins, for `after=`; None on the last."""
        link = self.headers.get("Link", "")
        return _after(link) if 'rel="next"' in link else None


class Refused(Exception):
    """What a service refused: its status, stable code, sentence in the page's language, and sentences by field."""

    def __init__(self, status: int, problem: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.status = status
        self.code: str = problem.get("code", "unavailable")
        self.sentence: str = problem.get("detail", "")
        self.errors: dict[str, str] = {}
        for error in problem.get("errors", ()):
            self.errors.setdefault(error["field"], error["detail"])
        # Everything else the service says, such as who has the job now.
        self.more = {k: v for k, v in problem.items() if k not in ("type", "title", "detail", "errors", "instance")}
        self.retry_after = headers.get("Retry-After")
        super().__init__(f"{status} {self.code}: {self.sentence}")


class Desk:
    """Asks the services for one request of a browser."""

    def __init__(self, actor: Actor | None) -> None:
        self._actor = actor

    def get(self, path: str, **query: Any) -> Told:
        """Read; what is None in the query is left out, and a list is given as often as it is long. Raises Refused."""
        return _read(*self._ask("GET", _with(path, query), None, {}))

    def post(self, path: str, body: Any = None, *, key: str | None = None, if_match: str | None = None) -> Told:
        """Do something, once however often the form is sent: the key of the form is the Idempotency-Key."""
        key = key or request.form.get("key") or request.headers.get("Idempotency-Key", "").strip('"') or None
        return self._change("POST", path, body if body is not None else {}, if_match, key)

    def patch(self, path: str, body: Any, *, if_match: str | None = None) -> Told:
        """Change something, as it was read where `if_match` is given."""
        return self._change("PATCH", path, body, if_match, None)

    def put(self, path: str, body: Any, *, if_match: str | None = None) -> Told:
        """Set something."""
        return self._change("PUT", path, body, if_match, None)

    def delete(self, path: str, *, if_match: str | None = None) -> Told:
        """Take something away."""
        return self._change("DELETE", path, None, if_match, None)

    def raw(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/json",
        *,
        key: str | None = None,
        **query: Any,
    ) -> Any:
        """Send bytes as they are, such as a multipart form with a photo; returns (status, headers, bytes)."""
        key = key or request.form.get("key")
        headers = {"Content-Type": kind} if body else {}
        if key and method == "POST":
            headers["Idempotency-Key"] = f'"{key}"'
        return self._ask(method, _with(path, query), body or None, headers)

    def upload(self, path: str, field: str, file: FileStorage, *, key: str | None = None, **fields: str) -> Told:
        """Send a file of a page's form on, as whoever is signed in; raises Refused.

        Where a form has several files for one path, each needs a `key` of its own.
        """
        content = (file.filename or field, file.stream.read(), file.mimetype)
        body, kind = encode_multipart_formdata({**fields, field: content})
        return _read(*self.raw("POST", path, body, kind, key=key))

    def several(self, wanted: Mapping[str, str], *, forgiving: bool = False) -> dict[str, Any]:
        """Read several paths at the same time; returns them by the names given.

        With `forgiving`, what a service that is not answering should have said is None, and the page says so.
        """
        tasks = {name: (path, self._headers({})) for name, path in wanted.items()}
        at_work = {
            name: gevent.spawn(_outside, parts().upstreams[_service(path)], "GET", path, headers, None)
            for name, (path, headers) in tasks.items()
            if _service(path) != "gateway"
        }
        found: dict[str, Any] = {}
        for name, (path, headers) in tasks.items():
            try:
                answer = at_work[name].get() if name in at_work else _exchange("GET", path, headers, None)
                found[name] = _read(*answer)
            except (Unavailable, Refused) as problem:
                if not forgiving or (isinstance(problem, Refused) and problem.status < 500):
                    raise
                found[name] = None
        return found

    def _change(self, method: str, path: str, body: Any, if_match: str | None, key: str | None) -> Told:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if if_match:
            headers["If-Match"] = if_match
        if key:
            headers["Idempotency-Key"] = f'"{key}"'
        return _read(*self._ask(method, path, None if body is None else orjson.dumps(body), headers))

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        return _exchange(method, path, self._headers(headers), body)

    def _headers(self, given: dict[str, str]) -> dict[str, str]:
        headers = {"Accept": "application/json", "Accept-Language": language(), "X-Request-ID": g.request_id, **given}
        if self._actor is not None:
            headers["Authorization"] = f"Bearer {token_of(self._actor)}"
        return headers


def desk() -> Desk:
    """Return the desk for whoever is signed in; raises Unauthenticated."""
    return Desk(signed_in())


def public_desk() -> Desk:
    """Return the desk for somebody without an account."""
    return Desk(None)


def token_of(actor: Actor) -> str:
    """Return an access token for an actor, at least ten minutes before its end."""
    key = (actor, parts().settings.signing_key)
    found = _tokens.get(key)
    if found is None:
        found = _tokens[key] = identity.mint(actor, parts().settings.signing_key)
    return found


def _with(path: str, query: Mapping[str, Any]) -> str:
    given = {name.rstrip("_"): value for name, value in query.items() if value is not None}
    return f"{path}{'&' if '?' in path else '?'}{urlencode(given, doseq=True)}" if given else path


def _service(path: str) -> str:
    service = table().service_of(API + path.partition("?")[0])
    if service is None:
        raise ValueError(f"routes.yaml has no route for {path}")
    return service


def _exchange(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answered:
    service = _service(path)
    if service == "gateway":
        return _inside(method, path, headers, body)
    return _outside(parts().upstreams[service], method, path, headers, body)


def _outside(upstream: Upstream, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answered:
    with upstream.place(), gevent.Timeout(ANSWER_SECONDS, no_answer()):
        answer = upstream.send(method, API + path, headers, body)
        try:
            return answer.status, answer.headers, answer.read()
        except (HTTPError, OSError) as problem:
            raise no_answer() from problem
        finally:
            answer.release_conn()


def _inside(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answered:
    """Ask the gateway's own API within the process: the same routes, checks and limits as from outside."""
    # What is open to anybody is counted by where the browser is.
    noted = ("REMOTE_ADDR", "HTTP_X_FORWARDED_FOR")
    near: dict[str, Any] = {name: request.environ[name] for name in noted if name in request.environ}
    given = Headers(list(headers.items()))
    builder = EnvironBuilder(path=API + path, method=method, headers=given, data=body or b"", environ_base=near)
    answer = Response.from_app(current_app.wsgi_app, builder.get_environ(), buffered=True)
    return answer.status_code, dict(answer.headers), answer.get_data()


def _read(status: int, headers: Mapping[str, str], body: bytes) -> Told:
    try:
        content = orjson.loads(body) if body and "json" in headers.get("Content-Type", "") else {}
    except orjson.JSONDecodeError as problem:
        raise no_answer() from problem
    if status >= 400:
        raise Refused(status, content, headers)
    told = Told(content if isinstance(content, dict) else {"items": content})
    told.status, told.headers = status, headers
    return told


def _after(link: str) -> str | None:
    address = link.partition("<")[2].partition(">")[0]
    return next(iter(parse_qs(urlsplit(address).query).get("after", [])), None)
