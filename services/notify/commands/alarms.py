"""The ladder of an emergency notice: one rung at a time, once each, however many workers climb."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.kit.events import new_id
from services.notify.channels.in_app import NAME as INBOX
from services.notify.models import alarms, deliveries, incidents, notices, phone_tasks, tellings, ticket_answers
from services.notify.promptness import shared

REACHED = "reached"
_ABOUT = ("notice_id", "organisation_id", "community_id", "person_id", "ticket_id", "kind", "audience")
UNDELIVERED, UNACKNOWLEDGED = "undelivered", "unacknowledged"

_NOTE = text(
    """
    INSERT INTO ticket_answers (ticket_id, organisation_id, answered_at)
    SELECT ticket_id, organisation_id, max(answered_at)
    FROM json_populate_recordset(NULL::ticket_answers, CAST(:answers AS json))
    GROUP BY ticket_id, organisation_id ORDER BY ticket_id
    ON CONFLICT (ticket_id) DO UPDATE
    SET answered_at = greatest(ticket_answers.answered_at, excluded.answered_at)
    """
)


def note_answers(connection: Connection, answers: Sequence[Mapping[str, Any]]) -> None:
    """Note when somebody answered for tickets; the latest moment stays."""
    connection.execute(_NOTE, {"answers": orjson.dumps(list(answers)).decode()})


def next_alarm(connection: Connection, now: datetime) -> dict[str, Any] | None:
    """Lock and return the alarm that is due first, or None. Whoever holds it decides; others take the next."""
    due = select(alarms).where(alarms.c.next_at <= now).order_by(alarms.c.next_at).limit(1)
    row = connection.execute(due.with_for_update(skip_locked=True)).mappings().one_or_none()
    return dict(row) if row else None


def acknowledged(connection: Connection, alarm: Mapping[str, Any]) -> tuple[str, datetime] | None:
    """Return how and when somebody acknowledged the alarm, or None.

    Read by the person, or by anybody of the audience where it is the desk's; the ticket taken in hand after the event
    (which tells a resident nothing); reached by whichever call about the ticket that somebody took up since.
    """
    read = select(func.min(tellings.c.read_at))
    if shared(alarm["audience"]):
        same = (alarms.c.event_id == alarm["event_id"]) & (alarms.c.audience == alarm["audience"])
        read = read.join(alarms, alarms.c.notice_id == tellings.c.notice_id).where(same)
    else:
        read = read.where(tellings.c.notice_id == alarm["notice_id"])
    found: datetime | None = connection.execute(read).scalar_one()
    if found:
        return "read", found
    if alarm["audience"] != "resident":
        answered = select(ticket_answers.c.answered_at).where(
            ticket_answers.c.ticket_id == alarm["ticket_id"], ticket_answers.c.answered_at > alarm["occurred_at"]
        )
        found = connection.execute(answered).scalar_one_or_none()
        if found:
            return "answered", found
    called = select(func.min(phone_tasks.c.done_at)).where(_same_call(alarm), phone_tasks.c.outcome == REACHED)
    found = connection.execute(called.where(phone_tasks.c.claimed_at > alarm["occurred_at"])).scalar_one()
    return ("reached", found) if found else None


def end_alarm(connection: Connection, alarm: Mapping[str, Any], how: str, at: datetime) -> None:
    """Let the alarm go no further."""
    change = update(alarms).where(alarms.c.notice_id == alarm["notice_id"])
    connection.execute(change.values(next_at=None, ended_at=at, ended_by=how))


def climb(connection: Connection, alarm: Mapping[str, Any], step: int, next_at: datetime) -> None:
    """Note that so many rungs are taken, and when the next is due."""
    change = update(alarms).where(alarms.c.notice_id == alarm["notice_id"])
    connection.execute(change.values(step=step, next_at=next_at))


def queue(connection: Connection, alarm: Mapping[str, Any], channel: str, keys: Sequence[str], now: datetime) -> None:
    """Queue the notice for these addresses of one channel; what is queued already stays as it is."""
    rows = [
        {
            "id": str(new_id()),
            "organisation_id": alarm["organisation_id"],
            "notice_id": alarm["notice_id"],
            "person_id": alarm["person_id"],
            "channel": channel,
            "address_key": key,
            "urgent": True,
            "state": "queued",
            "next_attempt_at": now,
        }
        for key in keys
    ]
    connection.execute(insert(deliveries).on_conflict_do_nothing(), rows)


def ask_for_a_call(connection: Connection, alarm: Mapping[str, Any], now: datetime) -> None:
    """Put a call to the person before the desk, once a notice, and one at a time about a ticket.

    Where one waits to be made already, it is to tell the newest: the same number would be rung twice about the same.
    """
    notice = connection.execute(
        select(notices.c.locale, notices.c.title).where(notices.c.id == alarm["notice_id"])
    ).one()
    row = {
        **_about(alarm),
        "id": str(new_id()),
        "locale": notice.locale,
        "title": notice.title,
        "state": "open",
        "created_at": now,
        "call_from": now,
    }
    if alarm["ticket_id"] is not None and _told_by_another(connection, row, alarm["occurred_at"]):
        return
    connection.execute(insert(phone_tasks).values(row).on_conflict_do_nothing())


def _told_by_another(connection: Connection, row: Mapping[str, Any], occurred_at: datetime) -> bool:
    """True where a call to the same person about the same ticket waits to be made, which then tells this, or is made.

    One that is made says nothing of what happened since it was taken up. Locks the pair until the transaction ends.
    """
    _lock_pair(connection, row)
    made = (phone_tasks.c.state == "claimed") & (phone_tasks.c.claimed_at > occurred_at)
    tells = _same_call(row) & (made | (phone_tasks.c.state == "open"))
    found = select(phone_tasks.c.id, phone_tasks.c.state).where(tells).order_by(phone_tasks.c.state)
    call = connection.execute(found.limit(1).with_for_update()).one_or_none()
    if call is not None and call.state == "open":
        # What is new is not put off by how the old was tried.
        newest = {name: row[name] for name in (*_ABOUT, "locale", "title", "call_from")} | {"attempts": 0}
        connection.execute(update(phone_tasks).where(phone_tasks.c.id == call.id).values(newest))
    return call is not None


def _same_call(about: Mapping[str, Any]) -> ColumnElement[bool]:
    """Return what is rung about the same: to one person about one ticket, or else about the notice itself."""
    if about["ticket_id"] is None:
        return phone_tasks.c.notice_id == about["notice_id"]
    return and_(phone_tasks.c.person_id == about["person_id"], phone_tasks.c.ticket_id == about["ticket_id"])


def ask_to_call(connection: Connection, event_id: str, now: datetime) -> None:
    """Put a call about an event's notice before the desk for whoever it went to, once a notice."""
    told = select(*(tellings.c[name] for name in (*_ABOUT, "occurred_at"))).join(
        notices, notices.c.id == tellings.c.notice_id
    )
    for row in connection.execute(told.where(notices.c.event_id == event_id)).mappings():
        ask_for_a_call(connection, dict(row), now)


