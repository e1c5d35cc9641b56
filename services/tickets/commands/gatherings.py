"""Community events: announced by the desk, signed up for by residents, with one winner for the last place."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts import to_event
from services.contracts.community import EventCancelled, EventMoved, EventPromoted
from services.kit import clock as time
from services.kit import outbox as kit_outbox
from services.kit.errors import Conflict, NotFound, Stale, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets.desk_scope import as_the_desk
from services.tickets.gathering import CANCELLED, COMING, OPEN, WAITING, WITHDRAWN, place_for, to_move_up
from services.tickets.models import communities, outbox
from services.tickets.models.gatherings import gatherings, sign_ups

Gathering = dict[str, Any]

CHANGEABLE = ("title", "description", "location", "need_level", "starts_at", "ends_at", "sign_up_until", "capacity")
WHEN_AND_WHERE = ("starts_at", "ends_at", "location")


def announce(db: Connection, actor: Actor, wanted: Mapping[str, Any]) -> Gathering:
    """Announce an event of a community; raises Invalid naming the field."""
    known = select(communities.c.id).where(communities.c.id == wanted["community_id"])
    if db.execute(known).one_or_none() is None or (
        actor.community_ids and wanted["community_id"] not in actor.community_ids
    ):
        raise invalid_field("community_id", "No community of yours has this id.", "没有您可用的该编号的小区。")
    now = time.now()
    row: Gathering = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": wanted["community_id"],
        **{name: wanted[name] for name in CHANGEABLE},
        "sign_up_until": wanted["sign_up_until"] or wanted["starts_at"],
        "state": OPEN,
        "created_by": actor.id,
        "created_at": now,
        "changed_at": now,
        "version": 1,
    }
    _require_order(row, now)
    db.execute(insert(gatherings).values(row))
    return row


def change_gathering(
    db: Connection, gathering_id: str, changes: Mapping[str, Any], expected: int | None
) -> tuple[Gathering, list[str]]:
    """Change an event; returns it and who moved up from the waiting list. Nobody who has a place loses it.

    Whoever signed up is told of another time or place.
    """
    row = lock_gathering(db, gathering_id, expected)
    now = time.now()
    _require_open(row, now)
    after = {**row, **{name: changes[name] for name in CHANGEABLE if name in changes}}
    if "starts_at" in changes and "sign_up_until" not in changes:
        after["sign_up_until"] = min(after["sign_up_until"], after["starts_at"])
    _require_order(after, now)
    taken, _ = counts_of(db, gathering_id)
    if after["capacity"] < taken:
        raise invalid_field(
            "capacity", f"{taken} people have a place already.", f"已有 {taken} 人报名成功，名额不能少于此数。"
        )
    after |= {"changed_at": now, "version": row["version"] + 1}
    db.execute(update(gatherings).where(gatherings.c.id == gathering_id).values(after))
    if any(after[name] != row[name] for name in WHEN_AND_WHERE):
        _tell(db, EventMoved, after, _signed_up(db, gathering_id))
    return after, _move_up(db, after)


def cancel_gathering(db: Connection, gathering_id: str, expected: int | None) -> Gathering:
    """Call an event off; the list of who had signed up stays."""
    row = lock_gathering(db, gathering_id, expected)
    now = time.now()
    _require_open(row, now)
    after = {**row, "state": CANCELLED, "changed_at": now, "version": row["version"] + 1}
    db.execute(update(gatherings).where(gatherings.c.id == gathering_id).values(after))
    _tell(db, EventCancelled, after, _signed_up(db, gathering_id))
    return after


def sign_up(db: Connection, actor: Actor, gathering_id: str) -> Gathering:
    """Sign up for a place, or for a turn on the waiting list. Again, it changes nothing.

    The event is locked, so that of any number who ask for the last place one gets it.
    """
    row = lock_gathering(db, gathering_id, None)
    now = time.now()
    _require_open(row, now)
    if now >= row["sign_up_until"]:
        raise Conflict("Signing up is over.", "报名已截止。", sign_up_until=row["sign_up_until"].isoformat())
    if _place_of(db, gathering_id, actor.id) in (COMING, WAITING):
        return row
    taken, _ = counts_of(db, gathering_id)
    mine = {
        "gathering_id": gathering_id,
        "person_id": actor.id,
        "organisation_id": actor.organisation_id,
        "community_id": row["community_id"],
        "place": place_for(taken, row["capacity"]),
        "turn": str(new_id()),
        "at": now,
    }
    written = insert(sign_ups).values(mine)
    again = {name: written.excluded[name] for name in ("place", "turn", "at")}
    db.execute(written.on_conflict_do_update(index_elements=["gathering_id", "person_id"], set_=again))
    return row


def withdraw(db: Connection, actor: Actor, gathering_id: str) -> tuple[Gathering, list[str]]:
    """Give a place or turn back; returns the event and who moved up. Locks the event."""
    row = lock_gathering(db, gathering_id, None)
    _require_open(row, time.now())
    if _place_of(db, gathering_id, actor.id) not in (COMING, WAITING):
        raise Conflict("You have not signed up for this event.", "您未报名该活动。")
    mine = (sign_ups.c.gathering_id == gathering_id, sign_ups.c.person_id == actor.id)
    db.execute(update(sign_ups).where(*mine).values(place=WITHDRAWN))
    return row, _move_up(db, row)


def mark_attendance(db: Connection, actor: Actor, gathering_id: str, person_id: str, attended: bool) -> None:
    """Record who came, once the event has begun; raises Invalid for somebody without a place."""
    row = lock_gathering(db, gathering_id, None)
    if row["state"] != OPEN or time.now() < row["starts_at"]:
        raise Conflict("Attendance is recorded once the event has begun.", "活动开始后方可登记到场。")
    with_place = (
        sign_ups.c.gathering_id == gathering_id,
        sign_ups.c.person_id == person_id,
        sign_ups.c.place == COMING,
    )
    if not db.execute(update(sign_ups).where(*with_place).values(attended=attended, marked_by=actor.id)).rowcount:
        raise invalid_field("person_id", "Nobody with this id has a place.", "没有该编号的报名者。")


def lock_gathering(db: Connection, gathering_id: str, expected: int | None) -> Gathering:
    """Lock an event for this transaction; raises NotFound, also beyond the caller's reach, and Stale."""
    row = db.execute(select(gatherings).where(gatherings.c.id == gathering_id).with_for_update()).mappings().first()
    if row is None:
        raise no_such_gathering()
    if expected is not None and expected != row["version"]:
        raise Stale(
            f"The event has changed since you read it (now version {row['version']}). Read it again.",
            f"活动已被更新（当前版本 {row['version']}），请重新读取。",
            version=row["version"],
        )
    return dict(row)


