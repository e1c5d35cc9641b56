"""Whom an announcement concerns: they are enrolled, told once each, and reminded while their home has not read it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, literal, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.contracts import to_event
from services.contracts.community import AnnouncementFact, AnnouncementReminded
from services.kit import outbox as kit_outbox
from services.kit.identity import system_actor
from services.tickets import announcing
from services.tickets.commands.filing import Filing, file_ticket
from services.tickets.models import (
    announcement_readers,
    buildings,
    household_circumstances,
    outbox,
    people,
    units,
)

LONGEST_LOCATION = 200
OUTAGE = "outage"  # The channel of the work that an announced outage is.
readers = announcement_readers


def concerns(row: Mapping[str, Any]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the homes that an announcement is for."""
    within: ColumnElement[bool] = true()
    if row["building_ids"] or row["unit_ids"]:
        within = or_(units.c.building_id.in_(row["building_ids"]), units.c.id.in_(row["unit_ids"]))
    return (units.c.community_id == row["community_id"], within)


def enrol(
    db: Connection, row: Mapping[str, Any], told_at: datetime | None, only: Sequence[tuple[str, str]] | None = None
) -> None:
    """Give everybody concerned a row, or those in `only` (person, home); whoever has one keeps it."""
    names = ["announcement_id", "person_id", "unit_id", "organisation_id", "community_id", "told_at"]
    beside = (row["id"], row["organisation_id"], row["community_id"], told_at)
    if only is None:
        an_id, organisation_id, community_id, at = (
            literal(value, readers.c[name].type)
            for name, value in zip(("announcement_id", *names[3:]), beside, strict=True)
        )
        residents = (
            select(an_id, people.c.id, units.c.id, organisation_id, community_id, at)
            .join_from(people, units, units.c.id == people.c.unit_ids.any_())
            .where(people.c.organisation_id == row["organisation_id"], people.c.role == "resident", people.c.active)
            .where(*concerns(row))
        )
        told = upsert(readers).from_select(names, residents)
        first = {"told_at": func.coalesce(readers.c.told_at, told.excluded.told_at)}
        db.execute(told.on_conflict_do_update(index_elements=names[:3], set_=first))
    elif only:
        rows = [dict(zip(names, (row["id"], person, unit, *beside[1:]), strict=True)) for person, unit in only]
        db.execute(upsert(readers).on_conflict_do_nothing(), rows)


def tell(db: Connection, fact: type[AnnouncementFact], row: Mapping[str, Any], now: datetime) -> int:
    """Tell everybody who was enrolled when it was published or changed, by an event of their own; returns how many."""
    mine = select(readers.c.person_id).distinct().where(readers.c.announcement_id == row["id"])
    told = db.execute(mine.where(readers.c.told_at.is_not(None)).order_by(readers.c.person_id)).scalars().all()
    _emit(db, row, now, [_fact(fact, row, now, person) for person in told])
    return len(told)


def remind(db: Connection, row: Mapping[str, Any], now: datetime) -> int:
    """Remind the homes in which nobody has read it; returns how many homes. The desk also rings those who live there
    with what makes an outage worse for them, as they agreed to have noted.
    """
    other = readers.alias("other")
    has_read = exists().where(
        other.c.announcement_id == readers.c.announcement_id,
        other.c.unit_id == readers.c.unit_id,
        other.c.read_version >= row["told_version"],
    )
    agreed = exists().where(
        household_circumstances.c.unit_id == readers.c.unit_id, household_circumstances.c.until > now
    )
    unread = (
        select(readers.c.person_id, readers.c.unit_id, agreed.label("call"))
        .where(readers.c.announcement_id == row["id"], readers.c.told_at.is_not(None), ~has_read)
        .order_by(readers.c.person_id, readers.c.unit_id)
    )
    found = db.execute(unread).all()
    called = _to_call(found)
    people_of = dict.fromkeys(one.person_id for one in found)
    _emit(db, row, now, [_fact(AnnouncementReminded, row, now, one, call=one in called) for one in people_of])
    mine = (readers.c.announcement_id == row["id"], readers.c.person_id.in_(list(people_of)))
    db.execute(update(readers).where(*mine).values(reminded_at=now))
    return len({one.unit_id for one in found})


def _to_call(found: Sequence[Row[Any]]) -> set[str]:
    """Return one person of each home that is to be rung."""
    return set({one.unit_id: one.person_id for one in found if one.call}.values())


def file_work(db: Connection, row: Mapping[str, Any]) -> str:
    """File the request that an outage's work is done under, for its community's shared place; returns its id."""
    title = row["title_zh"] or row["title_en"]
    within = select(buildings.c.name).where(buildings.c.id.in_(row["building_ids"])).order_by(buildings.c.name)
    where = "、".join(db.execute(within).scalars())
    filing = Filing(
        description="\n".join(row[name] for name in ("body_zh", "body_en") if row[name]),
        title=title,
        catalogue_code=announcing.ITEMS[row["kind"]],
        community_id=row["community_id"],
        location=where[:LONGEST_LOCATION] or None,
        urgency=announcing.URGENT,
        channel=OUTAGE,
    )
    return str(file_ticket(db, system_actor(row["organisation_id"]), filing)["id"])


def _fact(
    fact: type[AnnouncementFact], row: Mapping[str, Any], now: datetime, person_id: str, **more: bool
) -> AnnouncementFact:
    kind, planned, starts_at = row["kind"], row["planned"], row["starts_at"]
    return fact(
        community_id=row["community_id"],
        requester_id=person_id,
        announcement_id=row["id"],
        kind=kind,
        planned=planned,
        starts_at=starts_at,
        ends_at=row["ends_at"],
        urgency=announcing.urgency_of(kind, planned=planned, starts_at=starts_at, told_at=now),
        need_level=announcing.need_level_of(kind),
        version=row["version"],
        **more,
    )


def _emit(db: Connection, row: Mapping[str, Any], now: datetime, told: Sequence[AnnouncementFact]) -> None:
    about = {"organisation_id": row["organisation_id"], "subject": row["id"], "at": now}
    kit_outbox.emit(db, outbox, *(to_event(fact, **about) for fact in told))