def was_tried(connection: Connection, notice_id: str) -> bool:
    """True where a notice had any way out beyond the inbox, whatever came of it."""
    way = select(deliveries.c.id).where(deliveries.c.notice_id == notice_id, deliveries.c.channel != INBOX).limit(1)
    return connection.execute(way).one_or_none() is not None


def open_incident(connection: Connection, about: Mapping[str, Any], cause: str, now: datetime) -> str | None:
    """Open an incident about a notice; returns its id, or None where one is open of the same person and ticket.

    Locks the pair until the transaction ends: whoever cannot be told of one step cannot be told of the next, and one
    entry on the managers' list says so. Who opens several in a transaction does so in order of person and ticket.
    """
    if about["ticket_id"] is not None:
        _lock_pair(connection, about)
        same = (incidents.c.person_id == about["person_id"], incidents.c.ticket_id == about["ticket_id"])
        is_open = select(incidents.c.id).where(*same, incidents.c.closed_at.is_(None)).limit(1)
        if connection.execute(is_open).one_or_none():
            return None
    row = {**_about(about), "id": str(new_id()), "cause": cause, "opened_at": now}
    made = insert(incidents).values(row).on_conflict_do_nothing().returning(incidents.c.id)
    found: str | None = connection.execute(made).scalar_one_or_none()
    return found


def _lock_pair(connection: Connection, about: Mapping[str, Any]) -> None:
    """Hold what is decided about one person and one ticket until the transaction ends."""
    pair = f"{about['person_id']}:{about['ticket_id']}"
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(pair, 0))))


def _about(alarm: Mapping[str, Any]) -> dict[str, Any]:
    return {name: alarm[name] for name in _ABOUT}
