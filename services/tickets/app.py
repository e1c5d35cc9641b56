"""The tickets service's Flask application."""

from flask import Flask

from services.kit.http import create_app
from services.tickets import models, pictures
from services.tickets.api import BLUEPRINTS
from services.tickets.settings import TicketsSettings


def make_app(settings: TicketsSettings) -> Flask:
    """Return the application."""
    app = create_app(
        settings.kit,
        BLUEPRINTS,
        title="Doorstep tickets",
        idempotency=models.idempotency_keys,
        body_limit=pictures.BODY_LIMIT_BYTES,
    )
    app.extensions["photos"] = pictures.open_store(settings.kit.home, settings.photo_bucket, settings.photo_endpoint)
    return app
