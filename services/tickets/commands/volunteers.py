"""Volunteers: what they offer, and the hours they gave, which count once the desk has confirmed them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from services.kit import clock as time
from services.kit.errors import Conflict, Forbidden, NotFound, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets.gathering import CONFIRMED, DECLINED, RECORDED
from services.tickets.models import communities, units
from services.tickets.models.gatherings import gatherings, volunteer_hours, volunteers

# What was done longer ago nobody at the desk can confirm.
LONGEST_AGO = timedelta(days=366)


def offer(db: Connection, actor: Actor, *, skills: list[str], note: str | None, community_id: str | None) -> None:
    """Offer one's help, or take the offer back by offering no skill. The newest offer counts; hours stay."""
    if not skills:
        db.execute(delete(volunteers).where(volunteers.c.person_id == actor.id))
        return
    row = {
        "person_id": actor.id,
        "organisation_id": actor.organisation_id,
        "community_id": _own_community(db, actor, community_id),
        "skills": sorted(set(skills)),
        "note": note,
        "offered_at": time.now(),
    }
    written = insert(volunteers).values(row)
    again = {name: written.excluded[name] for name in ("community_id", "skills", "note", "offered_at")}
    db.execute(written.on_conflict_do_update(index_elements=["person_id"], set_=again))


def record_hours(db: Connection, actor: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """Record time given: a volunteer their own, the desk anybody's who offers help. It waits to be confirmed."""
    person_id = given.get("person_id") or actor.id
    if actor.role == "resident" and person_id != actor.id:
        raise Forbidden("You record your own hours.", "您只能登记本人的志愿时长。")
    of_person = select(volunteers.c.community_id, communities.c.timezone).join(
        communities, communities.c.id == volunteers.c.community_id
    )
    found = db.execute(of_person.where(volunteers.c.person_id == person_id)).one_or_none()
    if found is None:
        raise invalid_field("person_id", "Nobody with this id offers help here.", "没有该编号的志愿者。")
    now = time.now()
    today = now.astimezone(ZoneInfo(found.timezone)).date()
    if not today - LONGEST_AGO <= given["on_date"] <= today:
        raise invalid_field("on_date", "Give a day that has come, within the last year.", "日期应为今天或过去一年内。")
    if given.get("gathering_id") is not None:
        known = select(gatherings.c.id).where(gatherings.c.id == given["gathering_id"])
        if db.execute(known).one_or_none() is None:
            raise invalid_field("event_id", "There is no such event.", "没有找到该活动。")
    row = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": found.community_id,
        "person_id": person_id,
        "gathering_id": given.get("gathering_id"),
        "on_date": given["on_date"],
        "minutes": given["minutes"],
        "what": given["what"],
        "state": RECORDED,
        "recorded_by": actor.id,
        "recorded_at": now,
        "decided_by": None,
        "decided_at": None,
        "reason": None,
    }
    db.execute(insert(volunteer_hours).values(row))
    return row


def decide_hours(db: Connection, actor: Actor, hours_id: str, *, confirmed: bool, reason: str | None) -> dict[str, Any]:
    """Confirm hours, or decline them with a reason, once. Raises NotFound and Conflict."""
    of_hours = volunteer_hours.c.id == hours_id
    row = db.execute(select(volunteer_hours).where(of_hours).with_for_update()).mappings().one_or_none()
    if row is None:
        raise NotFound("There are no such hours.", "没有找到该时长记录。")
    if row["state"] != RECORDED:
        raise Conflict("These hours are decided.", "该时长已审核。", state=row["state"])
    if not confirmed and reason is None:
        raise invalid_field("reason", "Say why these hours are declined.", "请说明不予确认的原因。")
    change = {
        "state": CONFIRMED if confirmed else DECLINED,
        "decided_by": actor.id,
        "decided_at": time.now(),
        "reason": reason,
    }
    db.execute(update(volunteer_hours).where(of_hours).values(change))
    return {**row, **change}


def _own_community(db: Connection, actor: Actor, given: str | None) -> str:
    rows = db.execute(select(units.c.community_id).where(units.c.id.in_(actor.unit_ids)).distinct()).scalars().all()
    if given is None and len(rows) == 1:
        return str(rows[0])
    if given not in rows:
        raise invalid_field("community_id", "Name a community where you live.", "请填写您居住的小区。")
    return str(given)
