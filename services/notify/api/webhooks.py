"""Endpoints of other systems: managers register them, see what was sent, and have it sent again."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint
from sqlalchemy import ColumnElement, Connection, select

from services.kit import hook_signing
from services.kit.errors import NotFound, invalid_field
from services.kit.http import (
    IF_MATCH,
    Answer,
    Page,
    access,
    current_service,
    expected_version,
    one_effect,
    respond,
    scoped,
    version_tag,
)
from services.kit.identity import current_actor
from services.notify.api.pages import page, position, view
from services.notify.api.push import OUTWARD
from services.notify.commands import webhooks as commands
from services.notify.models import webhook_attempts, webhook_deliveries, webhooks
from services.notify.outward import Outward, Unsafe
from services.notify.schemas.webhooks import (
    AttemptPage,
    AttemptView,
    HookDeliveriesQuery,
    HookDeliveryPage,
    HookDeliveryView,
    NewWebhook,
    WebhookChange,
    WebhookInput,
    WebhookPage,
    WebhookView,
)

ANSWERABLE = ("manager", "admin")

hooks = Blueprint("webhooks", __name__, description="Events for other systems")


@hooks.route("/webhooks", methods=["GET"])
@access(*ANSWERABLE)
@hooks.arguments(Page, location="query")
@hooks.alt_response(200, schema=WebhookPage)
def list_webhooks(query: dict[str, Any]) -> Response:
    """List the endpoints, the newest first."""
    found = _read(select(*commands.SHOWN), webhooks, query, [])
    return page(found, query["limit"], WebhookView)


@hooks.route("/webhooks", methods=["POST"])
@access(*ANSWERABLE)
@hooks.arguments(WebhookInput)
@hooks.alt_response(201, schema=NewWebhook)
@one_effect
def register_webhook(db: Connection, body: dict[str, Any]) -> Answer:
    """Register an endpoint. Its secret is in this answer and nowhere else; deliveries follow Standard Webhooks."""
    _check(body["url"])
    secret = hook_signing.new_secret()
    sealed = hook_signing.seal(secret, current_service().settings.secret)
    row = commands.register(db, current_actor(), **body, sealed_secret=sealed)
    return _tagged({**view(row, WebhookView), "secret": secret}, row, 201)


@hooks.route("/webhooks/<uuid:webhook_id>", methods=["GET"])
@access(*ANSWERABLE)
@hooks.alt_response(200, schema=WebhookView)
def read_webhook(webhook_id: uuid.UUID) -> Response:
    """Return one endpoint; the ETag names its version."""
    with scoped() as db:
        row = _webhook(db, webhook_id)
    return respond(_tagged(view(row, WebhookView), row))


@hooks.route("/webhooks/<uuid:webhook_id>", methods=["PUT"])
@access(*ANSWERABLE)
@hooks.arguments(WebhookChange)
@hooks.doc(parameters=[IF_MATCH])
@hooks.alt_response(200, schema=WebhookView)
@one_effect
def change_webhook(db: Connection, body: dict[str, Any], webhook_id: uuid.UUID) -> Answer:
    """Change an endpoint, or switch it off and on again. If-Match names the version you read."""
    expected = expected_version(required=True)
    if "url" in body:
        _check(body["url"])
    row = commands.change(db, str(webhook_id), body, expected)
    return _tagged(view(row, WebhookView), row)


@hooks.route("/webhooks/<uuid:webhook_id>", methods=["DELETE"])
@access(*ANSWERABLE)
@hooks.alt_response(200, schema=WebhookPage)
@one_effect
def remove_webhook(db: Connection, webhook_id: uuid.UUID) -> Answer:
    """Remove an endpoint with the list of what was sent to it; returns those that are left."""
    commands.remove(db, str(webhook_id))
    rows = db.execute(select(*commands.SHOWN).order_by(webhooks.c.id.desc())).mappings().all()
    return Answer({"items": [view(dict(row), WebhookView) for row in rows]})


@hooks.route("/webhooks/<uuid:webhook_id>/deliveries", methods=["GET"])
@access(*ANSWERABLE)
@hooks.arguments(HookDeliveriesQuery, location="query")
@hooks.alt_response(200, schema=HookDeliveryPage)
def list_deliveries(query: dict[str, Any], webhook_id: uuid.UUID) -> Response:
    """List what was and will be sent to an endpoint, the newest first."""
    with scoped() as db:
        _webhook(db, webhook_id)
    conditions = [webhook_deliveries.c.webhook_id == str(webhook_id)]
    if query["state"]:
        conditions.append(webhook_deliveries.c.state == query["state"])
    found = _read(select(webhook_deliveries), webhook_deliveries, query, conditions)
    return page(found, query["limit"], HookDeliveryView)


@hooks.route("/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/attempts", methods=["GET"])
@access(*ANSWERABLE)
@hooks.alt_response(200, schema=AttemptPage)
def list_attempts(webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> Response:
    """List every attempt of one delivery, the oldest first; there are never more than a few dozen."""
    of_hook = webhook_deliveries.c.webhook_id == str(webhook_id)
    statement = (
        select(webhook_attempts)
        .join(webhook_deliveries, webhook_deliveries.c.id == webhook_attempts.c.delivery_id)
        .where(of_hook, webhook_deliveries.c.id == str(delivery_id))
        .order_by(webhook_attempts.c.id)
    )
    with scoped() as db:
        _webhook(db, webhook_id)
        rows = db.execute(statement).mappings().all()
    return respond(Answer({"items": [view(dict(row), AttemptView) for row in rows]}))


@hooks.route("/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/redeliver", methods=["POST"])
@access(*ANSWERABLE)
@hooks.alt_response(200, schema=HookDeliveryView)
@one_effect
def redeliver(db: Connection, webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> Answer:
    """Send one event again, under the same webhook-id."""
    return Answer(view(commands.redeliver(db, str(webhook_id), str(delivery_id)), HookDeliveryView))


def _webhook(db: Connection, webhook_id: uuid.UUID) -> dict[str, Any]:
    """Return an endpoint as it is shown; raises NotFound, also for another company's."""
    row = db.execute(select(*commands.SHOWN).where(webhooks.c.id == str(webhook_id))).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such endpoint.", "没有这个接收地址。")
    return dict(row)


def _check(url: str) -> None:
    outward: Outward = current_app.extensions[OUTWARD]
    try:
        outward.check(url)
    except Unsafe as problem:
        raise invalid_field("url", f"Not an address to send to: {problem}.", "无法向该地址发送。") from problem


def _read(statement: Any, table: Any, query: Mapping[str, Any], conditions: list[ColumnElement[bool]]) -> list[Any]:
    after = position(query["after"])
    if after:
        conditions = [*conditions, table.c.id < after]
    with scoped() as db:
        rows = db.execute(statement.where(*conditions).order_by(table.c.id.desc()).limit(query["limit"] + 1))
        return [dict(row) for row in rows.mappings()]


def _tagged(payload: dict[str, Any], row: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(payload, status, version_tag(row["version"]))
