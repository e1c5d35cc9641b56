"""Complaints with their cases: one, the list of all, and the earlier ones most like one."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, literal, select, tuple_

from services.kit.errors import Forbidden
from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets import lifecycle
from services.tickets.commands.complaints.cases import Case, case_of
from services.tickets.commands.steps import in_household
from services.tickets.complaints import steps
from services.tickets.complaints.codes import COMPLAINT
from services.tickets.earlier import earlier_cases
from services.tickets.models import Moment, communities, complaints, remarks, tickets
from services.tickets.queries.tickets import ticket_row
from services.tickets.queries.views import moment

# How the desk sees a person and a matter; the complainant is told what follows from it.
STAFF_ALONE = ("emotion", "severity", "settle_at_once", "first_contact", "earlier", "lesson", "assessment")
_MOMENTS = (
    "identified_at", "investigate_until", "assessed_at", "offered_at", "chosen_at", "approval_due_at",
    "approval_late_at", "approved_at", "acted_at", "settled_at", "reviewed_at",
)  # fmt: skip
_PLAIN = (
    "complainant_id", "emotion", "cause", "severity", "justified", "settle_at_once", "department", "chosen",
    "chosen_by_role", "first_contact", "outcome",
)  # fmt: skip
_WORDS = ("identified_remark", "assessed_remark", "offered_remark", "settled_remark", "lesson_remark")


@dataclass(frozen=True)
class ComplaintFilter:
    """What the list is narrowed to; None leaves a column free."""

    step: str | None = None
    cause: str | None = None
    emotion: str | None = None
    community_id: str | None = None


def complaint_view(db: Connection, actor: Actor, ticket_id: str, *, taken: bool = False) -> tuple[dict[str, Any], int]:
    """Return a complaint's case as `actor` may see it, and its ticket's version.

    Of a crew only the owner reads it, and whoever has just `taken` a step, which may give it to somebody else. Raises
    Conflict where the ticket is no complaint.
    """
    ticket = ticket_row(db, ticket_id)
    if actor.role == "crew" and ticket["owner_id"] != actor.id and not taken:
        raise Forbidden("This is for the ticket's owner.", "仅当前责任人可以查看。", owner_id=ticket["owner_id"])
    case = case_of(db, ticket)
    view = _case_view(case, ticket, _words_of(db, case))
    view["actions"] = _actions(ticket, case, actor)
    if not actor.is_staff:
        view |= dict.fromkeys(STAFF_ALONE)
    return view, ticket["version"]


def _words_of(db: Connection, case: Case) -> dict[str, str]:
    """Return the words of a case by the id of the remark, as far as the caller may read them."""
    ids = [case[name] for name in _WORDS if case.get(name)]
    rows: Iterable[Any] = db.execute(select(remarks.c.id, remarks.c.body).where(remarks.c.id.in_(ids))) if ids else []
    return {row.id: row.body for row in rows}


def _case_view(case: Case, ticket: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    def said(name: str) -> str | None:
        return words.get(case.get(name) or "")

    wanted, _, restated = (said("identified_remark") or "").partition("\n")
    lines = (said("offered_remark") or "").split("\n")
    by = case.get("options") or []
    options = [
        {"number": number, "what": lines[number - 1] if len(lines) == len(by) else None, "by": until}
        for number, until in enumerate(by, start=1)
    ]
    return {
        "ticket_id": ticket["id"],
        "number": ticket["number"],
        "status": ticket["status"],
        "step": case["step"],
        "stage": steps.STAGES[case["step"]],
        **{name: case.get(name) for name in _PLAIN},
        **{name: moment(case.get(name)) for name in _MOMENTS},
        "wanted": wanted or None,
        "restated": restated or None,
        "assessment": said("assessed_remark"),
        "earlier": list(case.get("earlier") or ()),
        "options": options,
        "promised_at": moment(ticket["promised_at"]),
        "answer": said("settled_remark"),
        "lesson": said("lesson_remark"),
    }


def _actions(ticket: Mapping[str, Any], case: Case, actor: Actor) -> list[str]:
    """Return the steps that both tables of rules leave open to the caller now."""
    by_ticket = lifecycle.allowed(
        ticket["status"],
        actor.role,
        is_owner=ticket["owner_id"] == actor.id,
        in_household=in_household(dict(ticket), actor),
    )
    return [action for action in steps.allowed(actor.role, case) if action in by_ticket]


def earlier_of(db: Connection, actor: Actor, ticket_id: str) -> list[dict[str, Any]]:
    """Return the earlier complaints most like one, for whoever judges it."""
    ticket = ticket_row(db, ticket_id)
    if actor.role == "crew" and ticket["owner_id"] != actor.id:
        raise Forbidden("This is for the ticket's owner.", "仅当前责任人可以查看。", owner_id=ticket["owner_id"])
    case_of(db, ticket)
    return [{**case, "filed_at": moment(case["filed_at"])} for case in earlier_cases(db, ticket)]


def list_complaints(
    db: Connection, actor: Actor, wanted: ComplaintFilter, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of complaints, newest first, those that nobody identified among them as `new`."""
    statement = (
        select(
            *(tickets.c[name] for name in _LISTED),
            communities.c.name.label("community_name"),
            *(complaints.c[name] for name in _OF_CASE),
        )
        .join(communities, communities.c.id == tickets.c.community_id)
        .outerjoin(complaints, complaints.c.ticket_id == tickets.c.id)
        .where(tickets.c.organisation_id == actor.organisation_id, tickets.c.work_type == COMPLAINT)
        .order_by(tickets.c.filed_at.desc(), tickets.c.id.desc())
        .limit(limit + 1)
    )
    if wanted.step is not None:
        unheard = wanted.step == steps.NEW
        statement = statement.where(complaints.c.step.is_(None) if unheard else complaints.c.step == wanted.step)
    for name, column in (
        ("cause", complaints.c.cause),
        ("emotion", complaints.c.emotion),
        ("community_id", tickets.c.community_id),
    ):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(column == value)
    cursor = read_cursor(after, datetime, uuid.UUID)
    if cursor is not None:
        last = tuple_(literal(cursor[0], Moment), cursor[1])
        statement = statement.where(tuple_(tickets.c.filed_at, tickets.c.id) < last)
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "filed_at", "id")
    return [_listed(row) for row in shown], more


_LISTED = (
    "id", "number", "title", "status", "community_id", "unit_id", "catalogue_code", "owner_id", "owner_desk",
    "filed_at", "promised_at",
)  # fmt: skip
_OF_CASE = ("step", "emotion", "cause", "severity", "justified", "approval_due_at", "approval_late_at")


def _listed(row: RowMapping) -> dict[str, Any]:
    step = row["step"] or steps.NEW
    kept = ("number", "title", "status", "community_id", "community_name", "unit_id", "catalogue_code")
    return {
        "ticket_id": row["id"],
        **{name: row[name] for name in (*kept, "owner_id", "owner_desk")},
        **{name: row[name] for name in ("emotion", "cause", "severity", "justified")},
        "step": step,
        "stage": steps.STAGES[step],
        **{name: moment(row[name]) for name in ("filed_at", "promised_at", "approval_due_at", "approval_late_at")},
    }
