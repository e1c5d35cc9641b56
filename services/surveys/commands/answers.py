"""Taking what was said: a household's one answer by link, by login or by telephone, and what a proxy said."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, update

from services.contracts.fact import to_event
from services.contracts.surveys import SurveyAnswered, SurveyProxied
from services.kit import outbox
from services.kit.errors import Conflict
from services.kit.events import new_id
from services.surveys import models, question_sets
from services.surveys.answering import AnsweredBy, Channel, HumanAnswer, ProxyAnswer, Said
from services.surveys.commands.callbacks import ELSEWHERE, end_calls
from services.surveys.commands.visits import about
from services.surveys.links import fingerprint
from services.surveys.models import State, answer_items, answers, return_visits
from services.surveys.queries.visits import own_visit, still_answerable, visit_behind
from services.surveys.wording import over


def answer_by_link(db: Connection, survey_id: str, token: str, said: Said) -> Any:
    """Take a household's answer through its link; returns the visit's row.

    Raises NotFound for a link never handed out, Conflict where it was used, ran out or was withdrawn.
    """
    visits = return_visits.c
    open_still = (
        visits.token_sha256 == fingerprint(token),
        visits.state == State.INVITED,
        visits.expires_at > func.clock_timestamp(),
    )
    won = _win(db, survey_id, *open_still)
    if won is None:
        raise over(visit_behind(db, survey_id, token))
    _take(db, won, HumanAnswer(said, Channel.LINK))
    end_calls(db, [won.id], ELSEWHERE)
    return won


def answer_by_login(db: Connection, survey_id: str, said: Said) -> Any:
    """Take the answer of somebody of the household who is signed in, late or not; returns the visit's row.

    Raises NotFound for another household's visit, Conflict where it was answered, ran out or was withdrawn.
    """
    won = _win(db, survey_id, *still_answerable())
    if won is None:
        raise over(own_visit(db, survey_id), by_link=False)
    _take(db, won, HumanAnswer(said, Channel.IN_APP))
    end_calls(db, [won.id], ELSEWHERE)
    return won


def answer_by_phone(db: Connection, survey_id: str, answer: HumanAnswer) -> Any:
    """Take what the household said on the telephone, late or not; the caller's own call is ended by the caller."""
    won = _win(db, survey_id, *still_answerable())
    if won is None:
        raise over(own_visit(db, survey_id), by_link=False)
    _take(db, won, answer)
    return won


def answer_by_proxy(db: Connection, survey_id: str, answer: ProxyAnswer) -> Any:
    """Keep what somebody said in the household's place. The visit stays open: the household has not answered."""
    marked = db.execute(
        update(return_visits)
        .where(return_visits.c.id == survey_id, return_visits.c.proxied_at.is_(None), *still_answerable())
        .values(proxied_at=func.clock_timestamp())
        .returning(return_visits)
    ).one_or_none()
    if marked is None:
        visit = own_visit(db, survey_id)
        if visit.proxied_at is not None:
            raise Conflict("Somebody has spoken for this household already.", "已有他人代该住户作答。")
        raise over(visit, by_link=False)
    spoken = {"answered_by": AnsweredBy.PROXY.value, "spoken_by": answer.spoken_by, "recorded_by": answer.recorded_by}
    late = marked.proxied_at >= marked.expires_at
    version = _write(db, marked, answer.said, answered_at=marked.proxied_at, channel="phone", late=late, **spoken)
    fact = SurveyProxied(
        **about(marked),
        solved=answer.said.solved,
        satisfaction=answer.said.satisfaction,
        has_comment=bool(answer.said.comment),
        spoken_by=answer.spoken_by,
        recorded_by=answer.recorded_by,
        question_set_version=version,
    )
    event = to_event(fact, organisation_id=marked.organisation_id, subject=marked.id, at=marked.proxied_at)
    outbox.emit(db, models.outbox, event)
    return marked


def _win(db: Connection, survey_id: str, *conditions: ColumnElement[bool]) -> Any:
    """Return the visit where this answer is the one that counts, or None.

    The conditional update is the lock: of any number of answers one finds the visit still open.
    """
    return db.execute(
        update(return_visits)
        .where(return_visits.c.id == survey_id, *conditions)
        .values(state=State.ANSWERED.value, ended_at=func.clock_timestamp())
        .returning(return_visits)
    ).one_or_none()


def _take(db: Connection, visit: Any, answer: HumanAnswer) -> None:
    said, late = answer.said, visit.ended_at >= visit.expires_at
    by_household = {"answered_by": AnsweredBy.HOUSEHOLD.value, "recorded_by": answer.recorded_by}
    version = _write(
        db, visit, said, answered_at=visit.ended_at, channel=answer.channel.value, late=late, **by_household
    )
    fact = SurveyAnswered(
        **about(visit),
        solved=said.solved,
        satisfaction=said.satisfaction,
        has_comment=bool(said.comment),
        channel=answer.channel.value,
        late=late,
        recorded_by=answer.recorded_by,
        question_set_version=version,
    )
    event = to_event(fact, organisation_id=visit.organisation_id, subject=visit.id, at=visit.ended_at)
    outbox.emit(db, models.outbox, event)


def _write(db: Connection, visit: Any, said: Said, **how: Any) -> int:
    """Write an answer with each item's value; returns the version of the set that was answered."""
    asked = question_sets.get(question_sets.RETURN_VISIT)
    answer_id = str(new_id())
    common = {
        "organisation_id": visit.organisation_id,
        "survey_id": visit.id,
        "question_set": asked.name,
        "question_set_version": asked.version,
    }
    words = {"solved": said.solved, "satisfaction": said.satisfaction, "comment": said.comment or None}
    db.execute(insert(answers).inline().values(id=answer_id, **common, **words, **how))
    rows = [{**common, "answer_id": answer_id, "item": item, "value": value} for item, value in said.values.items()]
    db.execute(insert(answer_items).inline(), rows)
    return asked.version
