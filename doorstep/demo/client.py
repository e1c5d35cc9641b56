"""A person's way to the desk: one keep-alive client, a token, and patience that never does a thing twice."""

import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import urllib3

# A killed database is back within seconds; who still gets no answer after this long found a defect.
PATIENCE_SECONDS = 90.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0
# An unexpected error (500) may come of what was killed just then, but not again and again.
MOST_FAULTS = 5
# What may be tried again: too many requests, and every way of saying that somebody is not there just now.
PASSING = (429, 502, 503, 504)


_ID = re.compile(r"(?<=/)[0-9a-f-]{36}|(?<=/surveys/).*")


class NoAnswer(Exception):
    """The desk gave no final answer within the patience of a client, or one that nobody may give."""


class Refused(Exception):
    """The desk refused what the demo counted on."""


@dataclass(frozen=True)
class Reply:
    """A final answer."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return self.status < 300

    def wanted(self) -> dict[str, Any]:
        """Return the body of a success; raises Refused with the problem otherwise."""
        if not self.ok:
            raise Refused(f"{self.status} {self.body.get('detail') or self.body}")
        return self.body


@dataclass
class Door:
    """The desk's public door, shared by everybody: its connections, and what went wrong on the way."""

    url: str
    stop: threading.Event
    http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(
            maxsize=64, retries=False, timeout=urllib3.Timeout(connect=2.0, read=40.0)
        )
    )
    tries: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        """Count a try that was not answered for good, by what came instead."""
        with self.lock:
            self.tries[what] += 1

    def fault(self, what: str) -> None:
        """Note an answer that is a defect whatever was killed."""
        with self.lock:
            self.faults[what] += 1


class Client:
    """One person at the desk. Safe to use from several threads."""

    def __init__(self, door: Door, login: str, password: str) -> None:
        self._door = door
        self.login = login
        self._password = password
        self._lock = threading.Lock()
        self._tokens: dict[str, Any] = {}
        self.id = ""

    def sign_in(self) -> "Client":
        """Sign in and learn who one is."""
        self.id = self.get("/me").wanted()["id"]
        return self

    def get(self, path: str) -> Reply:
        """Read."""
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> Reply:
        """Do something once: whatever becomes of the first try, the others carry its Idempotency-Key."""
        return self.call("POST", path, {} if body is None else body, str(uuid.uuid4()))

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> Reply:
        """Send until there is a final answer; raises NoAnswer when patience ends."""
        sent = orjson.dumps(body) if body is not None else None
        deadline, pause, tries, faults = time.monotonic() + PATIENCE_SECONDS, FIRST_PAUSE_SECONDS, 0, 0
        while True:
            token = self._token()
            tries += 1
            reply = self._try(method, path, sent, key, token)
            if reply is not None and reply.status == 401 and tries < 100:
                self._renew(token)
            elif reply is not None and not _passing(reply, tries):
                return reply
            faults += reply is not None and reply.status == 500
            if time.monotonic() > deadline or self._door.stop.is_set() or faults >= MOST_FAULTS:
                last = "no connection" if reply is None else f"{reply.status} {reply.body.get('detail', '')}"
                raise NoAnswer(f"{method} {path} by {self.login}: after {tries} tries still {last}")
            if reply is None or reply.status != 401:
                asked = float(reply.headers.get("Retry-After", 0)) if reply else 0.0
                self._door.stop.wait(min(max(pause, asked), LONGEST_PAUSE_SECONDS))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _try(self, method: str, path: str, body: bytes | None, key: str | None, token: str | None) -> Reply | None:
        headers = {"Accept-Language": "en"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = f'"{key}"'
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            answer = self._door.http.request(method, f"{self._door.url}/api/v1{path}", body=body, headers=headers)
        except urllib3.exceptions.HTTPError as problem:
            self._door.note(type(problem).__name__)
            return None
        try:
            read = orjson.loads(answer.data) if answer.data else {}
        except orjson.JSONDecodeError:
            read = {"detail": answer.data[:200].decode(errors="replace")}
        if answer.status >= 500 and answer.status not in PASSING:
            self._door.fault(f"{method} {_ID.sub('…', path)} was answered {answer.status}")
        if answer.status in PASSING or answer.status >= 500:
            self._door.note(str(answer.status))
        return Reply(answer.status, read, answer.headers)

    def _token(self) -> str | None:
        with self._lock:
            if not self._tokens:
                self._tokens = self._exchange("/auth/token", {"login": self.login, "password": self._password})
            return str(self._tokens["access_token"])

    def _renew(self, refused: str | None) -> None:
        """Exchange the refresh token, once for all threads that were refused with the same access token."""
        with self._lock:
            if self._tokens.get("access_token") == refused:
                renewed = self._try_exchange("/auth/refresh", {"refresh_token": self._tokens["refresh_token"]})
                self._tokens = renewed or {}

    def _exchange(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (tokens := self._try_exchange(path, body)):
            if time.monotonic() > deadline or self._door.stop.is_set():
                raise NoAnswer(f"{self.login} could not sign in")
            self._door.stop.wait(LONGEST_PAUSE_SECONDS / 4)
        return tokens

    def _try_exchange(self, path: str, body: Mapping[str, str]) -> dict[str, Any] | None:
        reply = self._try("POST", path, orjson.dumps(body), None, None)
        return reply.body if reply is not None and reply.ok else None


def _passing(reply: Reply, tries: int) -> bool:
    """True for what the same request may be answered differently later.

    A second try that meets its first still at work is told so with a conflict that names neither owner nor status.
    """
    if reply.status in PASSING or reply.status >= 500:
        return True
    return tries > 1 and reply.status == 409 and not {"owner", "status_now", "state"} & reply.body.keys()
