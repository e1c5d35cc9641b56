"""Real processes of the demo: a request's trace and correlation travel to the far end; health, metrics, logs, stop."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import kit_demo
import pika
import pytest
import urllib3
from sqlalchemy import Engine, select

from services.kit import process
from services.kit.settings import Settings
from services.kit.testing import actor, bearer, free_port, keys
from tests.waiting import until

HERE = Path(__file__).parent
http = urllib3.PoolManager(retries=False, timeout=5)


class Running:
    """A process, its address and its log."""

    def __init__(self, script: str, port: int, log: Path, *arguments: str, **environ: str) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.log = log
        paths = os.pathsep.join([str(HERE), str(HERE.parents[1])])
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / script), *arguments],
                stderr=file,
                stdout=file,
                env={**os.environ, "PYTHONPATH": paths, **environ},
            )

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return http.request("GET", self.address + path, headers=headers)

    def is_ready(self) -> bool:
        try:
            return self.get("/readyz").status == 200
        except (urllib3.exceptions.HTTPError, OSError):
            return False  # Not listening yet.

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=25)


@pytest.fixture
def running_worker(demo_settings: Settings, worker: Engine, amqp_url: str, tmp_path: Path) -> Iterator[Running]:
    port = free_port()
    arguments = (demo_settings.worker_database_url, str(port))
    one = Running("kit_worker.py", port, tmp_path / "worker.log", *arguments, KIT_AMQP_URL=amqp_url)
    until(one.is_ready)
    yield one
    if one.process.poll() is None:
        one.stop()
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        connection.channel().queue_delete(f"doorstep.{kit_demo.SERVICE}")


@pytest.fixture
def running_web(demo_settings: Settings, worker: Engine, tmp_path: Path) -> Iterator[Running]:
    port = free_port()
    arguments = (demo_settings.database_url, str(port), keys()[1])
    one = Running("kit_web.py", port, tmp_path / "web.log", *arguments)
    until(one.is_ready)
    yield one
    if one.process.poll() is None:
        one.stop()


TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_trace_and_correlation_travel_from_the_request_to_the_answer_of_the_answer(
    running_web, running_worker, worker: Engine
):
    answer = http.request(
        "POST",
        running_web.address + "/parcels",
        json={"words": "ping"},
        headers={
            **bearer(actor()),
            "X-Request-ID": "request-of-a-test",
            "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
        },
    )
    assert answer.status == 201, answer.data
    assert answer.headers["X-Request-ID"] == "request-of-a-test"

    def rows() -> list:
        with worker.connect() as connection:
            query = select(kit_demo.outbox_table).where(kit_demo.outbox_table.c.published_at.is_not(None))
            return list(connection.execute(query.order_by(kit_demo.outbox_table.c.id)).all())

    until(lambda: len(rows()) == 2)
    asked, answered = rows()
    assert [asked.data["words"], answered.data["words"]] == ["ping", "pong"]
    assert {asked.correlation_id, answered.correlation_id} == {"request-of-a-test"}
    assert {asked.traceparent[3:35], answered.traceparent[3:35]} == {TRACE}
    until(lambda: len([line for line in running_worker.lines() if line["event"] == "parcel.heard"]) == 2)
    for line in (line for line in running_worker.lines() if line["event"] == "parcel.heard"):
        assert line["correlation_id"] == "request-of-a-test"
        assert line["trace_id"] == TRACE
        assert (line["service"], line["process"], line["loop"]) == (kit_demo.SERVICE, "worker", "consume")


def test_a_web_process_logs_json_with_request_and_trace(running_web):
    answer = http.request(
        "POST",
        running_web.address + "/parcels",
        json={"words": "crash"},
        headers={**bearer(actor()), "X-Request-ID": "request-that-crashes"},
    )
    assert answer.status == 500
    (line,) = [line for line in running_web.lines() if line["event"] == "http.unexpected"]
    assert line["request_id"] == line["correlation_id"] == "request-that-crashes"
    assert len(line["trace_id"]) == 32
    assert line["level"] == "error"
    assert line["timestamp"].endswith("Z")
    assert "ZeroDivisionError" in json.dumps(line["exception"])


@pytest.mark.parametrize("size", [100, 100_000, 250_000])
def test_a_connection_outlives_a_body_that_was_refused_unread(running_web, size):
    kept = HTTPConnection(running_web.address.removeprefix("http://"), timeout=30)
    for _ in range(3):
        kept.request("POST", "/nowhere", b"x" * size)
        refused = kept.getresponse()
        assert (refused.status, refused.getheader("Connection")) == (405, "keep-alive")
        refused.read()
        kept.request("GET", "/healthz")
        assert kept.getresponse().read() == b'{"status":"ok"}\n'
    kept.close()


def test_a_body_that_stays_away_is_not_waited_for_and_its_connection_is_closed(running_web):
    with socket.create_connection(("127.0.0.1", int(running_web.address.rpartition(":")[2])), timeout=60) as line:
        line.sendall(b"POST /nowhere HTTP/1.1\r\nHost: desk\r\nContent-Length: 200000\r\n\r\nxx")
        heard = b""
        while piece := line.recv(10_000):
            heard += piece
    assert heard.startswith(b"HTTP/1.1 405 ")


def test_a_web_process_tells_its_health_and_figures_and_stops_when_asked(running_web):
    assert running_web.get("/healthz").status == 200
    assert b"doorstep_http_requests_total" in running_web.get("/metrics").data
    assert running_web.stop() == 0


def test_a_worker_tells_its_health_and_figures_even_while_a_client_says_nothing(running_worker):
    host, port = running_worker.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))):
        assert running_worker.get("/healthz").status == 200
        assert running_worker.get("/nothing").status == 404
        metrics = until(lambda: b'doorstep_loop_failures_total{loop="broken"}' in running_worker.get("/metrics").data)
    assert metrics
    assert running_worker.stop() == 0
    stopped = [line for line in running_worker.lines() if line["event"] == "process.stopped"]
    assert stopped[0]["unfinished"] == []


def test_a_loop_that_fails_is_logged_and_tried_again_less_and_less_often(running_worker):
    until(lambda: len([line for line in running_worker.lines() if line["event"] == "loop.failed"]) >= 3)
    failed = [line for line in running_worker.lines() if line["event"] == "loop.failed"]
    assert [line["retry_in"] for line in failed[:3]] == [0.2, 0.4, 0.8]
    assert "fails for ever" in json.dumps(failed[0]["exception"])


def test_a_worker_without_a_broker_stays_up_and_says_once_why(demo_settings, worker, tmp_path):
    port = free_port()
    arguments = (demo_settings.worker_database_url, str(port))
    one = Running("kit_worker.py", port, tmp_path / "worker.log", *arguments, KIT_AMQP_URL="amqp://a:b@127.0.0.1:9/x")
    until(one.is_ready)
    until(lambda: any(line["event"] == "loop.failed" and line["loop"] == "relay" for line in one.lines()))
    assert one.get("/healthz").status == 200
    assert not any("Socket failed to connect" in line["event"] for line in one.lines())
    assert one.stop() == 0


def test_a_step_is_repeated_until_stop():
    stop, steps = threading.Event(), []

    def step() -> None:
        steps.append(1)
        if len(steps) == 3:
            stop.set()

    process.every(0.001, step)(stop)
    assert len(steps) == 3


def test_a_process_may_open_a_file_for_every_connection_it_serves() -> None:
    code = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (256, r.getrlimit(r.RLIMIT_NOFILE)[1]));"
        "from services.kit.web import allow_open_files; allow_open_files(1500);"
        "print(*r.getrlimit(r.RLIMIT_NOFILE))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parents[1])
    soft, hard = map(int, said.stdout.split())
    assert soft == 1500 or soft == hard
