"""Serves a Flask application with gunicorn, configured in one place."""

import resource
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from services.kit import process
from services.kit.settings import Settings

# Every open stream is a connection, and so is every client that says nothing: beyond it nobody else is heard.
MOST_CONNECTIONS = 10_000


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
        return app


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
