"""What is remembered about a home: changed by who lives there or by the desk, and each look at it written down."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from services.kit import clock as time
from services.kit.errors import Forbidden, Invalid, NotFound, Stale, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets.lifecycle import HELD
from services.tickets.models import (
    UNIT_NAME,
    buildings,
    communities,
    household_circumstances,
    household_equipment,
    household_views,
    households,
    people,
    tickets,
    units,
)

Home = Mapping[str, Any]
# Older than that is nothing that a home's life runs on.
EARLIEST = date(1900, 1, 1)


def home_of(db: Connection, actor: Actor, unit_id: str) -> Home:
    """Return the ids and names of a home within the actor's reach; raises NotFound for any other."""
    wanted = (
        select(
            units.c.id.label("unit_id"),
            UNIT_NAME,
            communities.c.id.label("community_id"),
            communities.c.name.label("community_name"),
            communities.c.timezone,
        )
        .join_from(units, communities, communities.c.id == units.c.community_id)
        .join(buildings, buildings.c.id == units.c.building_id)
        .where(units.c.id == unit_id)
    )
    row = db.execute(wanted).mappings().one_or_none()
    within = row is not None and (
        unit_id in actor.unit_ids
        if actor.role == "resident"
        else not actor.community_ids or row["community_id"] in actor.community_ids
    )
    if row is None or not within:
        raise NotFound("There is no such home within your reach.", "没有您可查看的该房屋。")
    return dict(row)


def look_at(db: Connection, actor: Actor, home: Home, *, ticket_id: str | None, purpose: str | None) -> None:
    """Write down who looks at a home's record and why, before it is shown; raises Invalid or Forbidden.

    The household itself needs no reason, and a crew member's is the job they have there.
    """
    if actor.role == "resident":
        ticket_id, purpose = None, "own"
    elif actor.role == "crew":
        ticket_id, purpose = _job_there(db, actor, home["unit_id"]), None
    elif (ticket_id is None) == (purpose is None):
        raise invalid_field(
            "purpose",
            "Say why you look: give either ticket_id or purpose.",
            "请说明查看原因：填写 ticket_id 或 purpose 之一。",
        )
    elif ticket_id is not None and not _is_of(db, ticket_id, home["unit_id"]):
        raise invalid_field("ticket_id", "No ticket of this home has this id.", "该房屋没有此编号的工单。")
    row = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": home["community_id"],
        "unit_id": home["unit_id"],
        "viewer_id": actor.id,
        "viewer_role": actor.role,
        "ticket_id": ticket_id,
        "purpose": purpose,
        "at": time.now(),
    }
    db.execute(insert(household_views).values(row))


def _job_there(db: Connection, actor: Actor, unit_id: str) -> str:
    theirs = select(tickets.c.id).where(
        tickets.c.unit_id == unit_id, tickets.c.owner_id == actor.id, tickets.c.status.in_(HELD)
    )
    found: str | None = db.execute(theirs.order_by(tickets.c.filed_at.desc()).limit(1)).scalar_one_or_none()
    if found is None:
        raise Forbidden(
            "A home's record is open to the crew while they own an open job there.",
            "仅在您负责该房屋的未完成工单期间可查看住户档案。",
        )
    return found


def _is_of(db: Connection, ticket_id: str, unit_id: str) -> bool:
    found = select(tickets.c.id).where(tickets.c.id == ticket_id, tickets.c.unit_id == unit_id)
    return db.execute(found).one_or_none() is not None


