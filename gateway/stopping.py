"""Ends a web process promptly: idle keep-alive connections and open streams do not hold it until its grace is over."""

import os
import signal
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import gevent
from flask import Flask
from werkzeug.wsgi import ClosingIterator

LOOK_AGAIN_SECONDS = 0.05


class Busy:
    """Counts the requests that are being answered."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self.count = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request; it is over when the server closes the answer."""
        self.count += 1
        try:
            return ClosingIterator(self._app(environ, start_response), self._done)
        except BaseException:
            self._done()
            raise

    def _done(self) -> None:
        self.count -= 1


def stopping_promptly(app: Flask) -> Flask:
    """Let SIGTERM end the streams, wait for what is under way, and then quit.

    The server by itself waits for its whole grace as long as any client keeps a connection open.
    """
    busy = Busy(app.wsgi_app)
    app.wsgi_app = busy  # type: ignore[method-assign]
    feed = app.extensions["gateway"].feed
    before: Any = signal.getsignal(signal.SIGTERM)

    def leave() -> None:
        feed.close()
        while busy.count:
            gevent.sleep(LOOK_AGAIN_SECONDS)
        os.kill(os.getpid(), signal.SIGQUIT)

    def stop(number: int, frame: FrameType | None) -> None:
        # Blocking calls are not for a signal handler: it runs inside the loop that would have to serve them.
        gevent.spawn(leave)
        before(number, frame)

    signal.signal(signal.SIGTERM, stop)
    return app
