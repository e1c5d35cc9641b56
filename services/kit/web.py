"""Serves a Flask application with gunicorn, configured in one place."""

import resource
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import ParseException

from services.kit import process
from services.kit.settings import Settings

# Every open stream is a connection, and so is every client that says nothing: beyond it nobody else is heard.
MOST_CONNECTIONS = 10_000
# A thread waits so long for the next piece of a body that nobody wants. Bodies of less than a piece gunicorn drops.
PIECE_SECONDS = 5.0
PIECE_BYTES = 64 * 1024


def allow_open_files(wanted: int) -> None:
    """Let this process open `wanted` files, or as many as it may: a connection is a file, and usually 1024 are open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Server(BaseApplication):
    def __init__(self, make_app: Any, options: dict[str, Any]) -> None:
        self._make_app = make_app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for key, value in self._options.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        app: Flask = self._make_app()
        if self._options["worker_class"] == "gthread":
            app.wsgi_app = reading_to_the_end(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"])  # type: ignore[method-assign]
        return app


def reading_to_the_end(answer: Callable[..., Iterable[bytes]], most: int) -> Callable[..., Iterable[bytes]]:
    """Let every body of up to `most` bytes be read to its end, also where the answer was a refusal at first sight.

    Threads of gunicorn drop less than 64 KiB that the application left unread. With more they close the connection
    that their answer said to keep, and the next request on it gets no answer.
    """

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        pieces = answer(environ, start_response)
        _drop_body(environ, most)
        return pieces

    return application


def _drop_body(environ: dict[str, Any], most: int) -> None:
    if int(environ.get("CONTENT_LENGTH") or 0) < PIECE_BYTES and "HTTP_TRANSFER_ENCODING" not in environ:
        return
    line, dropped = environ["gunicorn.socket"], 0
    before = line.gettimeout()
    line.settimeout(PIECE_SECONDS)
    try:
        while dropped <= most and (piece := environ["wsgi.input"].read(PIECE_BYTES)):
            dropped += len(piece)
    except (OSError, ParseException):
        pass  # The sender stalled, left or sent nonsense; gunicorn knows that reading failed and closes the connection.
    finally:
        # Sending would have to be over within it: a reader may take as long as it needs.
        line.settimeout(before)


def serve(settings: Settings, make_app: Any, *, worker_class: str, threads: int = 1) -> None:
    """Serve until SIGTERM; then finish what is under way within 15 s. The application is made after the fork."""
    allow_open_files(MOST_CONNECTIONS + 1000)
    _Server(
        make_app,
        {
            "bind": f"{settings.host}:{settings.port}",
            "worker_class": worker_class,
            "workers": 1,
            "threads": threads,
            "worker_connections": MOST_CONNECTIONS,
            "timeout": 60,
            "graceful_timeout": 15,
            "keepalive": 75,
            "max_requests": 0,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "proc_name": f"doorstep-{settings.service}",
            # The control socket is on by default in gunicorn 27; nothing here uses it.
            "control_socket_disable": True,
            "limit_request_line": 8190,
            "post_worker_init": lambda _worker: process.set_up(settings.service, "web"),
        },
    ).run()
