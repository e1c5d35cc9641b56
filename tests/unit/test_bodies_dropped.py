"""A body that nobody read is read to its end, within bounds, and the connection is left as it was."""

import io
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from gunicorn.http.errors import InvalidChunkSize

from services.kit.web import PIECE_BYTES, reading_to_the_end

MOST = 10 * PIECE_BYTES


class Failing(io.BytesIO):
    """A body that ends in an error after its first piece."""

    def __init__(self, content: bytes, error: Exception) -> None:
        super().__init__(content)
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise self.error
        return super().read(size)


@pytest.fixture
def line() -> Iterator[socket.socket]:
    near, far = socket.socketpair()
    with near, far:
        yield near


def answered(line: socket.socket, body: io.BytesIO, **more: str) -> list[bytes]:
    """Return what is answered by an application that reads nothing."""
    environ: dict[str, Any] = {"gunicorn.socket": line, "wsgi.input": body, **more}
    return list(reading_to_the_end(lambda _environ, _start: [b"no"], MOST)(environ, lambda *_: None))


@pytest.mark.parametrize("timeout", [None, 60.0])
@pytest.mark.parametrize("more", [{"CONTENT_LENGTH": "200000"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_it_is_read_and_who_takes_the_answer_slowly_is_waited_for_as_before(
    line: socket.socket, timeout: float | None, more: dict[str, str]
) -> None:
    line.settimeout(timeout)
    body = io.BytesIO(b"x" * 200_000)
    assert answered(line, body, **more) == [b"no"]
    assert body.tell() == 200_000
    assert line.gettimeout() == timeout


def test_what_is_longer_than_anybody_may_send_is_left(line: socket.socket) -> None:
    body = io.BytesIO(b"x" * 3 * MOST)
    assert answered(line, body, CONTENT_LENGTH=str(3 * MOST)) == [b"no"]
    assert MOST < body.tell() <= MOST + PIECE_BYTES


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), InvalidChunkSize(b"z")])
def test_the_answer_goes_out_where_reading_fails(line: socket.socket, error: Exception) -> None:
    body = Failing(b"x" * 200_000, error)
    assert answered(line, body, CONTENT_LENGTH="200000") == [b"no"]
    assert line.gettimeout() is None
