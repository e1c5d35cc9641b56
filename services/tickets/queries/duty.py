"""Shifts as they are shown, and who is on duty."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.kit.errors import NotFound
from services.kit.http import cut, read_cursor
from services.kit.identity import Actor
from services.tickets import duty
from services.tickets.clock_view import moment
from services.tickets.desk_scope import as_the_desk
from services.tickets.duty import Shift, Window
from services.tickets.models import communities, people
from services.tickets.models.shifts import days_off, shifts

_OFF = (
    select(func.array_agg(aggregate_order_by(days_off.c.on_date, days_off.c.on_date)))
    .where(days_off.c.shift_id == shifts.c.id)
    .scalar_subquery()
    .label("off")
)
_SHIFTS = (
    select(shifts, _OFF, communities.c.timezone, communities.c.name.label("community_name"), people.c.badge)
    .join(communities, communities.c.id == shifts.c.community_id)
    .outerjoin(people, people.c.id == shifts.c.person_id)
)


@dataclass(frozen=True)
class Duty:
    """Who is on duty at a moment, and of whom any shift is known at all: of the others nothing is said."""

    windows: Mapping[str, Window]
    rostered: frozenset[str]

    def until(self, person_id: str) -> datetime | None:
        """Return until when somebody is on duty, None where they are not."""
        window = self.windows.get(person_id)
        return window.ends_at if window else None

    def says(self, person_id: str) -> bool | None:
        """Say whether somebody is on duty; None where no shift of theirs is known."""
        return person_id in self.windows if person_id in self.rostered else None


def duty_at(db: Connection, at: datetime, communities_of: Iterable[str] = ()) -> Duty:
    """Return who is on duty in the caller's communities, or in these, at a moment."""
    wanted = list(communities_of)
    known = _shifts(db, wanted, at, at)
    rostered = select(shifts.c.person_id).distinct()
    if wanted:
        rostered = rostered.where(shifts.c.community_id.in_(wanted))
    return Duty(duty.on_duty(known, at), frozenset(db.execute(rostered).scalars()))


def on_duty_list(db: Connection, at: datetime, community_id: str | None) -> list[dict[str, Any]]:
    """Return the crew on duty at a moment, with their skills, and when each began and ends."""
    found = duty_at(db, at, [community_id] if community_id else []).windows
    staff = {row["id"]: row for row in _crew(db, found)}
    return [
        {
            "person_id": person,
            "badge": staff[person]["badge"],
            "skills": staff[person]["skills"],
            **_window_view(window),
        }
        for person, window in sorted(found.items(), key=lambda one: (one[1].ends_at, one[0]))
        if person in staff
    ]


def roster(db: Connection, since: datetime, until: datetime, community_id: str | None) -> list[dict[str, Any]]:
    """Return every time on duty between two moments, in order."""
    known = _shifts(db, [community_id] if community_id else [], since, until)
    found = [window for shift in known for window in duty.windows(shift, since, until)]
    staff = {row["id"]: row for row in _crew(db, {one.shift.person_id for one in found})}
    return [
        {"person_id": one.shift.person_id, "badge": staff[one.shift.person_id]["badge"], **_window_view(one)}
        for one in sorted(found, key=lambda one: (one.begins_at, one.ends_at, one.shift.id))
        if one.shift.person_id in staff
    ]


class Ready:
    """The crew on duty at a moment, read once for a page of jobs."""

    def __init__(self, db: Connection, at: datetime) -> None:
        by_community: dict[str, list[Shift]] = {}
        for shift in _shifts(db, [], at, at):
            by_community.setdefault(shift.community_id, []).append(shift)
        self._present = {key: duty.on_duty(shifts, at) for key, shifts in by_community.items()}
        people_there = {person for windows in self._present.values() for person in windows}
        self._crew = {row["id"]: row for row in _crew(db, people_there)}

    def for_job(self, job: Mapping[Any, Any]) -> list[dict[str, Any]]:
        """Return who is on duty in a job's community with a skill for it."""
        wanted = set(job["skills"])
        return [
            {"id": person, "badge": self._crew[person]["badge"], "until": moment(window.ends_at)}
            for person, window in sorted(self._present.get(job["community_id"], {}).items())
            if person in self._crew and not wanted.isdisjoint(self._crew[person]["skills"])
        ]


