"""What every Flask application of ours gets: access, errors, one effect per key, health, metrics, OpenAPI."""

from services.kit.http.access import access, public
from services.kit.http.app import Service, create_app, current_service, openapi_of, scoped
from services.kit.http.effects import IF_MATCH, Answer, expected_version, one_effect, respond, version_tag
from services.kit.http.fields import Line, Prose, StrictSchema, TrueOrFalse
from services.kit.http.paging import Page, cut, page_link, read_cursor, write_cursor

__all__ = [
    "IF_MATCH",
    "Answer",
    "Line",
    "Page",
    "Prose",
    "Service",
    "StrictSchema",
    "TrueOrFalse",
    "access",
    "create_app",
    "cut",
    "current_service",
    "expected_version",
    "one_effect",
    "openapi_of",
    "page_link",
    "public",
    "read_cursor",
    "respond",
    "scoped",
    "version_tag",
    "write_cursor",
]
