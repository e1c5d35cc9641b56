"""What the desk and its crews look at: the pool, the places, the staff, and what dispatchers corrected."""

import re
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from cachetools import LRUCache, TTLCache
from sqlalchemy import Connection, Result, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from services.kit import clock as time
from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets import lifecycle
from services.tickets import pool as order
from services.tickets.models import (
    UNIT_NAME,
    Moment,
    buildings,
    clocks,
    communities,
    people,
    refilings,
    tickets,
    units,
)
from services.tickets.queries.duty import Ready, duty_at
from services.tickets.queries.views import moment
from services.tickets.triage import Corrections, learn

# Beyond this many, the oldest corrections say little that the newer do not.
REMEMBERED_REFILINGS = 500
_FAR = datetime(9999, 1, 1, tzinfo=UTC)


def pool(
    db: Connection, actor: Actor, limit: int, after: str | None, locale: str
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the jobs `actor` can take, most pressing first, each with why, and the next cursor."""
    due = (
        select(clocks.c.ticket_id, func.min(clocks.c.due_at).label("at"))
        .where(clocks.c.stopped_at.is_(None), clocks.c.kind.in_(order.CREWS_CLOCKS))
        .group_by(clocks.c.ticket_id)
        .subquery()
    )
    rank = case(order.URGENCY_RANK, value=tickets.c.urgency).label("rank")
    level = func.coalesce(tickets.c.need_level, order.NO_LEVEL).label("level")
    due_at = func.coalesce(due.c.at, literal(_FAR, clocks.c.due_at.type)).label("due_at")
    unowned = or_(
        tickets.c.status.in_(lifecycle.POOL),
        and_(tickets.c.status == "reopened", tickets.c.owner_id.is_(None)),
    )
    statement = (
        select(tickets, communities.c.name.label("community_name"), UNIT_NAME, rank, level, due_at)
        .join(communities, communities.c.id == tickets.c.community_id)
        .outerjoin(units, units.c.id == tickets.c.unit_id)
        .outerjoin(buildings, buildings.c.id == units.c.building_id)
        .outerjoin(due, due.c.ticket_id == tickets.c.id)
        .where(unowned, tickets.c.joined_to.is_(None))
        .order_by(rank, level, due_at, tickets.c.id)
        .limit(limit + 1)
    )
    if actor.role == "crew":
        statement = statement.where(tickets.c.skills.overlap(list(actor.skills)))
    cursor = read_cursor(after, int, int, datetime, uuid.UUID)
    if cursor is not None:
        last = tuple_(*cursor[:2], literal(cursor[2], Moment), cursor[3])
        statement = statement.where(tuple_(rank, level, due_at, tickets.c.id) > last)
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "rank", "level", "due_at", "id")
    next_due = _next_due(db, [row["id"] for row in shown])
    now = time.now()
    ready = Ready(db, now)
    jobs = [
        {**_job({**row, **next_due.get(row["id"], _NO_CLOCK)}, now, locale), "on_duty": ready.for_job(row)}
        for row in shown
    ]
    return jobs, more


_NO_CLOCK: dict[str, Any] = {"next_due_at": None, "next_due_clock": None}


def _next_due(db: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the nearest deadline of each ticket and which clock it is."""
    rows = db.execute(
        select(clocks.c.ticket_id, clocks.c.due_at, clocks.c.kind)
        .ext(distinct_on(clocks.c.ticket_id))
        .where(clocks.c.ticket_id.in_(ids), clocks.c.stopped_at.is_(None), clocks.c.kind.in_(order.CREWS_CLOCKS))
        .where(clocks.c.due_at.is_not(None))
        .order_by(clocks.c.ticket_id, clocks.c.due_at)
    )
    return {row.ticket_id: {"next_due_at": row.due_at, "next_due_clock": row.kind} for row in rows}


def _job(row: dict[str, Any], now: datetime, locale: str) -> dict[str, Any]:
    kept = (
        "id", "number", "status", "title", "location", "community_id", "community_name", "unit_id", "unit_name",
        "catalogue_code", "work_type", "need_level", "urgency", "skills", "version", "next_due_clock",
    )  # fmt: skip
    return {
        **{name: row[name] for name in kept},
        "filed_at": moment(row["filed_at"]),
        "next_due_at": moment(row["next_due_at"]),
        "because": order.reasons(row, now, locale),
    }


def places_of(
    db: Connection,
    actor: Actor,
    limit: int,
    after: str | None,
    ids: Sequence[str] = (),
    said: str | None = None,
    community_id: uuid.UUID | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of units with building and community: a resident's own homes, staff's communities'.

    With `ids` only those, with `community_id` those of it alone, and with `said` those that have each of its words in
    the name of community, building or unit, and the one whose code it is.
    """
    statement = (
        select(units, buildings.c.name.label("building"), communities.c.name.label("community"))
        .join(buildings, buildings.c.id == units.c.building_id)
        .join(communities, communities.c.id == units.c.community_id)
        .order_by(units.c.id)
        .limit(limit + 1)
    )
    if actor.role != "resident" and actor.community_ids:
        statement = statement.where(units.c.community_id.in_(actor.community_ids))
    if ids:
        statement = statement.where(units.c.id.in_(ids))
    if community_id:
        statement = statement.where(units.c.community_id == str(community_id))
    whole = func.concat_ws(" ", communities.c.name, buildings.c.name, units.c.name)
    if said:
        called = (whole.icontains(one, autoescape=True) for one in re.split(r"[\s,，、-]+", said))
        statement = statement.where(or_(and_(*called), func.lower(units.c.code) == said.lower()))
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        statement = statement.where(units.c.id > str(cursor[0]))
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "id")
    named = [
        {
            "id": row["id"],
            "name": row["name"],
            "code": row["code"],
            "closed_at": moment(row["closed_at"]),
            "building": row["building"],
            "community": {"id": row["community_id"], "name": row["community"]},
        }
        for row in shown
    ]
    return named, more


def communities_of(db: Connection, actor: Actor) -> list[dict[str, Any]]:
    """Return the communities the caller may act in."""
    shown = ("id", "name", "code", "timezone", "version", "closed_at")
    statement = select(*(communities.c[name] for name in shown)).order_by(communities.c.name)
    if actor.community_ids:
        statement = statement.where(communities.c.id.in_(actor.community_ids))
    return [{**row, "closed_at": moment(row["closed_at"])} for row in _plain(db.execute(statement))]


def staff_of(db: Connection, actor: Actor) -> list[dict[str, Any]]:
    """Return the active staff with role, badge, skills and whether they are on duty, for whoever assigns a job."""
    rows = db.execute(
        select(people.c.id, people.c.role, people.c.badge, people.c.skills, people.c.community_ids)
        .where(people.c.role != "resident", people.c.active)
        .where(people.c.organisation_id == actor.organisation_id)
        .order_by(people.c.role, people.c.badge, people.c.id)
    )
    duty = duty_at(db, time.now())
    return [
        {**row, "on_duty": duty.says(row["id"]), "on_duty_until": moment(duty.until(row["id"]))} for row in _plain(rows)
    ]


def _plain(rows: Result[Any]) -> list[dict[str, Any]]:
    """Return rows as they are dumped: SQLAlchemy's column names are no plain strings, and orjson refuses them."""
    return [{str(name): value for name, value in row.items()} for row in rows.mappings()]


def corrections_of(db: Connection, organisation_id: str) -> Corrections:
    """Return what this organisation's dispatchers re-filed, as evidence for triage.

    The same evidence serves every request until a dispatcher corrects again, which is asked once a second.
    """
    with _LOCK:
        recent = _RECENT.get(organisation_id)
    if recent is not None:
        return recent
    with _as_the_desk(db):
        newest = db.execute(
            select(func.max(refilings.c.id)).where(refilings.c.organisation_id == organisation_id)
        ).scalar_one()
        known = _LEARNT.get(organisation_id)
        if known is None or known[0] != newest:
            known = (newest, _learn(db, organisation_id) if newest else Corrections())
    with _LOCK:
        _LEARNT[organisation_id] = known
        _RECENT[organisation_id] = known[1]
    return known[1]


@contextmanager
def _as_the_desk(db: Connection) -> Iterator[None]:
    """Read as the desk itself for a moment: corrections hold other people's words, which no resident may read.

    What a resident's request learns from them is only the catalogue item they were filed under.
    """
    role = db.execute(select(func.current_setting("doorstep.role", True))).scalar_one()
    db.execute(select(func.set_config("doorstep.role", "system", True)))
    yield
    db.execute(select(func.set_config("doorstep.role", role or "", True)))


def _learn(db: Connection, organisation_id: str) -> Corrections:
    rows = db.execute(
        select(refilings.c.words, refilings.c.to_code)
        .where(refilings.c.organisation_id == organisation_id)
        .order_by(refilings.c.id.desc())
        .limit(REMEMBERED_REFILINGS)
    )
    return learn([(row.words, row.to_code) for row in rows])


_LOCK = threading.Lock()
_LEARNT: LRUCache[str, tuple[int | None, Corrections]] = LRUCache(1000)
_RECENT: TTLCache[str, Corrections] = TTLCache(1000, ttl=1.0)
