"""Devices that take pushes: the key to subscribe with, subscribing, and taking a device off again."""

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app
from flask_smorest import Blueprint
from sqlalchemy import Connection, select

from services.kit.errors import NotFound, invalid_field
from services.kit.http import Answer, access, one_effect, respond, scoped
from services.kit.identity import ROLES, current_actor
from services.notify.commands import push_subscriptions as commands
from services.notify.models import push_subscriptions
from services.notify.outward import Outward, Unsafe
from services.notify.schemas.push import PushKey, PushSubscription, SubscriptionPage, SubscriptionView

PUSH_KEY, OUTWARD = "push_key", "outward"

push = Blueprint("push", __name__, description="Devices that take pushes")


@push.route("/push-key", methods=["GET"])
@access(*ROLES)
@push.alt_response(200, schema=PushKey)
def read_push_key() -> Response:
    """Return the key with which a browser subscribes; 404 where this desk has no key of its own."""
    key: str | None = current_app.extensions[PUSH_KEY]
    if key is None:
        raise NotFound("This desk sends no pushes.", "本服务台未开通推送。")
    return respond(Answer({"key": key}))


@push.route("/push-subscriptions", methods=["GET"])
@access(*ROLES)
@push.alt_response(200, schema=SubscriptionPage)
def list_subscriptions() -> Response:
    """List your devices, the oldest first."""
    with scoped() as db:
        rows = db.execute(select(push_subscriptions).order_by(push_subscriptions.c.id)).mappings().all()
    return respond(Answer({"items": [_view(dict(row)) for row in rows]}))


@push.route("/push-subscriptions", methods=["POST"])
@access(*ROLES)
@push.arguments(PushSubscription)
@push.alt_response(201, schema=SubscriptionView)
@one_effect
def subscribe(db: Connection, body: dict[str, Any]) -> Answer:
    """Take pushes on a device; sent again it only gets its new keys."""
    outward: Outward = current_app.extensions[OUTWARD]
    try:
        outward.check(body["endpoint"])
    except Unsafe as problem:
        raise invalid_field("endpoint", f"Not an address to push to: {problem}.", "无法向该地址推送。") from problem
    row = commands.subscribe(db, current_actor(), {"endpoint": body["endpoint"], **body["keys"]})
    return Answer(_view(row), 201)


@push.route("/push-subscriptions/<uuid:subscription_id>", methods=["DELETE"])
@access(*ROLES)
@push.alt_response(200, schema=SubscriptionPage)
@one_effect
def unsubscribe(db: Connection, subscription_id: uuid.UUID) -> Answer:
    """Take no pushes on a device any more; returns the devices that are left."""
    commands.unsubscribe(db, str(subscription_id))
    rows = db.execute(select(push_subscriptions).order_by(push_subscriptions.c.id)).mappings().all()
    return Answer({"items": [_view(dict(row)) for row in rows]})


def _view(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: row[name] for name in ("id", "created_at", "disabled_at")}
    return shown | {"host": urlsplit(row["endpoint"]).hostname or ""}
