"""What the gateway's views reach through the application: upstreams, throttles, the feed, documents."""

from functools import cached_property
from typing import Any

from flask import Flask, current_app, g, request

from gateway.callers import Callers
from gateway.document import Documents
from gateway.feed import Feed
from gateway.limits import Throttle
from gateway.routes import table
from gateway.settings import GatewaySettings
from gateway.upstreams import Upstream, connect
from services.kit.http import Service


class Parts:
    """Made with the application, which is made after the fork; sockets open on first use."""

    def __init__(self, settings: GatewaySettings, service: Service) -> None:
        self.settings = settings
        self._service = service
        limits = {**table().rates, "login": settings.login_limit, "default": settings.rate_limit}
        self.throttles = {name: Throttle(name, limit) for name, limit in limits.items()}
        # The same quota again for each login, so that many addresses together guess no faster.
        self.logins = Throttle("login", settings.login_limit)
        self.callers = Callers(settings.kit.verify_key)
        self.upstreams: dict[str, Upstream] = connect(
            settings.upstreams,
            connect_seconds=settings.connect_seconds,
            read_seconds=settings.read_seconds,
            concurrency=settings.concurrency,
        )
        self.documents = Documents(self.upstreams)

    @cached_property
    def feed(self) -> Feed:
        """The one listener of this process."""
        return Feed(self._service.engine)


def add_parts(app: Flask, settings: GatewaySettings) -> Parts:
    """Put the parts into an application."""
    parts = app.extensions["gateway"] = Parts(settings, app.extensions["doorstep"])
    return parts


def parts() -> Parts:
    """Return the parts of the application whose request is being answered."""
    found: Parts = current_app.extensions["gateway"]
    return found


def own_headers() -> dict[str, str]:
    """Return the headers of a request of the gateway's own to a service, on behalf of the caller."""
    headers: dict[str, Any] = {
        "Accept": "application/json",
        "X-Request-ID": g.request_id,
        "Authorization": request.headers.get("Authorization", ""),
        "Accept-Language": request.headers.get("Accept-Language", ""),
    }
    return {name: value for name, value in headers.items() if value}
