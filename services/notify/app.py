"""The notify service as a Flask application."""

from flask import Flask

from services.kit.http import create_app
from services.kit.settings import Settings
from services.notify import api, models
from services.notify.addresses import Confirmations
from services.notify.channels import Apprise
from services.notify.channels.push import public_key
from services.notify.outward import Outward


def make_app(
    settings: Settings,
    more_apprise_schemes: frozenset[str] = frozenset(),
    *,
    vapid_key: str | None = None,
    allow_loopback: bool = False,
    by_mail: bool = False,
) -> Flask:
    """Return the application; it connects to nothing before its first request."""
    app = create_app(settings, api.BLUEPRINTS, title="Doorstep notify", idempotency=models.idempotency_keys)
    app.extensions[api.APPRISE] = Apprise(more_apprise_schemes)
    app.extensions[api.CONFIRMATIONS] = Confirmations(settings.secret)
    app.extensions[api.BY_MAIL] = by_mail
    app.extensions[api.PUSH_KEY] = public_key(vapid_key) if vapid_key else None
    app.extensions[api.OUTWARD] = Outward(allow_loopback)
    return app
