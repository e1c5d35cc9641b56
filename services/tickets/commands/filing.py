"""Filing: a request becomes a ticket with its history, clocks and event, in one statement."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from services.contracts.tickets import TicketFiled
from services.kit import clock as time
from services.kit.errors import Forbidden, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets import books, catalogue, chain, retold, service_levels, shelves, writing
from services.tickets.appointments import OVER
from services.tickets.commands.items import chosen, columns_of
from services.tickets.commands.joining import is_more_pressing
from services.tickets.commands.requests import Filing, place_of
from services.tickets.commands.steps import Ticket, entry_after, event_of
from services.tickets.commands.waits import AT_FILING, estimate_row, first_estimates, told_at_filing
from services.tickets.complaints.codes import COMPLAINT
from services.tickets.earlier import store_words
from services.tickets.models import people
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


# What a ticket takes over from its filing as it was given.
_AS_ASKED = ("channel", "description", "about_ticket_id", "place_assumed")
# What only later steps fill.
_NOTHING_YET: Ticket = {"leads": False} | dict.fromkeys(
    (
        "waiting_reason", "paused_until", "objected_at", "owner_id", "completed_by", "promised_at", "acknowledged_at",
        "first_completed_at", "completed_at", "solved", "satisfaction", "made_safe_at", "joined_to", "urged_at",
        *OVER,
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
    place = place_of(db, actor, filing, homes)
    verdict, item = _decide(db, actor, filing, corrections, place)
    urgency, because = _urgency(actor, filing, verdict, item)
    at = time.now()
    ticket: Ticket = {
        **_NOTHING_YET,
        "id": ticket_id or str(new_id()),
        "organisation_id": actor.organisation_id,
        "number": _number(at),
        "community_id": place["community_id"],
        "unit_id": place["unit_id"],
        "location": place.get("location") or filing.location,
        "spot_id": place.get("spot_id"),
        "requester_id": requester_id,
        "filed_by": actor.id,
        "title": filing.title or _title(filing.description),
        **{name: getattr(filing, name) for name in _AS_ASKED},
        **columns_of(item, place["catalogue_version"]),
        "urgency": urgency,
        "because": because,
        "circumstances": _circumstances(filing, place),
        "status": "filed",
        "owner_desk": DISPATCH,
        "completions": 0,
        "urges": 0,
        "filed_at": at,
        "changed_at": at,
        "policy_version": place["policy_version"],
        "calendar_version": place["calendar_version"],
        "version": 0,
        "history_hash": chain.GENESIS,
    }
    if item.code == verdict.catalogue_code:
        ticket |= {"need_level": verdict.need_level, "confidence": verdict.confidence}
    _write(db, actor, ticket, place["timezone"], calls=filing.joins is None or is_more_pressing(ticket, filing.joins))
    return {**ticket, **{name: value for name, value in place.items() if name not in ticket}, "owner_name": None}


def _decide(
    db: Connection, actor: Actor, filing: Filing, corrections: Corrections | None, place: Mapping[str, Any]
) -> tuple[Verdict, catalogue.Item]:
    """Return what triage makes of the words, and the item that counts: the chosen one before the found one.

    What was scanned is read with them: a button at a lift is the lift's, though nobody writes so.
    """
    items = shelves.of_version(db, actor.organisation_id, place["catalogue_version"])
    said = f"{filing.description} {place['location']}" if "location" in place else filing.description
    words = f"{filing.title}\n{said}" if filing.title else said
    verdict = triage(words, locale=actor.locale, corrections=corrections, items=items)
    if not actor.is_staff and items.get(verdict.catalogue_code).work_type == INTERNAL:
        verdict = replace(verdict, catalogue_code=catalogue.NEEDS_A_HUMAN)
    if filing.catalogue_code is None:
        return verdict, items.get(verdict.catalogue_code)
    # What was planned, or follows from another ticket, was settled before.
    settled = actor.role == "system" or filing.about_ticket_id is not None
    item = chosen(filing.catalogue_code, items, offered=not settled)
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


def _write(db: Connection, actor: Actor, ticket: Ticket, timezone: str, *, calls: bool) -> None:
    """Write a new ticket with all that begins with it, and put the estimates given beside it as `waits`."""
    at = ticket["filed_at"]
    ticket["words_salt"], seal = chain.seal(retold.words_of(ticket))
    first = {**{key: ticket[key] for key in (*_TERMS, *retold.FILED)}, retold.SEAL: seal}
    if ticket["catalogue_version"]:
        first["catalogue_version"] = ticket["catalogue_version"]
    entry = entry_after({**ticket, "status": ""}, actor, "file", "filed", first, at)
    ticket["version"], ticket["history_hash"] = 1, entry["hash"]
    library = books.books_of(db, ticket["organisation_id"], ticket["community_id"], [entry])
    judged = service_levels.judged_of([entry], ticket["community_id"], library, at)
    rows = service_levels.rows_of(judged, ticket, [entry], [])
    told = {name: ticket[name] for name in ("channel", "place_assumed")}
    told["acknowledge_due_at"] = service_levels.due_of(rows, "acknowledge")
    if calls and ticket["urgency"] == EMERGENCY:
        told["crew_ids"] = first_to_hear(db, ticket, at)
    given = first_estimates(db, ticket, timezone)
    ticket["waits"] = [estimate_row(ticket, measure, AT_FILING, one, at) for measure, one in given.items()]
    event = event_of(TicketFiled, ticket, actor, at, told | {"waits": told_at_filing(ticket["waits"])})
    writing.write_filing(db, ticket, entry, rows, ticket["waits"], event)
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
