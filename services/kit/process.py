"""What every process does: JSON logs, signals, loops that run for ever with back-off, health and metrics."""

import ctypes
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import Counter, make_wsgi_app

from services.kit.settings import SettingsError

log = structlog.get_logger()

FAILURES = Counter("doorstep_loop_failures_total", "Times a background loop failed and was restarted.", ["loop"])

# Without the frames' variables: they hold passwords, keys, link tokens and what people wrote.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))

Loop = Callable[[threading.Event], None]
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STOP_SECONDS = 15.0


def set_up(service: str, process: str) -> None:
    """Configure JSON logs on stderr, tracing, and the promise to die with our parent."""
    _die_with_parent()
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())

    def add_origin(_logger: Any, _name: str, event: Any) -> Any:
        # Not a context variable: threads begin with an empty context, and a request clears its own.
        return {"service": service, "process": process, **event}

    shared: list[Any] = [
        add_origin,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    structlog.configure(
        processors=[
            *shared,
            _TRACEBACKS,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _TRACEBACKS,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # The library reports one lost connection in seven errors; BusDown carries the reason once.
    logging.getLogger("pika").setLevel(logging.CRITICAL)


def _add_trace(_logger: Any, _name: str, event: Any) -> Any:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
    return event


def _die_with_parent() -> None:
    """Ask Linux for SIGTERM when the supervisor dies, so that a killed supervisor leaves no orphan."""
    if sys.platform == "linux" and os.environ.get("DOORSTEP_SUPERVISED"):
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM)


def run_named(module: str, processes: Mapping[str, Callable[[], None]]) -> None:
    """Run the process of `module` (`services.tickets`) that the command line names; exits with what is wrong."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in processes:
        sys.exit(f"usage: python -m {module} {'|'.join(processes)}")
    set_up(module.rpartition(".")[2], name)
    try:
        processes[name]()
    except SettingsError as refusal:
        sys.exit(str(refusal))


def run_loops(loops: Mapping[str, Loop], *, ready: Callable[[], bool], health_port: int) -> None:
    """Run each loop in a thread of its own until SIGTERM or SIGINT; blocks.

    A loop that raises is logged, counted and started again after a growing pause. Loops hold their own
    connections, so a restart begins from clean ones.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = [
        threading.Thread(target=_keep_running, args=(name, loop, stop), name=name, daemon=True)
        for name, loop in loops.items()
    ]
    server = _serve_health(health_port, ready) if health_port else None
    for thread in threads:
        thread.start()
    log.info("process.started", loops=sorted(loops))
    while not stop.wait(0.25):  # A signal is only handled between two waits.
        pass
    for thread in threads:
        thread.join(STOP_SECONDS)
    if server is not None:
        server.shutdown()
        server.server_close()
    log.info("process.stopped", unfinished=[thread.name for thread in threads if thread.is_alive()])


def _keep_running(name: str, loop: Loop, stop: threading.Event) -> None:
    pause = FIRST_PAUSE_SECONDS
    structlog.contextvars.bind_contextvars(loop=name)
    while not stop.is_set():
        began = time.monotonic()
        try:
            loop(stop)
        except Exception:
            if time.monotonic() - began > LONGEST_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS  # It had worked for a while: this is a new trouble.
            FAILURES.labels(name).inc()
            log.error("loop.failed", retry_in=pause, exc_info=True)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def every(seconds: float, step: Callable[[], object]) -> Loop:
    """Return a loop that runs `step` again and again, `seconds` apart."""

    def loop(stop: threading.Event) -> None:
        while not stop.is_set():
            step()
            stop.wait(seconds)

    return loop


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    """One thread per request: a client that connects and says nothing must not hold up the health check."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:
        """Health checks are not news."""


def _serve_health(port: int, ready: Callable[[], bool]) -> WSGIServer:
    metrics = make_wsgi_app()

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return metrics(environ, start_response)
        good = {"/healthz": lambda: True, "/readyz": ready}.get(path)
        status = "404 Not Found" if good is None else "200 OK" if good() else "503 Service Unavailable"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [status[4:].encode()]

    host = os.environ.get("DOORSTEP_METRICS_HOST", "127.0.0.1")
    server = make_server(host, port, answer, server_class=_ThreadingServer, handler_class=_QuietHandler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