def no_such_gathering() -> NotFound:
    """Return the refusal for an event that is not there, or not theirs."""
    return NotFound("There is no such event.", "没有找到该活动。")


def counts_of(db: Connection, gathering_id: str) -> tuple[int, int]:
    """Return how many have a place and how many wait, of everybody."""
    places = select(
        func.count().filter(sign_ups.c.place == COMING), func.count().filter(sign_ups.c.place == WAITING)
    ).where(sign_ups.c.gathering_id == gathering_id)
    with as_the_desk(db):
        taken, waiting = db.execute(places).one()
    return int(taken), int(waiting)


def _signed_up(db: Connection, gathering_id: str) -> Sequence[str]:
    """Return who has a place or waits for one."""
    theirs = (sign_ups.c.gathering_id == gathering_id, sign_ups.c.place.in_((COMING, WAITING)))
    return db.execute(select(sign_ups.c.person_id).where(*theirs).order_by(sign_ups.c.turn)).scalars().all()


def _place_of(db: Connection, gathering_id: str, person_id: str) -> str | None:
    mine = select(sign_ups.c.place).where(sign_ups.c.gathering_id == gathering_id, sign_ups.c.person_id == person_id)
    place: str | None = db.execute(mine).scalar_one_or_none()
    return place


def _move_up(db: Connection, row: Mapping[str, Any]) -> list[str]:
    """Give free places to those who waited longest; returns them in that order."""
    free = to_move_up(*counts_of(db, row["id"]), row["capacity"])
    if not free:
        return []
    waiting = (sign_ups.c.gathering_id == row["id"], sign_ups.c.place == WAITING)
    first = select(sign_ups.c.person_id).where(*waiting).order_by(sign_ups.c.turn).limit(free)
    with as_the_desk(db):
        moved = list(db.execute(first).scalars())
        db.execute(update(sign_ups).where(*waiting, sign_ups.c.person_id.in_(moved)).values(place=COMING))
    _tell(db, EventPromoted, row, moved)
    return moved


def _tell(
    db: Connection,
    fact: type[EventPromoted | EventMoved | EventCancelled],
    row: Mapping[str, Any],
    people: Sequence[str],
) -> None:
    """Tell each of them, by an event of their own: nobody learns who else signed up."""
    about = {"community_id": row["community_id"], "event_id": row["id"], "starts_at": row["starts_at"]}
    now = time.now()
    told = [
        to_event(fact(**about, requester_id=person), organisation_id=row["organisation_id"], subject=row["id"], at=now)
        for person in people
    ]
    kit_outbox.emit(db, outbox, *told)


def _require_open(row: Mapping[str, Any], now: datetime) -> None:
    if row["state"] == CANCELLED:
        raise Conflict("The event was called off.", "活动已取消。", state=row["state"])
    if now >= row["starts_at"]:
        raise Conflict("The event has begun.", "活动已开始。", starts_at=row["starts_at"].isoformat())


def _require_order(row: Mapping[str, Any], now: datetime) -> None:
    if row["starts_at"] <= now:
        raise invalid_field("starts_at", "The event must lie ahead.", "活动开始时间应晚于现在。")
    if row["ends_at"] <= row["starts_at"]:
        raise invalid_field("ends_at", "The event ends before it starts.", "结束时间应晚于开始时间。")
    if row["sign_up_until"] > row["starts_at"]:
        raise invalid_field("sign_up_until", "Signing up ends before the event starts.", "报名截止不应晚于活动开始。")
