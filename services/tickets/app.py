"""The tickets service's Flask application."""

from flask import Flask, request

from services.kit.http import create_app
from services.kit.http.app import JSON_LIMIT_BYTES
from services.tickets import models, pictures
from services.tickets.api import BLUEPRINTS
from services.tickets.api.mail import LETTER
from services.tickets.case_file import seals
from services.tickets.settings import TicketsSettings
from services.tickets.triage.lexicon import lexicon
from services.tickets.visitor_links import Links


def make_app(settings: TicketsSettings) -> Flask:
    """Return the application; raises LexiconError where a word file is at fault."""
    # Read before anybody waits for it: the first request would take longer by the seconds of a busy machine.
    lexicon()
    app = create_app(
        settings.kit,
        BLUEPRINTS,
        title="Doorstep tickets",
        idempotency=models.idempotency_keys,
        body_limit=pictures.BODY_LIMIT_BYTES,
    )
    app.before_request(_refuse_long_json)
    app.extensions["photos"] = pictures.open_store(settings.kit.home, settings.photo_bucket, settings.photo_endpoint)
    app.extensions["case_key"] = settings.case_key and seals.read_private(settings.case_key.encode())
    app.extensions["visitors_links"] = Links(settings.kit.secret)
    return app


def _refuse_long_json() -> None:
    """Photos and letters may be large: parsing many megabytes of JSON would cost more than anybody's words are long."""
    if request.mimetype not in ("multipart/form-data", LETTER):
        request.max_content_length = JSON_LIMIT_BYTES
