"""Filing: a request becomes a ticket with its history, clocks and event, in one statement."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from services.contracts.tickets import TicketFiled
from services.kit import clock as time
from services.kit.errors import DeskError, Forbidden, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets import books, catalogue, chain, retold, service_levels, writing
from services.tickets.commands.items import chosen, columns_of
from services.tickets.commands.steps import Ticket, entry_after, event_of
from services.tickets.complaints.codes import COMPLAINT
from services.tickets.earlier import store_words
from services.tickets.models import UNIT_NAME, buildings, communities, household_circumstances, people, units
from services.tickets.queries.duty import first_to_hear
from services.tickets.triage import Corrections, Verdict, triage
from services.tickets.triage.circumstances import circumstances_in

DISPATCH = "dispatch"
EMERGENCY = "emergency"
INTERNAL = "internal"  # What staff ask of each other; no resident files it or sees it.
CHANNELS = ("api", "web", "phone", "counter", "email", "patrol", "sensor")
_DIGITS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # No 0/O, 1/I/L, U: numbers are read out over the phone.
_TITLE_CHARACTERS = 60
_RANK = {name: rank for rank, name in enumerate(catalogue.URGENCIES)}


@dataclass(frozen=True)
class Filing:
    """What somebody asks for. Only the description is needed; triage and the household fill in the rest."""

    description: str
    title: str | None = None
    catalogue_code: str | None = None
    unit_id: str | None = None
    location: str | None = None
    urgency: str | None = None
    channel: str = "api"
    on_behalf_of: str | None = None
    community_id: str | None = None
    circumstances: tuple[str, ...] = ()
    about_ticket_id: str | None = None


# What only later steps fill.
_NOTHING_YET: Ticket = {"leads": False} | dict.fromkeys(
    (
        "waiting_reason", "paused_until", "objected_at", "owner_id", "completed_by", "promised_at", "acknowledged_at",
        "first_completed_at", "completed_at", "solved", "satisfaction", "made_safe_at", "joined_to",
    )
)  # fmt: skip


def file_ticket(
    db: Connection,
    actor: Actor,
    filing: Filing,
    corrections: Corrections | None = None,
    *,
    ticket_id: str | None = None,
) -> Ticket:
    """File a request; the dispatch desk is accountable from this moment. Raises Invalid naming the field.

    `ticket_id` is for whoever must not file the same twice; a new one is made without it.
    """
    requester_id, homes = _requester(db, actor, filing)
    place = _place(db, actor, filing, homes)
    if place.pop("closed_at") is not None and actor.role != "system":
        raise _closed("community_id" if place["unit_id"] is None else "unit_id")
    verdict, item = _decide(actor, filing, corrections)
    urgency, because = _urgency(actor, filing, verdict, item)
    at = time.now()
    ticket: Ticket = {
        **_NOTHING_YET,
        "id": ticket_id or str(new_id()),
        "organisation_id": actor.organisation_id,
        "number": _number(at),
        "community_id": place["community_id"],
        "unit_id": place["unit_id"],
        "location": filing.location,
        "requester_id": requester_id,
        "filed_by": actor.id,
        "channel": filing.channel,
        "title": filing.title or _title(filing.description),
        "description": filing.description,
        **columns_of(item),
        "urgency": urgency,
        "because": because,
        "circumstances": _circumstances(filing, place),
        "status": "filed",
        "owner_desk": DISPATCH,
        "completions": 0,
        "filed_at": at,
        "changed_at": at,
        "about_ticket_id": filing.about_ticket_id,
        "policy_version": place["policy_version"],
        "calendar_version": place["calendar_version"],
        "version": 0,
        "history_hash": chain.GENESIS,
    }
    if item.code == verdict.catalogue_code:
        ticket |= {"need_level": verdict.need_level, "confidence": verdict.confidence}
    _write(db, actor, ticket)
    return {**ticket, **{name: value for name, value in place.items() if name not in ticket}, "owner_name": None}


def _decide(actor: Actor, filing: Filing, corrections: Corrections | None) -> tuple[Verdict, catalogue.Item]:
    """Return what triage makes of the words, and the item that counts: the chosen one before the found one."""
    verdict = triage(
        f"{filing.title}\n{filing.description}" if filing.title else filing.description,
        locale=actor.locale,
        corrections=corrections,
    )
    if not actor.is_staff and chosen(verdict.catalogue_code).work_type == INTERNAL:
        verdict = replace(verdict, catalogue_code=catalogue.NEEDS_A_HUMAN)
    item = chosen(verdict.catalogue_code if filing.catalogue_code is None else filing.catalogue_code)
    if actor.role == "resident" and item.work_type == INTERNAL:
        raise invalid_field(
            "catalogue_code",
            "This item is for work among staff. Choose another one.",
            "该项目仅供内部工作，请另选一项。",
        )
    return verdict, item


# What the clocks are computed from stands in the first entry of the history, so that they follow from it alone; beside
# it who asked, and the seal of what they asked.
_TERMS = (
    "catalogue_code", "sla_class", "work_type", "need_level", "urgency", "circumstances", "community_id", "channel",
    "policy_version", "calendar_version",
)  # fmt: skip


def _write(db: Connection, actor: Actor, ticket: Ticket) -> None:
    at = ticket["filed_at"]
    ticket["words_salt"], seal = chain.seal(retold.words_of(ticket))
    first = {**{key: ticket[key] for key in (*_TERMS, *retold.FILED)}, retold.SEAL: seal}
    entry = entry_after({**ticket, "status": ""}, actor, "file", "filed", first, at)
    ticket["version"], ticket["history_hash"] = 1, entry["hash"]
    library = books.books_of(db, ticket["organisation_id"], ticket["community_id"], [entry])
    judged = service_levels.judged_of([entry], ticket["community_id"], library, at)
    rows = service_levels.rows_of(judged, ticket, [entry], [])
    told = {"channel": ticket["channel"], "acknowledge_due_at": service_levels.due_of(rows, "acknowledge")}
    if ticket["urgency"] == EMERGENCY:
        told["crew_ids"] = first_to_hear(db, ticket, at)
    event = event_of(TicketFiled, ticket, actor, at, told)
    writing.write_filing(db, ticket, entry, rows, event)
    if ticket["work_type"] == COMPLAINT:
        store_words(db, ticket)


def _circumstances(filing: Filing, place: Mapping[str, Any]) -> list[str]:
    """Return what makes it more pressing: what was said, what the words tell, and what the household agreed to."""
    told = circumstances_in(f"{filing.title or ''}\n{filing.description}")
    return sorted({*filing.circumstances, *told, *(place.get("agreed") or ())})


def _requester(db: Connection, actor: Actor, filing: Filing) -> tuple[str, tuple[str, ...]]:
    """Return whose request it is and the homes they may file for."""
    if filing.on_behalf_of is None:
        return actor.id, actor.unit_ids
    if actor.role == "system":
        # It takes the household over from the ticket that the new one is about.
        return filing.on_behalf_of, ()
    if not actor.is_staff:
        raise Forbidden("Only staff file on somebody's behalf.", "仅工作人员可代他人提交。")
    row = db.execute(
        select(people.c.unit_ids).where(
            people.c.id == filing.on_behalf_of, people.c.role == "resident", people.c.active
        )
    ).one_or_none()
    if row is None:
        raise invalid_field("on_behalf_of", "No active resident has this id.", "没有该编号的在册业主。")
    return filing.on_behalf_of, tuple(row.unit_ids)


_OF_COMMUNITY = (
    communities.c.id.label("community_id"),
    communities.c.calendar_version,
    communities.c.policy_version,
    communities.c.timezone,
    communities.c.name.label("community_name"),
    communities.c.closed_at,
)
# The circumstances that somebody living there agreed to have noted, while that lasts.
_AGREED = (
    select(func.array_agg(household_circumstances.c.kind))
    .where(household_circumstances.c.unit_id == units.c.id, household_circumstances.c.until > bindparam("now"))
    .scalar_subquery()
)
# Built once: a statement made anew for each request costs more than the database takes for it.
_HOME = (
    select(
        units.c.id.label("unit_id"),
        UNIT_NAME,
        _AGREED.label("agreed"),
        *_OF_COMMUNITY[:-1],
        func.coalesce(units.c.closed_at, buildings.c.closed_at, communities.c.closed_at).label("closed_at"),
    )
    .join_from(units, communities, communities.c.id == units.c.community_id)
    .join(buildings, buildings.c.id == units.c.building_id)
    .where(units.c.id == bindparam("unit_id"))
)


def _place(db: Connection, actor: Actor, filing: Filing, homes: tuple[str, ...]) -> dict[str, Any]:
    """Return community, unit, terms and zone. A resident with one home need not name it."""
    unit_id = filing.unit_id
    if unit_id is None and filing.location is None and filing.community_id is None and len(homes) == 1:
        unit_id = homes[0]
    if unit_id is not None:
        if actor.role == "crew":
            # Their job there gives the crew no sight of the record; what they file is still as pressing as anybody's.
            db.execute(select(func.set_config("doorstep.filing", "on", True)))
        row = db.execute(_HOME, {"unit_id": unit_id, "now": time.now()}).mappings().one_or_none()
        theirs = unit_id in homes if actor.role == "resident" else _is_in_reach(actor, row)
        if row is None or not theirs:
            raise invalid_field(
                "unit_id",
                "This is none of your homes. GET /api/v1/me lists them.",
                "这不是您的房屋，请在 GET /api/v1/me 中查看。",
            )
        return dict(row)
    return _shared_place(db, actor, filing, homes)


def _closed(field: str) -> DeskError:
    """Return the refusal of a closed place. What the desk itself opens about an earlier ticket is no new request."""
    return invalid_field(
        field, "This place is closed; nothing new is filed for it.", "该地点已停用，不能再提交新的报事。"
    )


def _is_in_reach(actor: Actor, row: Any) -> bool:
    """True where staff may act in the place's community: without a limit, in all of the organisation."""
    return row is not None and (not actor.community_ids or row["community_id"] in actor.community_ids)


