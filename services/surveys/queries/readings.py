"""What households said in words, as the staff of their community may read it, and who did."""

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Text, cast, insert, literal, null, or_, select, union_all

from services.kit.events import new_id
from services.kit.exports import REPORT
from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.surveys.models import Id, State, answer_views, answers, exports, people, return_visits

_OF_ANSWER = (
    "survey_id", "answered_by", "channel", "recorded_by", "spoken_by", "late", "solved", "satisfaction", "comment",
    "answered_at",
)  # fmt: skip
_OF_LOOK = ("id", "community_id", "viewer_id", "viewer_role", "at")
# What somebody looked at: what was said, or a report taken out as a table.
ANSWERS = "answers"
_OF_VISIT = ("ticket_id", "number", "completion", "community_id")


class Visit(NamedTuple):
    """A visit whose answers are to be read."""

    id: str
    ticket_id: str
    community_id: str


def answered_visits(
    db: Connection, ticket_id: str | None, community_id: str | None, limit: int, after: str | None
) -> tuple[list[Any], str | None]:
    """Return a page of visits about which something was said, the newest first, and the next page's cursor."""
    visits = return_visits.c
    said = or_(visits.state == State.ANSWERED, visits.proxied_at.is_not(None))
    statement = select(visits.id, *(visits[name] for name in _OF_VISIT)).where(said)
    for column, value in ((visits.ticket_id, ticket_id), (visits.community_id, community_id)):
        if value is not None:
            statement = statement.where(column == value)
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        statement = statement.where(visits.id < str(cursor[0]))
    return cut(db.execute(statement.order_by(visits.id.desc()).limit(limit + 1)).all(), limit, "id")


def put_on_record(db: Connection, reader: Actor, role: str, visits: Sequence[Any], purpose: str) -> None:
    """Write down that somebody reads what was said about these visits; only then are they shown it."""
    rows = [
        {
            "id": str(new_id()),
            "organisation_id": reader.organisation_id,
            "community_id": visit.community_id,
            "survey_id": visit.id,
            "ticket_id": visit.ticket_id,
            "viewer_id": reader.id,
            "viewer_role": role,
            "purpose": purpose,
        }
        for visit in visits
    ]
    if rows:
        db.execute(insert(answer_views), rows)


def said_about(db: Connection, visits: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what was said about these visits, in their order, the household's own answer before a proxy's."""
    found = words_about(db, [visit.id for visit in visits])
    return [
        {**answer, "ticket_id": visit.ticket_id, "ticket_number": visit.number, "completion": visit.completion,
         "community_id": visit.community_id}
        for visit in visits
        for answer in found.get(visit.id, ())
    ]  # fmt: skip


def words_about(db: Connection, survey_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return by survey what was said, the household's own answer before a proxy's."""
    wanted = select(*(answers.c[name] for name in _OF_ANSWER)).where(answers.c.survey_id.in_(survey_ids))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in db.execute(wanted.order_by(answers.c.answered_by)).mappings():
        found.setdefault(row["survey_id"], []).append({name: row[name] for name in _OF_ANSWER})
    return found


def visits_of_home(db: Connection, unit_id: str) -> list[str]:
    """Return the ids of a home's visits, in a transaction that may see them."""
    return list(db.execute(select(return_visits.c.id).where(return_visits.c.unit_id == unit_id)).scalars())


def homes_of(db: Connection, survey_ids: Sequence[str]) -> dict[str, str | None]:
    """Return whose home each visit was about, in a transaction that may see them."""
    wanted = select(return_visits.c.id, return_visits.c.unit_id).where(return_visits.c.id.in_(survey_ids))
    return {row.id: row.unit_id for row in db.execute(wanted)}


def list_readings(
    db: Connection,
    limit: int,
    after: str | None,
    *,
    ticket_id: str | None = None,
    survey_ids: Sequence[str] | None = None,
    viewer_id: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of who read what was said and who took out which report, the latest first, and the next cursor.

    Of one ticket, or of these visits, only who read.
    """
    both = union_all(_readings(), _exports()).subquery("looks")
    statement = (
        select(both, people.c.badge.label("viewer_name"))
        .outerjoin(people, people.c.id == both.c.viewer_id)
        .order_by(both.c.id.desc())
        .limit(limit + 1)
    )
    asked = ((both.c.ticket_id, ticket_id), (both.c.viewer_id, viewer_id))
    statement = statement.where(*(column == value for column, value in asked if value is not None))
    if survey_ids is not None:
        statement = statement.where(both.c.survey_id.in_(survey_ids))
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        statement = statement.where(both.c.id < str(cursor[0]))
    shown, more = cut(db.execute(statement).mappings().all(), limit, "id")
    return [{str(name): value for name, value in row.items()} for row in shown], more


def _readings() -> Select[Any]:
    table = answer_views.c
    about = (table.survey_id, table.ticket_id, table.purpose, cast(null(), Text).label("subject"))
    return select(literal(ANSWERS, Text).label("what"), *(table[name] for name in _OF_LOOK), *about)


def _exports() -> Select[Any]:
    nothing = (
        cast(null(), kind).label(name) for name, kind in (("survey_id", Id), ("ticket_id", Id), ("purpose", Text))
    )
    table = exports.c
    subject = table.report.label("subject")
    return select(literal(REPORT, Text).label("what"), *(table[name] for name in _OF_LOOK), *nothing, subject)
