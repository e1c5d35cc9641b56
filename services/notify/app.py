"""The notify service as a Flask application."""

from flask import Flask

from services.kit.http import create_app
from services.kit.settings import Settings
from services.notify import api, models
from services.notify.channels import Apprise


def make_app(settings: Settings, more_apprise_schemes: frozenset[str] = frozenset()) -> Flask:
    """Return the application; it connects to nothing before its first request."""
    app = create_app(settings, api.BLUEPRINTS, title="Doorstep notify", idempotency=models.idempotency_keys)
    app.extensions[api.APPRISE] = Apprise(more_apprise_schemes)
    return app
