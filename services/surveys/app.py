"""The surveys service as a Flask application."""

from flask import Flask

from services.kit.http import create_app
from services.kit.settings import Settings
from services.surveys import api, models
from services.surveys.links import Links
from services.surveys.visiting import Rules


def make_app(settings: Settings, rules: Rules | None = None) -> Flask:
    """Return the application; it connects to nothing before its first request."""
    app = create_app(settings, api.BLUEPRINTS, title="Doorstep surveys", idempotency=models.idempotency_keys)
    app.extensions[api.LINKS] = Links(settings.secret)
    app.extensions[api.RULES] = rules or Rules()
    return app
