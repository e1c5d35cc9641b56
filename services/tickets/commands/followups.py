"""What follows from a low answer that reopens nothing: a complaint about the finished ticket, once per survey."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from services.contracts.surveys import SurveyAnswered
from services.kit.identity import Actor
from services.tickets.commands.filing import Filing, file_ticket
from services.tickets.commands.steps import Ticket, allow
from services.tickets.commands.verbs import answer
from services.tickets.models import tickets

# For so long after completion “not solved” takes the same request up again. Later it is a new matter with a history.
REOPENING_WINDOW = timedelta(days=30)
# Of five: so little that somebody has to ask what went wrong, even where the fault itself is gone.
LOW = 2
SURVEY = "survey"


def reopens(ticket: Ticket, fact: SurveyAnswered, answered_at: datetime) -> bool:
    """True where an answer takes its ticket up again: not solved, and not long after it was completed."""
    completed_at: datetime | None = ticket["completed_at"]
    return not fact.solved and (completed_at is None or answered_at - completed_at <= REOPENING_WINDOW)


def is_low(fact: SurveyAnswered) -> bool:
    """True where an answer says that something went wrong."""
    return not fact.solved or (fact.satisfaction is not None and fact.satisfaction <= LOW)


def complain(db: Connection, actor: Actor, ticket: Ticket, fact: SurveyAnswered) -> Ticket | None:
    """Open a complaint about a finished, locked ticket and put the answer on its record; None where it is there.

    The old ticket stays as it ended, and its history says which complaint followed. Raises Conflict where the ticket
    is open again: then what the answer asks for is being done.
    """
    allow(ticket, actor, "answer")
    # Its id follows from the survey's, so that no survey can ever open two.
    complaint_id = str(uuid.uuid5(uuid.UUID(fact.survey_id), "complaint"))
    if db.execute(select(tickets.c.id).where(tickets.c.id == complaint_id)).one_or_none():
        return None
    filing = Filing(
        description=_words(ticket, fact),
        title=_title(ticket, fact),
        catalogue_code="complaint-general" if fact.solved else "complaint-repair-quality",
        unit_id=ticket["unit_id"],
        location=ticket["location"],
        community_id=ticket["community_id"],
        channel=SURVEY,
        on_behalf_of=ticket["requester_id"],
        about_ticket_id=ticket["id"],
    )
    complaint = file_ticket(db, actor, filing, ticket_id=complaint_id)
    followed = {
        "survey_id": fact.survey_id,
        "completion": fact.completion,
        "follow_up": {"ticket_id": complaint_id, "number": complaint["number"]},
    }
    answer(db, actor, ticket["id"], solved=fact.solved, satisfaction=fact.satisfaction, data=followed)
    return complaint


def _title(ticket: Ticket, fact: SurveyAnswered) -> str:
    if fact.solved:
        return f"回访评价偏低：{ticket['number']} / Low answer about {ticket['number']}"
    return f"回访未解决：{ticket['number']} / Not solved: {ticket['number']}"


def _words(ticket: Ticket, fact: SurveyAnswered) -> str:
    """Return what the household answered, in both languages; their own words stay with the survey."""
    number, given = ticket["number"], fact.satisfaction
    chinese = f"住户在回访中表示{'已' if fact.solved else '未'}解决，" + (
        "未打分。" if given is None else f"满意度 {given}/5。"
    )
    english = f"The household answered: {'solved' if fact.solved else 'not solved'}, " + (
        "no score." if given is None else f"{given} of 5."
    )
    said = "\n内附留言，见回访记录。 There is a comment with the answer." if fact.has_comment else ""
    return f"{chinese}原工单 {number}。\n{english} About request {number}.{said}"