def _shared_place(db: Connection, actor: Actor, filing: Filing, homes: tuple[str, ...]) -> dict[str, Any]:
    wanted = select(*_OF_COMMUNITY)
    if actor.community_ids:
        wanted = wanted.where(communities.c.id.in_(actor.community_ids))
    if filing.community_id is not None:
        wanted = wanted.where(communities.c.id == filing.community_id)
    if homes and (filing.community_id is None or actor.role == "resident"):
        wanted = wanted.where(communities.c.id.in_(select(units.c.community_id).where(units.c.id.in_(homes))))
    rows = db.execute(wanted.limit(2)).mappings().all()
    if len(rows) == 1:
        return {**rows[0], "unit_id": None, "unit_name": None}
    if filing.community_id is not None or not rows:
        raise invalid_field("community_id", "No community of yours has this id.", "没有您可用的该编号的小区。")
    field = "unit_id" if actor.role == "resident" else "community_id"
    raise invalid_field(
        field, f"More than one place is possible; please give {field}.", f"可能的地点不止一处，请填写 {field}。"
    )


def _urgency(actor: Actor, filing: Filing, verdict: Verdict, item: catalogue.Item) -> tuple[str, list[dict[str, str]]]:
    """Return the urgency and why. Staff and what they planned decide it; a resident may raise what triage found."""
    because = list(verdict.because)
    if item.code == verdict.catalogue_code:
        found = verdict.urgency
    else:
        because = [{"word": item.code, "says": "chosen from the catalogue" if actor.locale == "en" else "由提交人选定"}]
        # The words may still tell of danger that the chosen item does not.
        found = max(item.urgency, verdict.urgency, key=_RANK.__getitem__)
    if filing.urgency is None or filing.urgency == found:
        return found, because
    if actor.role == "resident" and _RANK[filing.urgency] < _RANK[found]:
        return found, because
    says = "stated by whoever filed it" if actor.locale == "en" else "由提交人说明"
    return filing.urgency, [*because, {"word": filing.urgency, "says": says}]


def _number(at: datetime) -> str:
    return f"{at:%y%m%d}-{''.join(secrets.choice(_DIGITS) for _ in range(6))}"


def _title(description: str) -> str:
    first = description.strip().splitlines()[0]
    return first if len(first) <= _TITLE_CHARACTERS else f"{first[: _TITLE_CHARACTERS - 1]}…"
