"""Acting on what was agreed, settling, replying where it was not justified, and what was learnt."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, select

from services.contracts import complaints as facts
from services.kit import clock as time
from services.kit import wording
from services.kit.errors import Invalid, invalid_field
from services.kit.identity import Actor
from services.tickets.acts import Phone
from services.tickets.commands import on_the_job, verbs
from services.tickets.commands.complaints.cases import Opened, open_case
from services.tickets.commands.steps import Step, Ticket, allow
from services.tickets.complaints.codes import NOT_REACHED, NOT_SOLVED
from services.tickets.complaints.limits import on_first_contact
from services.tickets.complaints.recourse import recourse_in, recourse_key
from services.tickets.models import history


def act(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    to: str | None = None,
    promised_at: datetime | None = None,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Do what was approved: `to` becomes its owner, and what was chosen becomes the ticket's promise.

    Without `promised_at` the promise is the time that the chosen option named.
    """
    opened = open_case(db, actor, ticket_id, "act", version, phone)
    chosen = datetime.fromisoformat(opened.case["options"][opened.case["chosen"] - 1])
    step = Step("act", facts.ComplaintActed, data={"option": opened.case["chosen"]})
    after = opened.take(step, acted_at=opened.case["acted_at"] or time.now())
    after = verbs.promise(db, actor, ticket_id, promised_at=promised_at or chosen)
    return verbs.assign(db, actor, ticket_id, to=to) if to is not None and after["owner_id"] != to else after


def settle(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    note: str,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Say what was done about it: the ticket is completed with it, and the return visit falls due.

    The words count from when they were heard of, the completion from when it was done, like any other.
    """
    opened = open_case(db, actor, ticket_id, "settle", version, phone)
    first = _on_first_contact(opened)
    step = Step("settle", facts.ComplaintSettled, data={"first_contact": first}, note=note)
    opened.take(step, settled_at=time.now(), settled_remark=step.note_id, first_contact=first)
    return on_the_job.complete(db, actor, ticket_id, settles=True, phone=phone)


def _on_first_contact(opened: Opened) -> bool:
    past = select(history.c.action).where(history.c.ticket_id == opened.ticket["id"])
    return opened.case["acted_at"] is None and on_first_contact(
        heard_by=opened.case["identified_by"],
        heard_at=opened.case["identified_at"],
        settled_by=opened.actor.id,
        settled_at=time.now(),
        actions=opened.db.execute(past).scalars(),
    )


def reply(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    text: str,
    locale: str,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Clear up what was no fault of the desk, tactfully, and say where else the complainant can turn.

    Raises Invalid with `findings` where the wording is not fit to be sent; the answer completes the ticket.
    """
    opened = open_case(db, actor, ticket_id, "reply", version, phone)
    require_tact(text)
    zone, first = opened.ticket["timezone"], _on_first_contact(opened)
    step = Step(
        "reply",
        facts.ComplaintReplied,
        data={"recourse": recourse_key(zone), "first_contact": first},
        note=f"{text}\n\n{recourse_in(zone, locale)}",
    )
    opened.take(step, settled_at=time.now(), settled_remark=step.note_id, first_contact=first)
    return on_the_job.complete(db, actor, ticket_id, settles=True)


def require_tact(text: str) -> None:
    """Raise Invalid with what is better said otherwise, why and how, where the wording check finds anything."""
    found = wording.check(text)
    if found:
        raise Invalid(
            f"Please say this otherwise: {'; '.join(finding.phrase for finding in found)}. `findings` shows how.",
            f"请换一种说法：{'；'.join(finding.phrase for finding in found)}。findings 中有原因和建议。",
            fields={"text": [finding.better["en"] for finding in found]},
            findings=[asdict(finding) for finding in found],
        )


def review(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    outcome: str,
    lesson: str | None = None,
    version: int | None = None,
) -> Ticket:
    """Record the return visit and what was learnt. What was not solved after all is opened again.

    A visit that reached nobody is no answer; what was learnt from one that did is asked for.
    """
    opened = open_case(db, actor, ticket_id, "review", version)
    if outcome != NOT_REACHED and lesson is None:
        raise invalid_field("lesson", "Say what was learnt, so that it need not happen again.", "请写明经验教训。")
    reached = "not_reached" if outcome == NOT_REACHED else "reached"
    opened.ticket = verbs.call_back(db, actor, ticket_id, outcome=reached, note=lesson)
    opened.rule = allow(opened.ticket, actor, "review")
    told = {"outcome": outcome}
    step = Step("review", facts.ComplaintReviewed, told=told, data=told, note=lesson, note_visible=False)
    kept = step.note_id if lesson else opened.case["lesson_remark"]
    after = opened.take(step, outcome=outcome, reviewed_at=time.now(), lesson_remark=kept)
    return verbs.reopen(db, actor, ticket_id, reason=None, cause="staff") if outcome == NOT_SOLVED else after
