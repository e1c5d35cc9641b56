"""Endpoints of other systems: registering, changing, queueing events for them, sending again."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts import tickets
from services.contracts.fact import Fact, facts_of
from services.kit import clock
from services.kit.errors import Conflict, NotFound, Stale
from services.kit.events import Event, new_id
from services.kit.identity import Actor
from services.notify.models import webhook_deliveries, webhooks

# Events of these types carry ids and codes and nobody's name, number or words.
EVENT_TYPES = tuple(fact.type for fact in facts_of(tickets) if fact.type.startswith(("ticket.", "sla.")))
SHOWN = tuple(
    webhooks.c[name]
    for name in ("id", "url", "event_types", "community_ids", "active", "disabled_cause", "created_at", "version")
)
MOST_WEBHOOKS = 20
# Long enough to ask after a quarter what another system was told.
KEPT = timedelta(days=90)
BATCH = 2_000


def register(
    connection: Connection, actor: Actor, *, url: str, event_types: Sequence[str], sealed_secret: str
) -> dict[str, Any]:
    """Write down an endpoint; it hears of the communities its registrar answers for. Raises Conflict."""
    known = connection.execute(select(webhooks.c.id)).all()
    if len(known) >= MOST_WEBHOOKS:
        raise Conflict(
            f"There are {MOST_WEBHOOKS} endpoints already. Remove one first.",
            f"已登记 {MOST_WEBHOOKS} 个接收地址，请先移除不再使用的地址。",
        )
    values = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_ids": list(actor.community_ids),
        "url": url,
        "event_types": list(dict.fromkeys(event_types)),
        "sealed_secret": sealed_secret,
        "created_by": actor.id,
    }
    return dict(connection.execute(insert(webhooks).values(values).returning(*SHOWN)).mappings().one())


def change(connection: Connection, webhook_id: str, changes: Mapping[str, Any], expected: int | None) -> dict[str, Any]:
    """Change an endpoint, or switch it off and on again. Raises NotFound or Stale."""
    statement = update(webhooks).where(webhooks.c.id == webhook_id)
    if expected is not None:
        statement = statement.where(webhooks.c.version == expected)
    values = dict(changes)
    if "active" in values:
        values["disabled_cause"] = None if values["active"] else "manager"
    row = (
        connection.execute(statement.values(**values, version=webhooks.c.version + 1).returning(*SHOWN))
        .mappings()
        .one_or_none()
    )
    if row is not None:
        return dict(row)
    if connection.execute(select(webhooks.c.id).where(webhooks.c.id == webhook_id)).one_or_none() is None:
        raise _unknown()
    raise Stale("The endpoint was changed meanwhile. Read it again.", "该接收地址已被更新，请重新读取。")


def remove(connection: Connection, webhook_id: str) -> None:
    """Forget an endpoint with everything that was sent to it. Raises NotFound."""
    if not connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id)).rowcount:
        raise _unknown()


def queue_events(connection: Connection, facts: Sequence[tuple[Event, Fact]]) -> None:
    """Queue events for every endpoint that asked for them; each event once an endpoint, however often it comes."""
    wanted = [(event, fact) for event, fact in facts if event.type in EVENT_TYPES]
    if not wanted:
        return
    organisations = {event.organisation_id for event, _ in wanted}
    asking = connection.execute(
        select(webhooks.c.id, webhooks.c.organisation_id, webhooks.c.event_types, webhooks.c.community_ids).where(
            webhooks.c.organisation_id.in_(sorted(organisations)), webhooks.c.active
        )
    ).all()
    now = clock.now()
    rows = [
        {
            "id": str(new_id()),
            "organisation_id": event.organisation_id,
            "webhook_id": hook.id,
            "event_id": event.id,
            "type": event.type,
            "ticket_id": getattr(fact, "ticket_id", None),
            "ticket_version": getattr(fact, "version", None),
            "payload": _payload(event),
            "state": "queued",
            "next_attempt_at": now,
            "created_at": now,
        }
        for event, fact in wanted
        for hook in asking
        if hook.organisation_id == event.organisation_id
        and event.type in hook.event_types
        and (not hook.community_ids or getattr(fact, "community_id", None) in hook.community_ids)
    ]
    if rows:
        connection.execute(insert(webhook_deliveries).on_conflict_do_nothing(), rows)


def redeliver(connection: Connection, webhook_id: str, delivery_id: str) -> dict[str, Any]:
    """Send a delivery anew, from the first attempt on. Raises NotFound, or Conflict where it is queued already."""
    mine = (webhook_deliveries.c.id == delivery_id) & (webhook_deliveries.c.webhook_id == webhook_id)
    again = update(webhook_deliveries).where(mine, webhook_deliveries.c.state != "queued")
    row = (
        connection.execute(
            again.values(state="queued", attempts=0, next_attempt_at=clock.now()).returning(webhook_deliveries)
        )
        .mappings()
        .one_or_none()
    )
    if row is not None:
        return dict(row)
    if connection.execute(select(webhook_deliveries.c.id).where(mine)).one_or_none() is None:
        raise NotFound("There is no such delivery.", "没有这次投递。")
    raise Conflict("It is still queued and will be sent.", "该投递仍在队列中，将会发送。")


def forget_old(engine: Engine) -> int:
    """Delete what was sent, or given up, longer than KEPT ago, with its attempts; returns how many deliveries."""
    table, total = webhook_deliveries, 0
    old = select(table.c.id).where(table.c.state != "queued", table.c.created_at < bindparam("since")).limit(BATCH)
    while True:
        with engine.begin() as connection:
            gone = connection.execute(delete(table).where(table.c.id.in_(old)), {"since": clock.now() - KEPT}).rowcount
        total += gone
        if gone < BATCH:
            return total


def _payload(event: Event) -> dict[str, Any]:
    """The body as Standard Webhooks lays it out. It is made anew from the event, so that keys never differ."""
    moment = event.occurred_at.isoformat()
    return {"type": event.type, "timestamp": moment, "data": {"event_id": event.id, **event.data}}


def body_of(payload: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed and sent: the same over every attempt."""
    return orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)


def _unknown() -> NotFound:
    return NotFound("There is no such endpoint.", "没有这个接收地址。")
