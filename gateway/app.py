"""The gateway's application: its own routes and pages, and in front of them the forwarder."""

from functools import partial

from flask import Flask, Response, g, request

from gateway.api import BLUEPRINTS
from gateway.forward import REFUSAL, Forwarder
from gateway.models import idempotency_keys
from gateway.pages import blp as pages
from gateway.parts import add_parts
from gateway.routes import table
from gateway.settings import GatewaySettings
from gateway.web import register
from gateway.web.calls import with_token
from gateway.web.guard import body_limit
from services.kit.http import create_app

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def make_app(settings: GatewaySettings) -> Flask:
    """Return the application, to be called after the fork."""
    app = create_app(settings.kit, BLUEPRINTS, title="Doorstep gateway", idempotency=idempotency_keys)
    parts = add_parts(app, settings)
    app.register_blueprint(pages)
    headers = dict(SECURITY_HEADERS)
    if settings.kit.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    # Before the pages: what is done to an answer is done in reverse, and a page that a refusal became needs them too.
    _add_security_headers(app, headers)
    register(app, settings)
    _answer_refusals(app)
    app.wsgi_app = Forwarder(  # type: ignore[method-assign]
        app.wsgi_app,
        table(),
        parts.upstreams,
        parts.throttles,
        parts.callers,
        trusted_proxies=settings.trusted_proxies,
        headers=list(headers.items()),
        called=partial(with_token, app),
        body_limit=partial(body_limit, app),
    )
    return app


def _answer_refusals(app: Flask) -> None:
    @app.before_request
    def refuse() -> None:
        refusal = request.environ.get(REFUSAL)
        if refusal is not None:
            raise refusal


def _add_security_headers(app: Flask, headers: dict[str, str]) -> None:
    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in headers.items():
            response.headers[name] = value
        if "csp_policy" in g:
            response.headers["Content-Security-Policy"] = g.csp_policy
        return response
