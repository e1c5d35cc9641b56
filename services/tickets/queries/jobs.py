"""A crew member's own jobs, whole: everything that is needed about them where there is no signal."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from services.kit import clock as time
from services.kit.http import version_tag
from services.kit.identity import Actor
from services.tickets import lifecycle, pool, service_levels
from services.tickets.books import books_of, policy_of
from services.tickets.clock_view import NOT_LATER, clock_view
from services.tickets.models import NAMED_TICKETS, buildings, history, people, photos, remarks, tickets
from services.tickets.models.plans import ticket_checkpoints
from services.tickets.plans.labels import same_label
from services.tickets.queries.contacts import numbers_of
from services.tickets.queries.plans import checkpoint_view
from services.tickets.queries.views import moment, ticket_view
from services.tickets.sla import wording
from services.tickets.sla.clocks import Clock
from services.tickets.sla.targets import CLAIM

# More than anybody carries at once; and what is said last of each is what is still to be known.
MOST_JOBS = 100
LAST_REMARKS = 20
_REMARK = ("id", "kind", "author_id", "author_role", "visible", "body")
_PHOTO = ("id", "author_id", "author_role", "width", "height")

_NEVER = datetime.max.replace(tzinfo=UTC)

Row = dict[str, Any]


def jobs_of(db: Connection, actor: Actor) -> list[Row]:
    """Return the jobs a crew member is accountable for, the nearest deadline first; eight statements for all of them.

    Nothing in it changes by time alone, so that the same answer is told by its ETag; what time is left of a clock is
    for the reader to count from its `due_at`.
    """
    mine = NAMED_TICKETS.add_columns(buildings.c.name.label("building_name"))
    mine = mine.where(tickets.c.owner_id == actor.id, tickets.c.status.in_(lifecycle.HELD))
    rows = [dict(row) for row in db.execute(mine.order_by(tickets.c.filed_at).limit(MOST_JOBS)).mappings()]
    ids = [row["id"] for row in rows]
    past = _by_ticket(db, history, ids, history.c.seq)
    said = _remarks(db, ids)
    shown = _by_ticket(db, photos, ids, photos.c.at, photos.c.id)
    points = _checkpoints(db, ids)
    phones = numbers_of(db, ids)
    jobs = []
    for row in rows:
        key = row["id"]
        job = _job(db, actor, row, past[key])
        job["checklist"] = [checkpoint_view(point) for point in points.get(key, ())]
        job["phone"] = phones.get(key)
        job["remarks"] = [_kept(one, _REMARK) for one in said.get(key, ())]
        job["photos"] = [_kept(one, _PHOTO) for one in shown.get(key, ())]
        jobs.append(job)
    return sorted(jobs, key=_pressing)


def _job(db: Connection, actor: Actor, row: Row, entries: list[Row]) -> Row:
    library = books_of(db, row["organisation_id"], row["community_id"], entries)
    found = service_levels.clocks_of(entries, row["community_id"], library, time.now())
    policy = policy_of(db, row["organisation_id"], row["policy_version"])
    return {
        "ticket": ticket_view(row, actor),
        "etag": version_tag(row["version"])["ETag"],
        "timezone": row["timezone"],
        "building_name": row["building_name"],
        "household": f"/api/v1/households/{row['unit_id']}" if row["unit_id"] else None,
        "clocks": [_clock(clock) for clock in found if clock.kind != CLAIM],
        "pauses": [
            {"reason": code, "name": dict(wording.reason(code)), "longest_seconds": seconds}
            for code, seconds in policy.pauses.items()
        ],
        "longest_back_seconds": policy.longest_back,
    }


# What changes with every second and says nothing that `due_at` and the pauses do not.
_PASSING = ("contract_seconds", "lived_seconds", "pause_seconds", "remaining_seconds")


def _clock(clock: Clock) -> Row:
    return {name: value for name, value in {**NOT_LATER, **clock_view(clock)}.items() if name not in _PASSING}


def _kept(row: Row, names: tuple[str, ...]) -> Row:
    return {**{name: row[name] for name in names}, "at": moment(row["at"])}


def _pressing(job: Row) -> tuple[datetime, str]:
    due = [
        datetime.fromisoformat(clock["due_at"])
        for clock in job["clocks"]
        if clock["due_at"] and clock["stopped_at"] is None and clock["clock"] in pool.CREWS_CLOCKS
    ]
    agreed = (job["ticket"]["appointment"] or {}).get("agreed")
    # Whoever is expected is to be there before the window is over.
    due += [datetime.fromisoformat(agreed["to"])] if agreed else []
    filed_at: str = job["ticket"]["filed_at"]
    return min(due, default=_NEVER), filed_at


def _by_ticket(db: Connection, table: Table, ids: list[str], *order: Any) -> dict[str, list[Row]]:
    return _gathered(db.execute(select(table).where(table.c.ticket_id.in_(ids)).order_by(*order)).mappings())


def _remarks(db: Connection, ids: list[str]) -> dict[str, list[Row]]:
    """Return the last words about each job, oldest first."""
    newest = (remarks.c.at.desc(), remarks.c.id.desc())
    place = func.row_number().over(partition_by=remarks.c.ticket_id, order_by=newest)
    told = select(remarks, place.label("place")).where(remarks.c.ticket_id.in_(ids)).subquery()
    last = select(told).where(told.c.place <= LAST_REMARKS).order_by(told.c.at, told.c.id)
    return _gathered(db.execute(last).mappings())


def _checkpoints(db: Connection, ids: list[str]) -> dict[str, list[Row]]:
    table = ticket_checkpoints
    wanted = select(table, people.c.badge).outerjoin(people, people.c.id == table.c.ticked_by)
    return _gathered(db.execute(wanted.where(table.c.ticket_id.in_(ids)).order_by(table.c.n)).mappings())


def _gathered(rows: Iterable[Mapping[Any, Any]]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["ticket_id"], []).append(dict(row))
    return found


def checkpoints_with(db: Connection, actor: Actor, code: str) -> list[dict[str, Any]]:
    """Return the checkpoints whose label says `code` on the rounds the actor walks, those not looked at yet first."""
    table = ticket_checkpoints
    walked = (
        select(table, people.c.badge)
        .join(tickets, tickets.c.id == table.c.ticket_id)
        .outerjoin(people, people.c.id == table.c.ticked_by)
        .where(tickets.c.owner_id == actor.id, tickets.c.status.in_(lifecycle.HELD), table.c.code.is_not(None))
        .order_by(table.c.ticked_at.nulls_first(), table.c.ticket_id, table.c.n)
    )
    rows = (dict(row) for row in db.execute(walked).mappings())
    return [{"ticket_id": row["ticket_id"], **checkpoint_view(row)} for row in rows if same_label(code, row["code"])]
