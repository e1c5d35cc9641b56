"""What an announcement must be: of places that are there, in order, with words, and told as long before as is asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from services.kit.errors import Invalid, invalid_field
from services.kit.identity import Actor
from services.tickets import books, lifecycle
from services.tickets.announcing import NoticePeriod, period_for
from services.tickets.commands.terms import in_reach
from services.tickets.models import buildings, communities, tickets, units


def period_of(db: Connection, row: Mapping[str, Any], told_at: datetime) -> NoticePeriod | None:
    """Return the notice period that holds for an announcement, by the packs its community has switched on."""
    wanted = select(communities.c.policy_version, communities.c.timezone).where(communities.c.id == row["community_id"])
    of = db.execute(wanted).one()
    day = told_at.astimezone(ZoneInfo(of.timezone)).date()
    packs = books.policy_of(db, row["organisation_id"], of.policy_version).packs
    periods = [period for pack in packs if pack.is_in_force(day) for period in pack.announcing]
    return period_for(row["kind"], row["planned"], periods)


def judged(db: Connection, row: dict[str, Any], told_at: datetime, late_because: str | None) -> dict[str, Any]:
    """Return what the notice period makes of it; raises Invalid where it is not kept and nobody says why."""
    period = period_of(db, row, told_at)
    if period is None:
        return {"rule": None, "required_seconds": None, "in_time": None, "late_because": None}
    earliest = period.earliest(told_at)
    in_time = row["starts_at"] >= earliest
    if not in_time and not late_because:
        hours = period.seconds / 3600
        raise Invalid(
            f"By {period.source} this is announced {hours:g} hours before it begins: it may begin at "
            f"{earliest.isoformat(timespec='minutes')} at the earliest. Begin later, or say in late_because why not.",
            f"根据{period.source}，应提前 {hours:g} 小时通知，最早可于 {earliest.isoformat(timespec='minutes')} 开始。"
            "请推迟开始时间，或在 late_because 中说明原因。",
            fields={"starts_at": ["earlier than the notice period allows"]},
            earliest_start=earliest.isoformat(),
            required_seconds=period.seconds,
            rule=period.code,
            source=period.source,
        )
    return {
        "rule": period.code,
        "required_seconds": period.seconds,
        "in_time": in_time,
        "late_because": None if in_time else late_because,
    }


def community_required(db: Connection, actor: Actor, community_id: str) -> None:
    """Refuse a community that is not there, or not in the caller's reach."""
    there = select(communities.c.id).where(communities.c.id == community_id)
    if not in_reach(actor, community_id) or db.execute(there).one_or_none() is None:
        raise invalid_field("community_id", "No community of yours has this id.", "没有您可用的该编号的小区。")


def check(db: Connection, actor: Actor, row: dict[str, Any]) -> None:
    """Refuse places, times and words that do not fit, naming the field."""
    community_required(db, actor, row["community_id"])
    for name, table in (("building_ids", buildings), ("unit_ids", units)):
        wanted = list(dict.fromkeys(row[name]))
        known = select(table.c.id).where(table.c.community_id == row["community_id"], table.c.id.in_(wanted))
        if len(db.execute(known).all()) < len(wanted):
            raise invalid_field(name, "Not all of these are in this community.", "其中有不属于该小区的编号。")
        row[name] = wanted
    if row["ends_at"] is not None and row["ends_at"] <= row["starts_at"]:
        raise invalid_field("ends_at", "It ends before it starts.", "结束时间应晚于开始时间。")
    if not any(row[f"title_{of}"] and row[f"body_{of}"] for of in ("zh", "en")):
        raise invalid_field(
            "body_zh", "Write title and body in one language at least.", "请至少用一种语言写明标题和正文。"
        )
    if row["ticket_id"] is not None:
        of = select(tickets.c.id).where(
            tickets.c.id == row["ticket_id"],
            tickets.c.community_id == row["community_id"],
            tickets.c.status.in_(lifecycle.OPEN),
            tickets.c.joined_to.is_(None),
        )
        if db.execute(of).one_or_none() is None:
            raise invalid_field("ticket_id", "No open request here has this id.", "该小区没有此编号的未完成工单。")
