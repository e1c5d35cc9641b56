"""Community events as residents and staff see them, with who signed up."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal, select, tuple_

from services.kit import clock as time
from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets.commands.gatherings import no_such_gathering
from services.tickets.desk_scope import as_the_desk
from services.tickets.gathering import COMING, WAITING
from services.tickets.models import Moment
from services.tickets.models.gatherings import gatherings, sign_ups
from services.tickets.queries.views import moment

_KEPT = ("id", "community_id", "title", "description", "location", "need_level", "capacity", "state", "version")
_MOMENTS = ("starts_at", "ends_at", "sign_up_until", "created_at", "changed_at")


def one_gathering(db: Connection, actor: Actor, gathering_id: str) -> dict[str, Any]:
    """Return an event; raises NotFound."""
    row = db.execute(select(gatherings).where(gatherings.c.id == gathering_id)).mappings().one_or_none()
    if row is None:
        raise no_such_gathering()
    return _views(db, actor, [dict(row)])[0]


def list_gatherings(
    db: Connection, actor: Actor, limit: int, after: str | None, *, community_id: str | None, past: bool
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of events: those still to end in the order they start, or those that are over, the latest first."""
    key = (gatherings.c.starts_at, gatherings.c.id)
    over = gatherings.c.ends_at <= time.now()
    statement = select(gatherings).where(over if past else ~over).limit(limit + 1)
    statement = statement.order_by(*(column.desc() if past else column.asc() for column in key))
    if community_id is not None:
        statement = statement.where(gatherings.c.community_id == community_id)
    if actor.role != "resident" and actor.community_ids:
        statement = statement.where(gatherings.c.community_id.in_(actor.community_ids))
    cursor = read_cursor(after, datetime, uuid.UUID)
    if cursor is not None:
        last = tuple_(literal(cursor[0], Moment), cursor[1])
        statement = statement.where(tuple_(*key) < last if past else tuple_(*key) > last)
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "starts_at", "id")
    return _views(db, actor, [dict(row) for row in shown]), more


def _views(db: Connection, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    ids = [row["id"] for row in rows]
    places = select(
        sign_ups.c.gathering_id,
        func.count().filter(sign_ups.c.place == COMING).label("taken"),
        func.count().filter(sign_ups.c.place == WAITING).label("waiting"),
        func.count().filter(sign_ups.c.attended).label("attended"),
    ).where(sign_ups.c.gathering_id.in_(ids))
    with as_the_desk(db):
        counts = {row.gathering_id: row for row in db.execute(places.group_by(sign_ups.c.gathering_id))}
    own = select(sign_ups.c.gathering_id, sign_ups.c.place).where(
        sign_ups.c.gathering_id.in_(ids), sign_ups.c.person_id == actor.id
    )
    mine: dict[str, str] = {row.gathering_id: row.place for row in db.execute(own)}
    return [
        {
            **{name: row[name] for name in _KEPT},
            **{name: moment(row[name]) for name in _MOMENTS},
            **{
                name: int(getattr(counts[row["id"]], name)) if row["id"] in counts else 0
                for name in ("taken", "waiting", "attended")
            },
            "my_place": mine.get(row["id"]),
        }
        for row in rows
    ]


def sign_ups_of(
    db: Connection, actor: Actor, gathering_id: str, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of who signed up, in the order of their turns, for the desk."""
    one_gathering(db, actor, gathering_id)
    statement = (
        select(sign_ups).where(sign_ups.c.gathering_id == gathering_id).order_by(sign_ups.c.turn).limit(limit + 1)
    )
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        statement = statement.where(sign_ups.c.turn > str(cursor[0]))
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "turn")
    turns = [
        {
            "person_id": row["person_id"],
            "place": row["place"],
            "attended": row["attended"],
            "at": moment(row["at"]),
        }
        for row in shown
    ]
    return turns, more
