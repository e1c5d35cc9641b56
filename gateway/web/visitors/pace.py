"""How often somebody without an account may come by: the API's own limits, which a page must not lead around."""

from flask import request

from gateway.limits import client_address
from gateway.parts import parts


def count(rate: str) -> None:
    """Count this request under one of the rates of routes.yaml, by where it comes from; raises TooMany."""
    door = parts()
    door.throttles[rate].take(client_address(request.environ, door.settings.trusted_proxies))
