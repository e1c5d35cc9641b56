"""A service that closes a kept connection as the next request comes: what is safe to repeat is repeated, once."""

import io
import socket
import threading
from collections.abc import Iterator

import pytest

from gateway.upstreams import Upstream, connect
from services.kit.errors import Unavailable

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
KEY = {"Idempotency-Key": '"k"'}


class Closing:
    """A server that answers the first request of each connection, and closes it at the second one."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.heard: list[bytes] = []
        self.answers = True
        threading.Thread(target=self._accept, daemon=True).start()

    def paths(self) -> list[bytes]:
        """Return the paths that were asked for; a body may come by itself."""
        return [one.split(b" ")[1] for one in self.heard if b" HTTP/1.1" in one]

    def _accept(self) -> None:
        while True:
            try:
                line, _address = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            for answered in (True, False):
                self.heard.append(line.recv(10_000))
                if not (answered and self.answers):
                    return
                line.sendall(ANSWER)


@pytest.fixture
def closing() -> Iterator[Closing]:
    server = Closing()
    yield server
    server.listening.close()


@pytest.fixture
def upstream(closing: Closing) -> Iterator[Upstream]:
    port = closing.listening.getsockname()[1]
    made = connect({"tickets": f"http://127.0.0.1:{port}"}, connect_seconds=2, read_seconds=10, concurrency=4)[
        "tickets"
    ]
    made.fetch("GET", "/first", {})
    yield made
    made.close()


@pytest.mark.parametrize(
    ("method", "headers", "body"),
    [("GET", {}, None), ("POST", KEY, b"{}"), ("POST", KEY | {"Content-Length": "2"}, io.BytesIO(b"{}"))],
)
def test_what_has_one_effect_or_none_is_sent_again(
    closing: Closing, upstream: Upstream, method: str, headers: dict[str, str], body: bytes | io.BytesIO | None
) -> None:
    assert upstream.fetch(method, "/second", headers, body) == (200, b"ok")
    assert closing.paths() == [b"/first", b"/second", b"/second"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_may_have_been_done_is_left_to_whoever_asked(closing: Closing, upstream: Upstream, method: str) -> None:
    with pytest.raises(Unavailable):
        upstream.fetch(method, "/second", {}, b"{}")
    assert closing.paths() == [b"/first", b"/second"]


def test_a_service_that_never_answers_is_asked_twice_at_most(closing: Closing, upstream: Upstream) -> None:
    closing.answers = False
    with pytest.raises(Unavailable):
        upstream.fetch("GET", "/second", {})
    assert closing.paths() == [b"/first", b"/second", b"/second"]
