"""The people of the stories: they sign in, ask and answer through the gateway, and wait for what must happen."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import urllib3

from doorstep import processes
from doorstep.stack import Stack
from tests.waiting import until

QUICKLY = {
    # The return visit comes at once, whatever the hour is.
    "DOORSTEP_RETURN_VISIT_DELAY": "PT0S",
    "DOORSTEP_RETURN_VISIT_NIGHT": "none",
    # Hundreds of calls come from one address and a handful of people.
    "DOORSTEP_LOGIN_LIMIT": "100000/minute",
    "DOORSTEP_RATE_LIMIT": "1000000/minute",
}


def free_port() -> int:
    """Return a port on which nobody listens now."""
    return next(port for port in random.sample(processes.PORTS, 100) if processes.port_is_free(port))


@dataclass
class Reply:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    def ok(self) -> Any:
        """Return the body of a success."""
        assert 200 <= self.status < 300, (self.status, self.body)
        return self.body


@dataclass
class Person:
    """Somebody signed in."""

    url: str
    login: str
    token: str
    http: urllib3.PoolManager

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send one request below /api/v1."""
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        content = None if body is None else orjson.dumps(body)
        answer = self.http.request(method, f"{self.url}/api/v1{path}", body=content, headers=given)
        kind = answer.headers.get("Content-Type", "")
        return Reply(answer.status, orjson.loads(answer.data) if "json" in kind else answer.data, answer.headers)

    def get(self, path: str) -> Any:
        """Return what is to be read there."""
        return self.ask("GET", path).ok()

    def file(self, description: str, **more: Any) -> dict[str, Any]:
        """File a request and return the ticket."""
        ticket: dict[str, Any] = self.ask("POST", "/tickets", {"description": description, **more}).ok()
        return ticket

    def file_patiently(self, description: str, seconds: float = 60.0) -> dict[str, Any]:
        """File a request while things break: the same key each time, until it is accepted. A 500 is never right."""
        key = f'"{uuid.uuid4()}"'
        body = {"description": description}

        def attempt() -> dict[str, Any] | None:
            try:
                reply = self.ask("POST", "/tickets", body, **{"Idempotency-Key": key})
            except urllib3.exceptions.HTTPError:
                return None
            assert reply.status in (201, 409, 502, 503, 504), (reply.status, reply.body)
            return reply.body if reply.status == 201 else None

        return until(attempt, "filing", seconds)

    def step(self, ticket: Mapping[str, Any], verb: str, **body: Any) -> Reply:
        """Take one step on a ticket."""
        return self.ask("POST", f"/tickets/{ticket['id']}/{verb}", body)

    def notices(self, ticket: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the newest notices about a ticket."""
        return [notice for notice in self.get("/notices?limit=100")["items"] if notice["ticket_id"] == ticket["id"]]

    def hears(self, ticket: Mapping[str, Any], kind: str, times: int = 1) -> dict[str, Any]:
        """Wait until so many notices of this kind arrived about a ticket; return the newest."""

        def look() -> list[dict[str, Any]]:
            found = [notice for notice in self.notices(ticket) if notice["kind"].startswith(kind)]
            return found if len(found) >= times else []

        return until(look, f"{times} × {kind} for {self.login}")[0]


@dataclass
class Desk:
    """The running desk and who signed in there."""

    stack: Stack
    said: list[str]
    http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=256, retries=False, timeout=30.0)
    )
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, login: str, password: str) -> Person:
        """Return somebody signed in; once is enough for a test run."""
        if login not in self.people:
            asked = self.http.request(
                "POST",
                f"{self.stack.url}/api/v1/auth/token",
                body=orjson.dumps({"login": login, "password": password}),
                headers={"Content-Type": "application/json"},
            )
            assert asked.status == 200, asked.data
            token = orjson.loads(asked.data)["access_token"]
            self.people[login] = Person(self.stack.url, login, token, self.http)
        return self.people[login]
