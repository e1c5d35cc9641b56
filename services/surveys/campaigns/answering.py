"""Taking a household's one answer to a campaign, by link or by login, and what managers think it will be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.kit.database import database_now
from services.kit.errors import Conflict, Invalid, NotFound, invalid_field
from services.kit.identity import Actor
from services.surveys import question_sets
from services.surveys.campaigns.reading import campaign_of, home_behind, homes_of
from services.surveys.models import (
    campaign_answer_items,
    campaign_answers,
    campaign_estimates,
    campaign_households,
    campaigns,
)
from services.surveys.models.campaigns import CLOSED, IN_APP, LINK, OPEN
from services.surveys.question_sets import Item, QuestionSet

COMMENT = "comment"
# What managers can have a view of: what residents expect. How they find the service is theirs alone to say.
ESTIMATED = ("importance", "expectation", "hours")


@dataclass(frozen=True)
class Opinion:
    """What a household said: a number for each rated item, and words. What was not said is not there."""

    values: Mapping[str, int]
    comment: str | None


def check(asked: QuestionSet, said: Mapping[str, Any]) -> Opinion:
    """Return a valid opinion; raises Invalid naming each item that cannot be taken, and for one that says nothing."""
    if faults := asked.faults(said):
        raise _faulty(faults)
    opinion = Opinion(asked.values(said), (said.get(COMMENT) or "").strip() or None)
    if not opinion.values and opinion.comment is None:
        raise invalid_field("answers", "Answer at least one question.", "请至少回答一个问题。")
    return opinion


def answer_by_link(db: Connection, household_id: str, token: str, said: Mapping[str, Any]) -> Any:
    """Take a household's answer through its link; returns its row.

    Raises NotFound for a link never handed out, Invalid for what cannot be taken, Conflict where the household has
    answered or the campaign is over.
    """
    home = home_behind(db, household_id, token)
    return _take(db, campaign_of(db, home.campaign_id), home, said, LINK, None)


def answer_by_login(
    db: Connection, actor: Actor, campaign_id: str, unit_id: str | None, said: Mapping[str, Any]
) -> Any:
    """Take the answer of somebody who is signed in, for the home named or their only one; returns the household's row.

    Raises as answer_by_link does, and Invalid where it is not clear which home is meant.
    """
    campaign = campaign_of(db, campaign_id)
    homes = homes_of(db, [campaign_id], actor.unit_ids)[campaign_id]
    if unit_id is not None:
        homes = [home for home in homes if home.unit_id == unit_id]
    elif len(homes) > 1:
        raise invalid_field("unit_id", "Say which of your homes this is for.", "请说明是哪一套房屋。")
    if not homes:
        raise NotFound("This campaign does not ask that home.", "该房屋不在本次意见征集范围内。")
    return _take(db, campaign, homes[0], said, IN_APP, actor.id)


def _take(
    db: Connection, campaign: Any, home: Any, said: Mapping[str, Any], channel: str, person_id: str | None
) -> Any:
    opinion = check(question_sets.get(campaign.question_set), said)
    running = (
        select(campaigns.c.id)
        .where(campaigns.c.id == campaign.id, campaigns.c.state == OPEN)
        .where(campaigns.c.closes_at > func.clock_timestamp())
        .exists()
    )
    # The conditional update is the lock: of any number of answers one finds the household without one.
    won = db.execute(
        update(campaign_households)
        .where(campaign_households.c.id == home.id, campaign_households.c.answered_at.is_(None), running)
        .where(campaign_households.c.invited_at.is_not(None))
        .values(answered_at=func.clock_timestamp())
        .returning(campaign_households)
    ).one_or_none()
    if won is None:
        raise _too_late(db, campaign, home)
    common = {"household_id": won.id, "organisation_id": won.organisation_id, "campaign_id": won.campaign_id}
    db.execute(
        insert(campaign_answers)
        .inline()
        .values(**common, channel=channel, person_id=person_id, comment=opinion.comment, answered_at=won.answered_at)
    )
    rows = [{**common, "item": item, "value": value} for item, value in opinion.values.items()]
    if rows:
        db.execute(insert(campaign_answer_items).inline(), rows)
    return won


def _too_late(db: Connection, campaign: Any, home: Any) -> Conflict:
    answered = select(campaign_households.c.answered_at).where(campaign_households.c.id == home.id)
    if db.execute(answered).scalar_one() is not None:
        return Conflict(
            "Your household has answered already; one answer a household counts. Thank you.",
            "您的住户已提交过意见，每户只计一次，感谢参与。",
            state="answered",
        )
    if campaign.state == CLOSED or campaign.closes_at <= database_now(db):
        return Conflict(
            "This survey is over. You can tell us more by filing a request at any time.",
            "本次意见征集已结束；您可随时提交诉求告诉我们。",
            state=CLOSED,
        )
    return Conflict("This survey has not begun yet.", "本次意见征集尚未开始。", state=campaign.state)


def estimate(db: Connection, actor: Actor, campaign_id: str, said: Mapping[str, Any]) -> int:
    """Keep what a manager thinks the residents will say; returns how many households had answered by then.

    Every item that asks what is expected is estimated, once, before the campaign closes: what is said knowing the
    result is no estimate. Raises NotFound, Invalid, or Conflict.
    """
    campaign = campaign_of(db, campaign_id)
    if campaign.state == CLOSED or campaign.closes_at <= database_now(db):
        raise Conflict("The campaign is over; an estimate comes before its result.", "意见征集已结束，估计应先于结果。")
    items = estimated(question_sets.get(campaign.question_set))
    if not items:
        raise Conflict("This question set asks for nothing to be estimated.", "该问卷没有可估计的项目。")
    asked = QuestionSet("estimates", 1, {}, items)
    faults = asked.faults(said) | {item.name: _MISSING for item in items if said.get(item.name) is None}
    if faults:
        raise _faulty(faults)
    before = select(func.count(campaign_households.c.answered_at)).where(
        campaign_households.c.campaign_id == campaign_id
    )
    answers_before = db.execute(before).scalar_one()
    common = {
        "campaign_id": campaign_id,
        "manager_id": actor.id,
        "organisation_id": actor.organisation_id,
        "answers_before": answers_before,
    }
    rows = [{**common, "item": item, "value": value} for item, value in asked.values(said).items()]
    try:
        with db.begin_nested():
            db.execute(insert(campaign_estimates).inline(), rows)
    except IntegrityError as problem:
        raise Conflict("You have given your estimate already.", "您已提交过估计。") from problem
    return int(answers_before)


_MISSING = "Missing data for required field."


def estimated(asked: QuestionSet) -> tuple[Item, ...]:
    """Return the items of a set that managers estimate."""
    return tuple(item for item in asked.items if item.measures in ESTIMATED)


def _faulty(faults: Mapping[str, str]) -> Invalid:
    names = [f"answers.{name}" for name in faults]
    return Invalid(
        f"Please correct: {', '.join(names)}.",
        f"请更正以下内容：{'、'.join(names)}。",
        fields={f"answers.{name}": [sentence] for name, sentence in faults.items()},
    )
