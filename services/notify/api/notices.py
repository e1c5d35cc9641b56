"""What everybody may ask about themselves: their notices, and how they want to be told."""

import uuid
from collections.abc import Mapping
from datetime import time
from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.errors import Invalid
from services.kit.http import (
    IF_MATCH,
    Answer,
    access,
    expected_version,
    one_effect,
    respond,
    scoped,
    version_tag,
)
from services.kit.identity import ROLES, Actor, current_actor
from services.notify import commands, queries, topics
from services.notify.api.pages import page, position, view
from services.notify.audience import Contact
from services.notify.channels import Apprise
from services.notify.channels.apprise import masked
from services.notify.schemas import NoticePage, NoticesQuery, NoticeView, Preferences

APPRISE = "apprise"

blp = Blueprint("notify", __name__, description="Notices, and how people want to be told")


@blp.route("/notices", methods=["GET"])
@access(*ROLES)
@blp.arguments(NoticesQuery, location="query")
@blp.alt_response(200, schema=NoticePage)
def list_notices(query: dict[str, Any]) -> Response:
    """List everything you were told, newest first: through which channels, when each took it, and when you read it."""
    limit = query["limit"]
    with scoped() as db:
        found = queries.list_notices(
            db, current_actor().id, unread=query["unread"], after=position(query["after"]), limit=limit + 1
        )
    return page(found, limit, NoticeView)


@blp.route("/notices/<uuid:notice_id>/read", methods=["POST"])
@access(*ROLES)
@blp.alt_response(200, schema=NoticeView)
@one_effect
def read_notice(db: Connection, notice_id: uuid.UUID) -> Answer:
    """Say that you read a notice; the first time counts."""
    commands.mark_read(db, str(notice_id))
    return Answer(view(queries.find_notice(db, str(notice_id)), NoticeView))


@blp.route("/preferences", methods=["GET"])
@access(*ROLES)
@blp.alt_response(200, schema=Preferences)
def read_preferences() -> Response:
    """Return how you want to be told; the ETag names the version."""
    actor = current_actor()
    with scoped() as db:
        row = queries.find_contact(db, actor.id)
    return respond(_preferences(row or _unheard_of(actor)))


@blp.route("/preferences", methods=["PUT"])
@access(*ROLES)
@blp.arguments(Preferences)
@blp.doc(parameters=[IF_MATCH])
@blp.alt_response(200, schema=Preferences)
@one_effect
def write_preferences(db: Connection, changes: dict[str, Any]) -> Answer:
    """Change how you want to be told. If-Match names the version you read."""
    expected = expected_version(required=True)
    actor = current_actor()
    row = queries.find_contact(db, actor.id) or _unheard_of(actor)
    return _preferences(commands.set_preferences(db, actor, _columns(changes, row), expected))


def _unheard_of(actor: Actor) -> dict[str, Any]:
    """Return what holds for somebody whose account has not reached us yet."""
    defaults = Contact(actor.id, actor.organisation_id, locale=actor.locale)
    return {
        "preferred_locale": None,
        "locale": defaults.locale,
        "timezone": defaults.timezone,
        "quiet_from": None,
        "quiet_until": None,
        "digest_at": None,
        "email": None,
        "email_confirmed_at": None,
        "apprise_urls": [],
        "sms_urls": [],
        "channels": {},
        "version": 0,
    }


def _preferences(row: Mapping[str, Any]) -> Answer:
    payload = {
        "locale": row["preferred_locale"] or row["locale"],
        "timezone": row["timezone"],
        "quiet_from": _hour(row["quiet_from"]),
        "quiet_until": _hour(row["quiet_until"]),
        "digest_at": _hour(row["digest_at"]),
        "email": row["email"],
        "email_confirmed": row["email_confirmed_at"] is not None,
        "apprise_urls": [masked(url) for url in row["apprise_urls"]],
        "sms_urls": [masked(url) for url in row["sms_urls"]],
        "channels": row["channels"],
        "topics": topics.chosen(row["channels"]),
    }
    return Answer(payload, headers=version_tag(row["version"]))


def _hour(value: time | None) -> str | None:
    return value.strftime("%H:%M") if value else None


def _columns(changes: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    columns = {name: changes[name] for name in ("timezone", "email", "channels") if name in changes}
    if "topics" in changes:
        columns["channels"] = topics.choose(columns.get("channels", row["channels"]), changes["topics"])
    if "locale" in changes:
        columns["preferred_locale"] = changes["locale"]
    for name in ("quiet_from", "quiet_until", "digest_at"):
        if name in changes:
            columns[name] = time.fromisoformat(changes[name]) if changes[name] else None
    for name in ("apprise_urls", "sms_urls"):
        if name in changes:
            columns[name] = _addresses(name, changes[name], row[name])
    return columns


def _addresses(name: str, given: list[str], kept: list[str]) -> list[str]:
    """Return full addresses: a masked one stands for what it masks. The refusal never repeats an address."""
    apprise: Apprise = current_app.extensions[APPRISE]
    by_mask = {masked(url): url for url in kept}
    addresses = [by_mask.get(url, url) for url in given]
    refused = [number for number, url in enumerate(addresses) if url not in kept and not apprise.accepts(url)]
    if refused:
        field = f"{name}.{refused[0]}"
        sentence = "Not an address that can be used here; see the Apprise documentation for its form."
        raise Invalid(sentence, "这个地址无法使用，请按 Apprise 文档的格式填写。", fields={field: [sentence]})
    return list(dict.fromkeys(addresses))
