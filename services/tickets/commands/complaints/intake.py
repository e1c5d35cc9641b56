"""Hearing a complaint and judging it: identify and assess."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from services.contracts import complaints as facts
from services.kit import clock as time
from services.kit.errors import invalid_field
from services.kit.identity import Actor
from services.tickets.acts import Phone
from services.tickets.commands.answering import acknowledge
from services.tickets.commands.complaints.cases import Opened, open_case, require_soon
from services.tickets.commands.on_the_job import claim
from services.tickets.commands.steps import Step, Ticket
from services.tickets.earlier import earlier_cases, remember_words
from services.tickets.models import people

# So many of the earlier cases go on record with the judgement.
RECORDED_CASES = 5


@dataclass(frozen=True)
class Assessment:
    """A judgement: how severe it is, whether it is justified, and whether it can be settled at once.

    Where it is justified, `department` is responsible, and may have asked the complainant for time to look into it
    until `investigate_until`.
    """

    severity: str
    justified: bool
    settle_at_once: bool
    note: str
    department: str | None = None
    investigate_until: datetime | None = None


def identify(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    emotion: str,
    cause: str,
    wanted: str,
    restated: str,
    complainant_id: str | None = None,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Hear the complainant out, and say back what they want: a human's answer, where they had none before.

    `wanted` is one line; both it and `restated` are words that the complainant reads.
    """
    opened = open_case(db, actor, ticket_id, "identify", version, phone)
    if opened.ticket["acknowledged_at"] is None:
        # What management was handed before anybody had answered is answered by whoever takes it there.
        answered = acknowledge if opened.ticket["status"] == "filed" else claim
        answered(db, actor, ticket_id)
        opened = replace(open_case(db, actor, ticket_id, "identify"), phone=phone)
    complainant = _complainant(opened, complainant_id)
    remember_words(db, opened.ticket)
    step = Step(
        "identify",
        facts.ComplaintIdentified,
        data={"emotion": emotion, "cause": cause, "complainant_id": complainant},
        note=f"{wanted}\n{restated}",
    )
    first = {} if opened.case.get("identified_at") else {"identified_at": time.now(), "identified_by": actor.id}
    said = {"emotion": emotion, "cause": cause, "complainant_id": complainant, "identified_remark": step.note_id}
    return opened.take(step, **first, **said)


def _complainant(opened: Opened, given: str | None) -> str:
    if given is None or given == opened.ticket["requester_id"]:
        return str(opened.ticket["requester_id"])
    resident = select(people.c.id).where(people.c.id == given, people.c.role == "resident", people.c.active)
    if opened.db.execute(resident).one_or_none() is None:
        raise invalid_field("complainant_id", "No active resident has this id.", "没有该编号的在册业主。")
    return given


def assess(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    judged: Assessment,
    *,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Judge a complaint, beside the earlier cases most like it. The note stays among staff.

    Judged again, what was offered and chosen before no longer counts.
    """
    opened = open_case(db, actor, ticket_id, "assess", version, phone)
    _require_sense(judged, opened)
    earlier = [case["ticket_id"] for case in earlier_cases(db, opened.ticket)[:RECORDED_CASES]]
    columns: dict[str, Any] = {
        name: getattr(judged, name)
        for name in ("severity", "justified", "settle_at_once", "department", "investigate_until")
    }
    until = judged.investigate_until
    step = Step(
        "assess",
        facts.ComplaintAssessed,
        told={"justified": judged.justified, "investigate_until": until},
        data={**columns, "investigate_until": until.isoformat() if until else None, "earlier": earlier},
        note=judged.note,
        note_visible=False,
    )
    if not opened.case.get("assessed_at"):
        columns["assessed_at"] = time.now()
    unsaid: dict[str, Any] = dict.fromkeys(
        ("chosen", "chosen_by_role", "chosen_at", "offered_remark", "approval_due_at")
    )
    again: dict[str, Any] = {
        **unsaid,
        "options": [],
        "approval_late_at": None,
        "approved_at": None,
        "approved_by": None,
    }
    return opened.take(step, **columns, **again, earlier=earlier, assessed_remark=step.note_id)


def _require_sense(judged: Assessment, opened: Opened) -> None:
    if judged.justified and judged.department is None:
        raise invalid_field(
            "department",
            "A justified complaint needs the department that is responsible.",
            "投诉成立时，请写明责任部门。",
        )
    if judged.investigate_until is not None:
        require_soon("investigate_until", judged.investigate_until, time.now())
