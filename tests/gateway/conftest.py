"""A gateway on a real database, and small real HTTP servers in the place of the services behind it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from gateway import models
from gateway.app import make_app
from gateway.commands.accounts import open_account, open_organisation
from gateway.feed import Announcer
from gateway.handlers import handling
from gateway.limits import Limit
from gateway.settings import GatewaySettings
from services.kit import testing
from services.kit.events import Event
from services.kit.settings import Settings
from tests.conftest import engines

PASSWORD = "right-and-long"


@dataclass
class Answer:
    """What a fake service answers."""

    status: int = 200
    body: bytes = b'{"ok": true}'
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class QuietServer(ThreadingHTTPServer):
    """A gateway that gives a connection up is not an error of the fake's."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


class FakeService:
    """A real HTTP server with keep-alive; keeps what it was asked and answers what `answer` says."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], Answer] = lambda _asked: Answer()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = {
                    "method": self.command,
                    "path": self.path,
                    "headers": {k.lower(): v for k, v in self.headers.items()},
                    "body": body,
                    "peer": self.client_address,
                }
                fake.asked.append(asked)
                answer = fake.answer(asked)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in answer.headers and answer.status != 204:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Close its socket."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def json_answer(payload: object, status: int = 200, **headers: str) -> Answer:
    """Return a JSON answer."""
    return Answer(status, orjson.dumps(payload), {"Content-Type": "application/json", **headers})


@pytest.fixture(scope="session")
def settings(fresh_database: Callable[[str], None], service_settings: Callable[..., Settings]) -> Settings:
    """Return the common settings on a database built by the migrations."""
    fresh_database("gateway")
    return service_settings("gateway")


@pytest.fixture(scope="session")
def both_engines(settings: Settings) -> Iterator[tuple[Engine, Engine]]:
    """Return the web and the worker engine."""
    yield from engines(settings)


@pytest.fixture(scope="session")
def web(both_engines: tuple[Engine, Engine]) -> Engine:
    """Return the engine under row-level security."""
    return both_engines[0]


@pytest.fixture(scope="session")
def worker(both_engines: tuple[Engine, Engine]) -> Engine:
    """Return the engine that sees all tenants."""
    return both_engines[1]


@pytest.fixture
def services() -> Iterator[dict[str, FakeService]]:
    """Return a fake of each service, fresh for the test."""
    fakes = {name: FakeService() for name in ("tickets", "notify", "surveys")}
    yield fakes
    for fake in fakes.values():
        fake.stop()


def gateway_settings(settings: Settings, upstreams: dict[str, str], **changes: Any) -> GatewaySettings:
    """Return settings with short time-outs and limits that do not bother a test."""
    values: dict[str, Any] = {
        "kit": settings,
        "signing_key": testing.keys()[0],
        "upstreams": upstreams,
        "login_limit": Limit(1000, 60),
        "rate_limit": Limit(10000, 60),
        "trusted_proxies": 0,
        "connect_seconds": 0.5,
        # A machine that is busy with other tests may take its time; who means a slow service says so.
        "read_seconds": 5.0,
    }
    return GatewaySettings(**(values | changes))


@pytest.fixture
def build(settings: Settings, services: dict[str, FakeService]) -> Iterator[Callable[..., Flask]]:
    """Return a function that makes an application in front of the fakes, with changed settings."""
    made: list[Flask] = []

    def make(**changes: Any) -> Flask:
        urls = {name: fake.url for name, fake in services.items()}
        app = make_app(gateway_settings(settings, urls, **changes))
        made.append(app)
        return app

    yield make
    for app in made:
        parts, service = app.extensions["gateway"], app.extensions["doorstep"]
        if "feed" in vars(parts):
            parts.feed.close()
            parts.feed.join()
        for upstream in parts.upstreams.values():
            upstream.close()
        service.close()


@pytest.fixture
def app(build: Callable[..., Flask]) -> Flask:
    """Return an application in front of the fakes."""
    return build()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of the application."""
    return app.test_client()


@dataclass
class Organisation:
    """A fresh organisation and how to open accounts in it."""

    id: str
    engine: Engine

    def open(self, role: str = "resident", **changes: Any) -> dict[str, Any]:
        """Open an account with the tests' password; returns its row."""
        values: dict[str, Any] = {
            "organisation_id": self.id,
            "login": f"{role}-{testing.fresh()[-12:]}",
            "password": PASSWORD,
            "role": role,
            "badge": None if role == "resident" else f"{role} 1",
        }
        with self.engine.begin() as db:
            return open_account(db, **(values | changes))


@pytest.fixture
def organisation(worker: Engine) -> Organisation:
    """Return a fresh organisation."""
    with worker.begin() as db:
        return Organisation(open_organisation(db, name="某物业", locale="zh-CN"), worker)


@pytest.fixture
def other_organisation(worker: Engine) -> Organisation:
    """Return another one."""
    with worker.begin() as db:
        return Organisation(open_organisation(db, name="别家物业", locale="zh-CN"), worker)


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD) -> dict[str, Any]:
    """Sign in and return the tokens."""
    answer = client.post("/api/v1/auth/token", json={"login": login, "password": password})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    """Return the headers of a signed-in client."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@pytest.fixture
def happen(worker: Engine) -> Iterator[Callable[..., list[int]]]:
    """Return a function that takes events in as the worker does, announced after the commit; it returns their ids."""
    announcer, stop = Announcer(worker), threading.Event()
    thread = threading.Thread(target=announcer.run, args=(stop,))
    thread.start()
    handle = handling(announcer.written)

    def take_in(*events: Event) -> list[int]:
        with worker.begin() as db:
            handle(db, events)
        with worker.connect() as db:
            newest = select(models.stream_events.c.id).order_by(models.stream_events.c.id.desc()).limit(len(events))
            return sorted(db.execute(newest).scalars())

    yield take_in
    stop.set()
    thread.join()
