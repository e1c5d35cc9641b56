"""Takes the body of a request in hand, whole and within a time, before anybody who answers is bothered with it."""

from tempfile import SpooledTemporaryFile
from typing import IO, Any

import gevent
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

SMALL = 64 * 1024
# Larger bodies wait in a file.
READ_AHEAD = 1024 * 1024
BODY_SECONDS = 60.0


class Body:
    """A request body in hand: bytes, or a file rewound to its start; `size` None means there is none."""

    def __init__(self, content: bytes | IO[bytes] | None, size: int | None) -> None:
        self.content = content
        self.size = size

    def __enter__(self) -> "Body":
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.content is not None and not isinstance(self.content, bytes):
            self.content.close()


def read_body(environ: dict[str, Any], most: int) -> Body:
    """Read the body whole before a service is bothered: a slow phone then holds none of its threads."""
    length = environ.get("CONTENT_LENGTH") or ""
    chunked = bool(environ.get("wsgi.input_terminated")) or environ.get("HTTP_TRANSFER_ENCODING", "") != ""
    if not length and not chunked:
        return Body(None, 0 if environ["REQUEST_METHOD"] in ("POST", "PUT", "PATCH") else None)
    if length and not length.isdigit():
        raise BadRequest("Content-Length is not a number.")
    if length and int(length) > most:
        raise RequestEntityTooLarge(f"The body is larger than the {most} bytes allowed here.")
    with gevent.Timeout(BODY_SECONDS, RequestTimeout("The body did not arrive in time.")):
        if length and int(length) <= SMALL:
            content = environ["wsgi.input"].read(int(length))
            if len(content) != int(length):
                raise BadRequest("The body ended early.")
            return Body(content, len(content))
        return _spool(environ["wsgi.input"], int(length) if length else None, most)


def _spool(source: IO[bytes], length: int | None, most: int) -> Body:
    file: Any = SpooledTemporaryFile(READ_AHEAD)  # noqa: SIM115 (closed by Body)
    try:
        size = _copy(source, file, length, most)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return Body(file, size)


def _copy(source: IO[bytes], file: IO[bytes], length: int | None, most: int) -> int:
    size = 0
    while length is None or size < length:
        piece = source.read(SMALL if length is None else min(SMALL, length - size))
        if not piece:
            break
        size += len(piece)
        if size > most:
            raise RequestEntityTooLarge(f"The body is larger than the {most} bytes allowed here.")
        file.write(piece)
    if length is not None and size != length:
        raise BadRequest("The body ended early.")
    return size
