"""Builds a service's Flask application from its blueprints."""

import copy
import json
import re
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from flask_smorest import Api, Blueprint
from opentelemetry import context as tracing
from opentelemetry import propagate, trace
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from sqlalchemy import Connection, Engine, Table, text
from webargs import flaskparser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from services.kit.database import make_engine, transaction
from services.kit.http import problems
from services.kit.http.access import PUBLIC, declared, guard, public
from services.kit.identity import current_actor
from services.kit.outbox import Waker
from services.kit.settings import Settings

REQUESTS = Counter("doorstep_http_requests_total", "Requests answered.", ["service", "endpoint", "status"])
SECONDS = Histogram("doorstep_http_seconds", "Time to answer, in seconds.", ["service", "endpoint"])

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
JSON_LIMIT_BYTES = 256 * 1024
# As many as the most threads a web process has.
CONNECTIONS = 8


class Service:
    """What views reach through the application: settings, and an engine made on first use, after any fork."""

    def __init__(self, settings: Settings, idempotency: Table | None) -> None:
        self.settings = settings
        self._table = idempotency
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._waker: Waker | None = None
        self._waking: Engine | None = None

    @property
    def idempotency(self) -> Table:
        """The table of answers already given."""
        if self._table is None:
            raise RuntimeError("this service writes nothing")
        return self._table

    @property
    def engine(self) -> Engine:
        """The web role's engine."""
        with self._lock:
            if self._engine is None:
                name = f"{self.settings.service}-web"
                self._engine = make_engine(self.settings.database_url, pool_size=CONNECTIONS, name=name)
            return self._engine

    @property
    def waker(self) -> Waker:
        """Wakes the relay after a commit."""
        with self._lock:
            if self._waker is None:
                name = f"{self.settings.service}-waker"
                self._waking = make_engine(self.settings.database_url, pool_size=1, name=name)
                self._waker = Waker(self._waking)
            return self._waker

    def close(self) -> None:
        """Give back what was opened, so that a test or a stopping process leaves no connection behind."""
        if self._waker is not None and self._waking is not None:
            self._waker.close()
            self._waking.dispose()
        if self._engine is not None:
            self._engine.dispose()


def current_service() -> Service:
    """Return the service whose request is being answered."""
    service: Service = current_app.extensions["doorstep"]
    return service


def scoped() -> AbstractContextManager[Connection]:
    """Open a transaction in the caller's scope, for reading."""
    return transaction(current_service().engine, current_actor())


def create_app(
    settings: Settings,
    blueprints: Sequence[Blueprint],
    *,
    title: str,
    idempotency: Table | None = None,
    body_limit: int = JSON_LIMIT_BYTES,
    prefix: str = "/api/v1",
) -> Flask:
    """Return the application; it connects to nothing before its first request."""
    app = Flask(settings.service, static_folder=None)
    app.config.update(
        API_TITLE=title,
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        MAX_CONTENT_LENGTH=body_limit,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    # A query with a field nobody knows is a mistake worth naming, in the same way as a body with one.
    flaskparser.FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION["query"] = "raise"
    flaskparser.FlaskParser._raw_load_json = _read_json  # type: ignore[assignment]
    service = Service(settings, idempotency)
    app.extensions["doorstep"] = service
    _observe(app, settings.service)
    guard(app)
    api = Api(app)
    problems.handle(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint, url_prefix=prefix)
    _add_health(app, api, service)
    return app


_read_strictly = flaskparser.FlaskParser._raw_load_json


def _read_json(parser: flaskparser.FlaskParser, request: Any) -> Any:
    """Read JSON whole or not at all.

    A sender killed between the head and the body of its request leaves a body that ends early. The server hands that
    over as if it were all, and an empty one would pass for a step that needs no words. A number of thousands of
    digits, which Python refuses to read, is invalid like any other.
    """
    if request.content_length:
        if not request.is_json:
            raise UnsupportedMediaType()
        if len(request.get_data(cache=True)) != request.content_length:
            raise BadRequest("The body ended early. Send the request again.")
    try:
        return _read_strictly(parser, request)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError as problem:
        raise json.JSONDecodeError(str(problem), "a number", 0) from problem


def _observe(app: Flask, name: str) -> None:
    tracer = trace.get_tracer("doorstep")

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _REQUEST_ID.match(given) else str(uuid.uuid4())
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(service=name, request_id=g.request_id, correlation_id=g.request_id)
        parent = propagate.extract({"traceparent": request.headers.get("traceparent", "")})
        g.span = tracer.start_span(f"{request.method} {request.endpoint}", context=parent)
        g.trace_token = tracing.attach(trace.set_span_in_context(g.span))

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "")
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Content-Type-Options"] = "nosniff"
        endpoint = request.endpoint or "unknown"
        REQUESTS.labels(name, endpoint, response.status_code).inc()
        if "started" in g:
            SECONDS.labels(name, endpoint).observe(time.perf_counter() - g.started)
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        if "span" in g:
            g.pop("span").end()
            tracing.detach(g.pop("trace_token"))


def _add_health(app: Flask, api: Api, service: Service) -> None:
    @app.get("/healthz")
    @public
    def healthz() -> Any:
        return {"status": "ok"}

    @app.get("/readyz")
    @public
    def readyz() -> Any:
        with service.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return {"status": "ready"}

    @app.get("/metrics")
    @public
    def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    @app.get("/openapi.json")
    @public
    def openapi() -> Any:
        return openapi_of(app, api)


def openapi_of(app: Flask, api: Api) -> dict[str, Any]:
    """Return the generated document with what the routes declare added: access, problems, Idempotency-Key."""
    document: dict[str, Any] = copy.deepcopy(api.spec.to_dict())
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    components.setdefault("schemas", {}).pop("Error", None)
    components["schemas"]["Problem"] = _PROBLEM
    problem = {
        "description": "A problem (RFC 9457); `errors` names the fields.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    components.setdefault("responses", {})
    components["responses"] = {"Problem": problem}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = document["paths"].get(path, {}).get(method.lower())
            if operation is None:
                continue
            roles = declared(app.view_functions[rule.endpoint]) or frozenset()
            operation["security"] = [] if roles == PUBLIC else [{"bearer": []}]
            operation["x-roles"] = sorted(roles)
            kept = {k: v for k, v in operation["responses"].items() if k.isdigit() and int(k) < 400}
            operation["responses"] = {**kept, "default": {"$ref": "#/components/responses/Problem"}}
            if method == "POST":
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    return document


_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "Makes a retry safe: the same key and body get the same answer.",
    "schema": {"type": "string", "pattern": '^"[ -!#-~]{1,255}"$'},
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
