"""The report on complaints: what was settled at once, what went up that need not have, and how long each step took."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Subquery,
    and_,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.types import Integer, Text

from services.kit import clock as time
from services.tickets.complaints.codes import COMPLAINT
from services.tickets.complaints.figures import share
from services.tickets.lifecycle import DONE
from services.tickets.models import complaints, history, remarks, tickets
from services.tickets.queries.reports.asked import Asked, prepare
from services.tickets.queries.reports.behind import Condition, OfGroup, behind, tickets_of
from services.tickets.queries.reports.naming import names_of

COMPLAINT_GROUPINGS = ("community", "cause", "emotion", "month")
# Each step from the moment the one before it ended to the moment it ended itself.
STEPS = {
    "identify": (tickets.c.filed_at, complaints.c.identified_at),
    "assess": (complaints.c.identified_at, complaints.c.assessed_at),
    "negotiate": (complaints.c.assessed_at, complaints.c.approved_at),
    "act": (func.coalesce(complaints.c.approved_at, complaints.c.assessed_at), complaints.c.settled_at),
    "review": (complaints.c.settled_at, complaints.c.reviewed_at),
}
MOST_LESSONS = 100
# Written out, not as a parameter: the planner takes the index of escalations only for what it can read.
_IS_ESCALATION: ColumnElement[bool] = literal_column("history.action = 'escalate'")
_COUNTS = (
    "identified", "unidentified", "judged", "justified", "first_contact", "escalated", "avoidable",
    "escalated_unjudged", "approvals_in_time", "approvals_late", "approvals_open", "closed",
)  # fmt: skip


def _counts(name: str) -> Condition:
    return lambda told: told[name] > 0


# What a complaint is counted under, and listed by. An approval counts each time, its complaint once.
COMPLAINT_FIGURES: Mapping[str, Condition] = {
    "complaints": lambda told: true(),
    **{name: _counts(name) for name in ("identified", "unidentified", "closed", "escalated", "escalated_unjudged")},
    "settled_on_first_contact": _counts("first_contact"),
    "avoidable_escalations": _counts("avoidable"),
    "escalated_judged": lambda told: told.escalated > told.escalated_unjudged,
    **{name: _counts(name) for name in ("justified", "judged")},
    **{name: _counts(name) for name in ("approvals_in_time", "approvals_late", "approvals_open")},
    "approvals_decided": lambda told: told.approvals_in_time + told.approvals_late > 0,
    **{name: lambda told, name=name: told[f"{name}_seconds"].is_not(None) for name in STEPS},  # type: ignore[misc]
}


def complaint_report(db: Connection, asked: Asked, grouping: str) -> dict[str, Any]:
    """Return the figures of each group and of all, with what each is made of, and the lessons learnt.

    A share of nothing is null. What nobody identified or judged yet is counted as such, and is in no share.
    """
    prepare(db)
    now = time.now()
    told = complaints_of(asked, grouping, now)
    groups = db.execute(_figures(told, told.c.key).order_by(told.c.key)).all()
    names = names_of(db, asked, grouping, [row.key for row in groups])
    lessons = _lessons(db, asked)
    return {
        "asof": now.isoformat(),
        **asked.period(),
        **{name: getattr(asked, name) for name in ("community_id", "cause", "emotion")},
        "group_by": grouping,
        "interval": "Wilson, 95 %",
        "groups": [
            {"key": row.key, "name": names.get(row.key), **_said(row, asked, (grouping, row.key))} for row in groups
        ],
        "total": _said(db.execute(_figures(told, None)).one(), asked),
        "lessons": lessons[:MOST_LESSONS],
        "more_lessons": len(lessons) > MOST_LESSONS,
    }


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    ours = (tickets.c.organisation_id == asked.organisation_id, tickets.c.work_type == COMPLAINT)
    found = [*ours, *asked.within(tickets.c.filed_at)]
    narrowed = ((tickets.c.community_id, asked.community_id), (complaints.c.cause, asked.cause))
    return found + [
        column == value for column, value in (*narrowed, (complaints.c.emotion, asked.emotion)) if value is not None
    ]


def complaints_of(asked: Asked, grouping: str, now: datetime) -> Subquery:
    """Return what is asked of each complaint, 0 or 1, and the seconds of each step where it ended."""
    keys: dict[str, ColumnElement[Any]] = {
        "community": cast(tickets.c.community_id, Text),
        "cause": complaints.c.cause,
        "emotion": complaints.c.emotion,
        "month": func.to_char(func.timezone(asked.zone, tickets.c.filed_at), "YYYY-MM"),
    }
    escalated = exists().where(history.c.ticket_id == tickets.c.id, _IS_ESCALATION)
    step = complaints.c.step
    late_now = and_(step == "chosen", complaints.c.approval_due_at < now)
    still = and_(tickets.c.completions == 1, tickets.c.status.in_(DONE))
    counted: dict[str, ColumnElement[Any]] = {
        "identified": complaints.c.ticket_id.is_not(None).cast(Integer),
        "unidentified": complaints.c.ticket_id.is_(None).cast(Integer),
        "judged": complaints.c.justified.is_not(None).cast(Integer),
        "justified": func.coalesce(complaints.c.justified, False).cast(Integer),
        # What had to be opened again was not settled.
        "first_contact": and_(func.coalesce(complaints.c.first_contact, False), still).cast(Integer),
        "escalated": escalated.cast(Integer),
        "avoidable": and_(escalated, func.coalesce(complaints.c.settle_at_once, False)).cast(Integer),
        "escalated_unjudged": and_(escalated, complaints.c.settle_at_once.is_(None)).cast(Integer),
        "approvals_in_time": func.coalesce(complaints.c.approvals_in_time, 0),
        "approvals_late": func.coalesce(complaints.c.approvals_late, 0) + func.coalesce(late_now, False).cast(Integer),
        "approvals_open": func.coalesce(and_(step == "chosen", complaints.c.approval_due_at >= now), False).cast(
            Integer
        ),
        "closed": func.coalesce(step.in_(("settled", "replied", "reviewed")), False).cast(Integer),
    }
    return (
        select(
            tickets.c.id.label("ticket_id"),
            keys[grouping].label("key"),
            *(column.label(name) for name, column in counted.items()),
            *(func.extract("epoch", end - start).label(f"{name}_seconds") for name, (start, end) in STEPS.items()),
        )
        .select_from(tickets.outerjoin(complaints, complaints.c.ticket_id == tickets.c.id))
        .where(*_conditions(asked))
        .subquery("told")
    )


def _figures(told: Subquery, key: ColumnElement[Any] | None) -> Any:
    columns: list[Any] = [func.count().label("n")]
    columns += [func.coalesce(func.sum(told.c[name]), 0).label(name) for name in _COUNTS]
    columns += [func.count().filter(is_so(told.c)).label(tickets_of(name)) for name, is_so in COMPLAINT_FIGURES.items()]
    for name in STEPS:
        seconds = told.c[f"{name}_seconds"]
        columns += [
            func.count(seconds).label(f"{name}_n"),
            func.percentile_cont(0.5).within_group(seconds).label(f"{name}_median"),
            func.percentile_cont(0.9).within_group(seconds).label(f"{name}_p90"),
        ]
    if key is None:
        return select(literal(None).label("key"), *columns).select_from(told)
    return select(key.label("key"), *columns).group_by(key)


def _said(row: Row[Any], asked: Asked, of: OfGroup = ()) -> dict[str, Any]:
    got = row._asdict()
    count = {name: int(got[name]) for name in _COUNTS}
    decided = count["approvals_in_time"] + count["approvals_late"]
    known = count["escalated"] - count["escalated_unjudged"]
    return {
        "n": int(got["n"]),
        **{name: count[name] for name in ("identified", "unidentified", "closed", "escalated", "escalated_unjudged")},
        "settled_on_first_contact": share(count["first_contact"], count["identified"]),
        "avoidable_escalations": share(count["avoidable"], known),
        "justified": share(count["justified"], count["judged"]),
        "approvals_in_time": share(count["approvals_in_time"], decided) | {"open": count["approvals_open"]},
        "steps": {
            name: {
                "n": int(got[f"{name}_n"]),
                "median_seconds": _number(got[f"{name}_median"]),
                "p90_seconds": _number(got[f"{name}_p90"]),
            }
            for name in STEPS
        },
        "behind": behind(asked, "complaints", COMPLAINT_FIGURES, got, of),
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _lessons(db: Connection, asked: Asked) -> list[dict[str, Any]]:
    """Return what was learnt, newest first, one more than is shown."""
    rows = db.execute(
        select(
            complaints.c.ticket_id,
            tickets.c.number,
            tickets.c.community_id,
            complaints.c.cause,
            complaints.c.outcome,
            complaints.c.reviewed_at,
            remarks.c.body,
        )
        .join(tickets, tickets.c.id == complaints.c.ticket_id)
        .join(remarks, remarks.c.id == complaints.c.lesson_remark)
        .where(*_conditions(asked))
        .order_by(complaints.c.reviewed_at.desc(), complaints.c.ticket_id)
        .limit(MOST_LESSONS + 1)
    )
    return [
        {
            "ticket_id": row.ticket_id,
            "number": row.number,
            "community_id": row.community_id,
            "cause": row.cause,
            "outcome": row.outcome,
            "reviewed_at": row.reviewed_at.isoformat(),
            "lesson": row.body,
        }
        for row in rows
    ]