def able_crews(db: Connection, tickets: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return by ticket id the active crew of each ticket's community with a skill for it, in one statement for all."""
    if not tickets:
        return {}
    wanted = select(people.c.id, people.c.organisation_id, people.c.community_ids, people.c.skills).where(
        people.c.organisation_id.in_({ticket["organisation_id"] for ticket in tickets}),
        people.c.role == "crew",
        people.c.active,
    )
    crew = db.execute(wanted.order_by(people.c.id)).all()
    return {
        ticket["id"]: tuple(
            one.id
            for one in crew
            if one.organisation_id == ticket["organisation_id"]
            and (not one.community_ids or ticket["community_id"] in one.community_ids)
            and not set(one.skills).isdisjoint(ticket["skills"])
        )
        for ticket in tickets
    }


def first_to_hear(db: Connection, ticket: Mapping[str, Any], at: datetime) -> tuple[str, ...]:
    """Return the crew who hear of an emergency first: of those who could take it, who is on duty, or else all.

    Asked as the desk: whoever files sees nothing of the roster.
    """
    with as_the_desk(db):
        able = able_crews(db, [ticket])[ticket["id"]]
        present = duty_at(db, at, [ticket["community_id"]]).windows
    return tuple(one for one in able if one in present) or able


def list_shifts(
    db: Connection, *, limit: int, after: str | None, community_id: str | None, person_id: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of shifts, and the next cursor or None."""
    wanted = _SHIFTS
    if community_id is not None:
        wanted = wanted.where(shifts.c.community_id == community_id)
    if person_id is not None:
        wanted = wanted.where(shifts.c.person_id == person_id)
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        wanted = wanted.where(shifts.c.id > str(cursor[0]))
    rows = db.execute(wanted.order_by(shifts.c.id).limit(limit + 1)).mappings().all()
    shown, more = cut(rows, limit, "id")
    return [shift_view(row) for row in shown], more


def one_shift(db: Connection, shift_id: str) -> dict[str, Any]:
    """Return a shift as it is shown; raises NotFound."""
    row = db.execute(_SHIFTS.where(shifts.c.id == shift_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such shift.", "没有该班次。")
    return shift_view(row)


def shift_view(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a shift as it is shown: dates and times as on the wall of its community."""
    kept = ("id", "community_id", "community_name", "timezone", "person_id", "badge", "rrule", "version")
    return {
        **{name: row[name] for name in kept},
        "first_on": row["first_on"].isoformat(),
        "last_on": row["last_on"].isoformat() if row["last_on"] else None,
        "begins": f"{row['begins']:%H:%M}",
        "ends": f"{row['ends']:%H:%M}",
        "days_off": [day.isoformat() for day in row["off"] or ()],
        "changed_by": row["changed_by"],
        "changed_at": moment(row["changed_at"]),
    }


def seen_by(actor: Actor, person_id: str | None) -> str | None:
    """Return whose shifts somebody may list: crews their own."""
    return actor.id if actor.role == "crew" else person_id


def _shifts(db: Connection, wanted: Sequence[str], since: datetime, until: datetime) -> list[Shift]:
    """Return the shifts that could have a time between two moments: a day's grace holds every zone and night."""
    query = _SHIFTS.where(
        shifts.c.first_on <= func.date(until) + 1,
        shifts.c.last_on.is_(None) | (shifts.c.last_on >= func.date(since) - 2),
    )
    if wanted:
        query = query.where(shifts.c.community_id.in_(wanted))
    kept = ("id", "person_id", "community_id", "timezone", "first_on", "last_on", "begins", "ends", "rrule")
    return [
        Shift(**{name: row[name] for name in kept}, off=frozenset(row["off"] or ()))
        for row in db.execute(query).mappings()
    ]


def _crew(db: Connection, ids: Iterable[str]) -> Sequence[Mapping[Any, Any]]:
    wanted = select(people.c.id, people.c.badge, people.c.skills).where(people.c.id.in_(list(ids)), people.c.active)
    return db.execute(wanted).mappings().all()


def _window_view(window: Window) -> dict[str, Any]:
    return {
        "shift_id": window.shift.id,
        "community_id": window.shift.community_id,
        "begins_at": moment(window.begins_at),
        "ends_at": moment(window.ends_at),
    }
