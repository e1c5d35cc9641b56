"""Devices that people subscribed for pushes."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.kit import clock
from services.kit.errors import Conflict, NotFound
from services.kit.events import new_id
from services.kit.identity import Actor
from services.notify.models import push_subscriptions

MOST_DEVICES = 10


def subscribe(connection: Connection, actor: Actor, device: Mapping[str, str]) -> dict[str, Any]:
    """Remember a device of the caller; one that is known gets its new keys, and is used again. Raises Conflict."""
    key = hashlib.sha256(device["endpoint"].encode()).hexdigest()[:12]
    others = select(func.count()).where(push_subscriptions.c.address_key != key)
    if connection.execute(others.select_from(push_subscriptions)).scalar_one() >= MOST_DEVICES:
        raise Conflict(
            f"You have {MOST_DEVICES} devices already. Remove one you no longer use.",
            f"您已登记 {MOST_DEVICES} 台设备，请先移除不再使用的设备。",
        )
    statement = insert(push_subscriptions).values(
        id=str(new_id()),
        organisation_id=actor.organisation_id,
        person_id=actor.id,
        address_key=key,
        endpoint=device["endpoint"],
        p256dh=device["p256dh"],
        auth=device["auth"],
    )
    statement = statement.on_conflict_do_update(
        index_elements=["person_id", "address_key"],
        set_={"p256dh": device["p256dh"], "auth": device["auth"], "disabled_at": None},
    )
    return dict(connection.execute(statement.returning(push_subscriptions)).mappings().one())


def unsubscribe(connection: Connection, subscription_id: str) -> None:
    """Forget a device of the caller. Raises NotFound."""
    gone = connection.execute(delete(push_subscriptions).where(push_subscriptions.c.id == subscription_id))
    if not gone.rowcount:
        raise NotFound("There is no such device of yours.", "您没有登记这台设备。")


def disable_device(connection: Connection, person_id: str, key: str) -> None:
    """Send nothing more to a device whose push service does not know it any more."""
    mine = (push_subscriptions.c.person_id == person_id) & (push_subscriptions.c.address_key == key)
    connection.execute(update(push_subscriptions).where(mine).values(disabled_at=clock.now()))
