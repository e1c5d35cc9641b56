"""Deliveries: taken under a lease, recorded by whoever still holds it, and what a notice's telling learns from them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select, text, update

from services.kit import clock
from services.kit.events import new_id
from services.notify.commands.addresses import take_back
from services.notify.commands.alarms import UNDELIVERED, open_incident
from services.notify.models import alarms, deliveries, notices, tellings

# An incident is no emergency of its own: news of one that do not arrive open no other.
ABOUT_INCIDENTS = "notice.undelivered"

_TAKE = text(
    """
    UPDATE deliveries SET state = 'sending', attempts = attempts + 1, next_attempt_at = :until, lease = :lease
    WHERE id IN (
        SELECT id FROM deliveries
        WHERE channel = :channel AND state IN ('queued', 'sending') AND next_attempt_at <= :now
        ORDER BY urgent DESC, next_attempt_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING *
    """
)
_SETTLE = text(
    """
    UPDATE deliveries SET state = given.state, next_attempt_at = given.next_attempt_at, attempts = given.attempts,
        sent_at = coalesce(given.sent_at, deliveries.sent_at), answer = given.answer, last_error = given.last_error,
        lease = NULL
    FROM json_populate_recordset(NULL::deliveries, CAST(:rows AS json)) AS given
    WHERE deliveries.id = given.id AND deliveries.lease = given.lease
    RETURNING deliveries.id
    """
)
_ACCEPTED = text(
    """
    UPDATE tellings SET accepted_at = :now, accepted_by = :channel, undelivered_at = NULL
    WHERE notice_id = ANY (CAST(:notices AS uuid[])) AND accepted_at IS NULL
    """
)
_UNDELIVERED = text(
    """
    UPDATE tellings SET undelivered_at = :now
    WHERE notice_id = ANY (CAST(:notices AS uuid[])) AND accepted_at IS NULL AND read_at IS NULL
      AND undelivered_at IS NULL
      AND NOT EXISTS (SELECT FROM deliveries WHERE deliveries.notice_id = tellings.notice_id
                      AND state IN ('queued', 'sending'))
      AND NOT EXISTS (SELECT FROM alarms WHERE alarms.notice_id = tellings.notice_id AND next_at IS NOT NULL)
    RETURNING *
    """
)


def take(connection: Connection, channel: str, now: datetime, until: datetime, limit: int) -> list[dict[str, Any]]:
    """Take up to `limit` due deliveries under one lease, emergencies first, each with its `notice`."""
    given = {"channel": channel, "now": now, "until": until, "lease": str(new_id()), "limit": limit}
    rows = [dict(row) for row in connection.execute(_TAKE, given).mappings()]
    if not rows:
        return []
    for row in rows:
        row.update({name: str(row[name]) for name in ("id", "organisation_id", "notice_id", "person_id", "lease")})
    told = select(notices, tellings.c.urgency).outerjoin(tellings, tellings.c.notice_id == notices.c.id)
    wanted = told.where(notices.c.id.in_([row["notice_id"] for row in rows]))
    known = {row["id"]: dict(row) for row in connection.execute(wanted).mappings()}
    # RETURNING keeps no order.
    rows.sort(key=lambda row: (not row["urgent"], known[row["notice_id"]]["created_at"], row["id"]))
    return [{**row, "notice": known[row["notice_id"]]} for row in rows]


def settle(connection: Connection, channel: str, results: Sequence[Mapping[str, Any]], now: datetime) -> set[str]:
    """Record what became of deliveries, as far as their lease is still ours; returns the ids recorded.

    `results` are rows of deliveries with `id`, `notice_id`, `lease`, `state`, `attempts` and what else is known.
    Locks the tellings concerned, in order, so that the last of a notice's deliveries knows it is the last.
    """
    about = sorted({row["notice_id"] for row in results})
    locked = select(tellings.c.notice_id).where(tellings.c.notice_id.in_(about)).order_by(tellings.c.notice_id)
    connection.execute(locked.with_for_update()).all()
    columns = [column.name for column in deliveries.columns]
    rows = [{str(name): row[name] for name in columns if name in row} for row in results]
    recorded = {str(found) for found in connection.execute(_SETTLE, {"rows": orjson.dumps(rows).decode()}).scalars()}
    ours = [row for row in results if row["id"] in recorded]
    sent = [row["notice_id"] for row in ours if row["state"] == "sent"]
    lost = [row["notice_id"] for row in ours if row["state"] in ("failed", "skipped")]
    if sent:
        connection.execute(_ACCEPTED, {"now": now, "channel": channel, "notices": sent})
    if lost:
        _lose(connection, lost, now)
    return recorded


def mark_returned(connection: Connection, delivery_id: str) -> None:
    """Record that the letter of a delivery came back: another way is tried, and its address is confirmed anew."""
    lost = take_back(connection, delivery_id)
    if lost:
        _lose(connection, lost, clock.now())


def _lose(connection: Connection, lost: Sequence[str], now: datetime) -> None:
    """A way is lost: an alarm goes on at once, and an emergency that has no way left is an incident."""
    hurry = update(alarms).where(alarms.c.notice_id.in_(lost), alarms.c.next_at > now)
    connection.execute(hurry.values(next_at=now))
    undelivered = connection.execute(_UNDELIVERED, {"now": now, "notices": list(lost)}).mappings().all()
    for row in sorted(undelivered, key=lambda row: (row["person_id"], row["ticket_id"] or "")):
        if row["urgency"] == "emergency" and row["kind"] != ABOUT_INCIDENTS:
            open_incident(connection, dict(row), UNDELIVERED, now)
