"""The real processes: many streams in one process beside quick answers, a broker between, and a prompt end."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psycopg
import pytest

from services.contracts import SUBSCRIPTIONS
from services.kit import migrate
from services.kit.bus.postgres import PostgresPublisher
from services.kit.events import to_message
from services.kit.settings import Settings
from services.kit.testing import actor, bearer, free_port, keys
from tests.conftest import SECRET
from tests.gateway.conftest import PASSWORD, Answer, FakeService, Organisation
from tests.gateway.test_stream import COMMUNITY, ORGANISATION, event

MANAGER = actor("manager", organisation_id=ORGANISATION)


class Processes:
    """A web and a worker process of the gateway, before fakes of the services."""

    def __init__(self, home: Path, settings: Settings, bus_url: str, upstreams: dict[str, str]) -> None:
        (home / "private.pem").write_text(keys()[0])
        (home / "public.pem").write_text(keys()[1])
        self.port = free_port()
        self.environ = {
            **os.environ,
            "GATEWAY_DATABASE_URL": settings.database_url,
            "GATEWAY_WORKER_DATABASE_URL": settings.worker_database_url,
            "GATEWAY_PORT": str(self.port),
            "BUS_DATABASE_URL": bus_url,
            "AMQP_URL": "",
            "DOORSTEP_SECRET": SECRET,
            "DOORSTEP_VERIFY_KEY_FILE": str(home / "public.pem"),
            "DOORSTEP_SIGNING_KEY_FILE": str(home / "private.pem"),
            "DOORSTEP_LOGIN_LIMIT": "1000/minute",
            **{f"{name.upper()}_URL": url for name, url in upstreams.items()},
        }
        self.log = (home / "log").open("ab")
        self.running = {name: self.start(name) for name in ("web", "worker")}

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "gateway", name]
        root = Path(__file__).parents[2]
        return subprocess.Popen(command, env=self.environ, cwd=root, stdout=self.log, stderr=self.log)

    def connect(self) -> http.client.HTTPConnection:
        deadline = time.monotonic() + 20
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                connection.connect()
                return connection
            except OSError:
                assert time.monotonic() < deadline, "the gateway does not listen"
                time.sleep(0.05)

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(20)
        self.log.close()


@pytest.fixture
def processes(
    tmp_path: Path, settings: Settings, bus_database_url: str, services: dict[str, FakeService]
) -> Iterator[Processes]:
    started = Processes(tmp_path, settings, bus_database_url, {name: fake.url for name, fake in services.items()})
    yield started
    started.stop()
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log, log


class Stream:
    """An open stream of a manager over a real connection."""

    def __init__(self, processes: Processes) -> None:
        self._connection = processes.connect()
        who = actor("manager", organisation_id=ORGANISATION)
        self._connection.request("GET", "/api/v1/stream", headers=bearer(who))
        self._response = self._connection.getresponse()
        assert self._response.status == 200
        assert self._response.readline().startswith(b"retry:")

    def next(self) -> dict:
        while not (line := self._response.readline()).startswith(b"data:"):
            assert line != b"", "the stream ended"
        return orjson.loads(line.removeprefix(b"data: "))

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def test_events_reach_many_streams_through_the_broker_and_the_end_is_prompt(
    processes: Processes, bus_database_url: str
) -> None:
    streams = [Stream(processes) for _ in range(30)]
    publisher = PostgresPublisher(bus_database_url, SUBSCRIPTIONS)
    happened = event(community_id=COMMUNITY)
    publisher.publish([to_message(happened)])
    assert {stream.next()["subject"] for stream in streams} == {happened.subject}
    publisher.close()
    connection = processes.connect()
    connection.request("GET", "/api/v1/pool", headers=bearer(MANAGER))
    assert connection.getresponse().read() == b'{"ok": true}'
    connection.close()
    began = time.monotonic()
    processes.running["web"].send_signal(signal.SIGTERM)
    assert processes.running["web"].wait(20) == 0
    assert time.monotonic() - began < 15  # Open streams would hold it for gunicorn's whole grace otherwise.
    for stream in streams:
        stream.close()


def test_slow_clients_and_slow_services_hold_nobody_up(
    processes: Processes, services: dict[str, FakeService], organisation: Organisation
) -> None:
    login = organisation.open()["login"]
    processes.connect().close()
    slow = []
    for _ in range(40):
        half = socket.create_connection(("127.0.0.1", processes.port))
        half.sendall(b"POST /api/v1/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of it")
        slow.append(half)
    release = threading.Event()
    services["surveys"].answer = lambda asked: (release.wait(10), Answer())[1]
    waiting = processes.connect()
    waiting.request("GET", "/api/v1/surveys/x")
    began = time.monotonic()
    connection = processes.connect()
    connection.request("POST", "/api/v1/auth/token", orjson.dumps({"login": login, "password": PASSWORD}), JSON)
    tokens = orjson.loads(connection.getresponse().read())
    assert "access_token" in tokens
    connection.request("GET", "/api/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert connection.getresponse().read().startswith(b"{")
    assert time.monotonic() - began < 3
    assert services["tickets"].asked == []
    release.set()
    assert waiting.getresponse().status == 200
    waiting.close()
    connection.close()
    for half in slow:
        half.close()


def test_smuggled_headers_and_two_lengths_are_refused(processes: Processes, services: dict[str, FakeService]) -> None:
    processes.connect().close()
    for head in (
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Transfer-Encoding: xchunked",
        b"Content-Length: -1",
    ):
        with socket.create_connection(("127.0.0.1", processes.port), timeout=5) as raw:
            raw.sendall(
                b"POST /api/v1/tickets HTTP/1.1\r\nHost: x\r\n"
                + head
                + b"\r\n\r\n0\r\n\r\nGET /api/v1/pool HTTP/1.1\r\n"
                b"Host: x\r\n\r\n"
            )
            raw.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: raw.recv(65536), b""))
        assert answer.split(b" ")[1] in (b"400", b"501"), (head, answer[:200])
    assert [asked for asked in services["tickets"].asked if asked["path"] == "/api/v1/pool"] == []


def test_a_chunked_body_is_passed_on_with_its_length(processes: Processes, services: dict[str, FakeService]) -> None:
    connection = processes.connect()
    connection.request("POST", "/api/v1/tickets", iter([b'{"a":', b" 1}"]), JSON, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert services["tickets"].asked[0]["body"] == b'{"a": 1}'
    assert services["tickets"].asked[0]["headers"]["content-length"] == "8"


def test_a_lost_database_connection_interrupts_no_stream(
    processes: Processes, bus_database_url: str, server_url: str
) -> None:
    stream = Stream(processes)
    with psycopg.connect(migrate.owner_url(server_url, "gateway"), autocommit=True) as database:
        killed = database.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name IN ('gateway-web', 'gateway-worker')"
        ).fetchone()
    assert killed is not None
    assert killed[0] >= 2
    publisher = PostgresPublisher(bus_database_url, SUBSCRIPTIONS)
    happened = event()
    publisher.publish([to_message(happened)])
    publisher.close()
    assert stream.next()["subject"] == happened.subject
    stream.close()


JSON = {"Content-Type": "application/json"}