def change_household(
    db: Connection, actor: Actor, home: Home, changes: Mapping[str, Any], expected: int | None
) -> None:
    """Change what is remembered; `circumstances` and `equipment` are given whole. Locks the home's row.

    `expected` is the version the caller read, 0 where nothing was recorded, None for any. Raises Stale, and Invalid
    where a circumstance lacks the consent of somebody who lives there.
    """
    now = time.now()
    at_home = {"unit_id": home["unit_id"], "organisation_id": actor.organisation_id}
    at_home["community_id"] = home["community_id"]
    first = insert(households).values(**at_home, changed_by=actor.id, changed_at=now, version=0)
    db.execute(first.on_conflict_do_nothing())
    names = {name: changes[name] for name in ("salutation_zh", "salutation_en") if name in changes}
    change = update(households).where(households.c.unit_id == home["unit_id"])
    if expected is not None:
        change = change.where(households.c.version == expected)
    values = {**names, "changed_by": actor.id, "changed_at": now, "version": households.c.version + 1}
    if not db.execute(change.values(values)).rowcount:
        raise Stale(
            "This record was changed since you read it. Read it again and repeat your change.",
            "该住户档案已被更新，请重新读取后再修改。",
        )
    if "circumstances" in changes:
        _replace_circumstances(db, actor, at_home, changes["circumstances"], now)
    if "equipment" in changes:
        _require_past(changes["equipment"], now.astimezone(ZoneInfo(home["timezone"])).date())
        gone = delete(household_equipment).where(household_equipment.c.unit_id == home["unit_id"])
        db.execute(gone)
        rows = [{**at_home, "id": str(new_id()), **item} for item in changes["equipment"]]
        if rows:
            db.execute(insert(household_equipment), rows)


def _require_past(pieces: Sequence[Mapping[str, Any]], today: date) -> None:
    """Raise Invalid for what is said to be installed on a day to come, or before there was anything to install."""
    for number, piece in enumerate(pieces):
        if not EARLIEST <= piece["installed_on"] <= today:
            raise invalid_field(
                f"equipment.{number}.installed_on",
                "Give the day on which it was installed, not later than today.",
                "请填写安装日期，且不晚于今天。",
            )


def _replace_circumstances(
    db: Connection, actor: Actor, at_home: Mapping[str, str], given: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    table, unit_id = household_circumstances, at_home["unit_id"]
    known = {row["kind"]: dict(row) for row in db.execute(select(table).where(table.c.unit_id == unit_id)).mappings()}
    if len({item["kind"] for item in given}) < len(given):
        raise invalid_field("circumstances", "Name each circumstance once.", "每种情况只需填写一次。")
    rows = [_agreed(db, actor, at_home, number, item, known, now) for number, item in enumerate(given)]
    db.execute(delete(table).where(table.c.unit_id == unit_id))
    if rows:
        db.execute(insert(table), rows)


def _agreed(
    db: Connection,
    actor: Actor,
    at_home: Mapping[str, str],
    number: int,
    item: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]],
    now: datetime,
) -> Mapping[str, Any]:
    """Return the row of a circumstance. One that is known and comes back unchanged keeps the consent it has."""
    field, kept = f"circumstances.{number}", known.get(item["kind"])
    if "consent" not in item and kept is not None and item["until"] == kept["until"]:
        return kept
    if "consent" not in item:
        raise _without_consent(field)
    by = item["consent"].get("by") or (actor.id if actor.role == "resident" else None)
    if by is None or not _lives_there(db, by, at_home["unit_id"]):
        raise invalid_field(
            f"{field}.consent.by",
            "Name an active resident of this home who agreed.",
            "请填写该房屋中表示同意的在册住户。",
        )
    if actor.role == "resident" and by != actor.id:
        raise invalid_field(f"{field}.consent.by", "You can only agree for yourself.", "您只能代表本人表示同意。")
    consented_at = item["consent"].get("at") or now
    if consented_at > now:
        raise invalid_field(f"{field}.consent.at", "Consent cannot lie in the future.", "同意时间不能晚于现在。")
    if item["until"] <= now or (item["until"] - consented_at).days > LONGEST_CONSENT_DAYS:
        raise invalid_field(
            f"{field}.until",
            "Consent must end after now and within two years of being given.",
            "同意的截止时间须晚于现在，且不超过给出之日起两年。",
        )
    return {
        **at_home,
        "kind": item["kind"],
        "consented_by": by,
        "consented_at": consented_at,
        "recorded_by": actor.id,
        "until": item["until"],
    }


# After that the household is asked again: an infant grows up, an illness passes.
LONGEST_CONSENT_DAYS = 731


def _without_consent(field: str) -> Invalid:
    return invalid_field(
        f"{field}.consent",
        "Circumstances of a person are noted only with consent: say who agreed and when.",
        "个人情况须经同意方可记录：请注明由谁、何时同意。",
    )


def _lives_there(db: Connection, person_id: str, unit_id: str) -> bool:
    wanted = select(people.c.id).where(
        people.c.id == person_id, people.c.role == "resident", people.c.active, people.c.unit_ids.any_() == unit_id
    )
    return db.execute(wanted).one_or_none() is not None
