"""The five gaps per community and period, from tables of our own: campaigns, answers, estimates, steps and clocks."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from services.kit import clock
from services.surveys import promises, question_sets
from services.surveys.models import (
    campaign_answer_items,
    campaign_answers,
    campaign_estimates,
    campaigns,
    clock_outcomes,
    return_visits,
    ticket_steps,
)
from services.surveys.models.outcomes import COMPLETED, ENDED, FILED, PROMISED, REOPENED
from services.surveys.promises import Promise, Step
from services.surveys.reports import ratings, thumb
from services.surveys.reports.asked import Asked
from services.surveys.reports.gap import Gap
from services.surveys.reports.gap_deeds import DELIVERED, HOUR, MISSED, Deeds, Late, communication, dispensary
from services.surveys.reports.gap_views import Campaign, Targets, diagnosis, outcome, prescription
from services.surveys.reports.ratings import Ratings

REPAIR, URGENT, ATTEND = "repair", "urgent", "attend"


def gaps_report(db: Connection, asked: Asked) -> dict[str, Any]:
    """Return the gaps of every community that anything is known of, or of the one asked for."""
    now = clock.now()
    asking, rated = _campaigns(db, asked), ratings.read(db, asked)
    deeds, targets, promised = _deeds(db, asked), _targets(db, asked), _promises(db, asked, now)
    everywhere = {*asking, *rated, *deeds, *_visited(db, asked)}
    if asked.community_id is not None:
        everywhere.add(asked.community_id)

    def of(community: str) -> list[Gap]:
        campaign = asking.get(community)
        return [
            diagnosis(campaign),
            prescription(campaign, targets[community]),
            dispensary(deeds[community]),
            communication(promised[community]),
            outcome(rated.get(community, Ratings())),
        ]

    return {
        "asof": now.isoformat(),
        **asked.said(),
        "communities": [
            {"community_id": one, "gaps": [gap.to_json() for gap in of(one)]} for one in sorted(everywhere)
        ],
        "rules_of_thumb": [thumb.rule(rule["code"]) for rule in thumb.load()["rules"]],
    }


def _targets(db: Connection, asked: Asked) -> dict[str, Targets]:
    """The targets that urgent repairs ran under; a clock still running late has told none."""
    filed, clocks = ticket_steps.c, clock_outcomes.c
    wanted = (
        select(filed.community_id, clocks.target_seconds, clocks.basis, func.count())
        .join(clock_outcomes, clocks.ticket_id == filed.ticket_id)
        .where(*_filed(asked), filed.work_type == REPAIR, filed.urgency == URGENT)
        .where(clocks.kind == ATTEND, clocks.target_seconds.is_not(None))
        .group_by(filed.community_id, clocks.target_seconds, clocks.basis)
    )
    found: dict[str, Targets] = defaultdict(Targets)
    for community, seconds, basis, count in db.execute(wanted):
        found[community].hours.extend([seconds / HOUR] * count)
        found[community].bases[basis] += count
    return found


def _filed(asked: Asked) -> list[ColumnElement[bool]]:
    """The conditions that a step is the filing of what the report is about."""
    return [*asked.of(ticket_steps), *asked.within(ticket_steps.c.at), ticket_steps.c.step == FILED]


def _deeds(db: Connection, asked: Asked) -> dict[str, Deeds]:
    """Count the clocks of what was filed in the period; those that missed are read each, for how late they were."""
    found: dict[str, Deeds] = defaultdict(Deeds)
    filed, clocks = ticket_steps.c, clock_outcomes.c
    of_filed = select(filed.community_id).join(clock_outcomes, clocks.ticket_id == filed.ticket_id)
    states = of_filed.add_columns(clocks.kind, clocks.state, func.count()).where(*_filed(asked))
    for community, kind, state, count in db.execute(states.group_by(filed.community_id, clocks.kind, clocks.state)):
        found[community].counted[kind, state] = count
    hours = (clocks.taken_seconds - clocks.allowed_seconds) / float(HOUR)
    missed = of_filed.add_columns(clocks.ticket_id, clocks.kind, hours).where(*_filed(asked), clocks.state == MISSED)
    for community, *late in db.execute(missed.where(clocks.kind.in_(DELIVERED))):
        found[community].late.append(Late(*late))
    for community, jobs, finished in db.execute(_finished(asked)):
        found[community].jobs, found[community].open_jobs = jobs, jobs - finished
    return found


def _finished(asked: Asked) -> Select[Any]:
    """Return by community how many jobs were filed, and how many are completed or ended as far as was heard."""
    filed, later = ticket_steps.c, ticket_steps.alias("later")
    done = func.max(later.c.version).filter(later.c.step.in_((COMPLETED, ENDED)))
    again = func.max(later.c.version).filter(later.c.step == REOPENED)
    jobs = (
        select(filed.community_id, (done > func.coalesce(again, 0)).label("finished"))
        .join(later, later.c.ticket_id == filed.ticket_id)
        .where(*_filed(asked))
        .group_by(filed.community_id, filed.ticket_id)
        .subquery("jobs")
    )
    counted = select(jobs.c.community_id, func.count(), func.count().filter(jobs.c.finished))
    return counted.group_by(jobs.c.community_id)


def _promises(db: Connection, asked: Asked, now: datetime) -> dict[str, list[Promise]]:
    """Return by community what became of each promise about what was filed in the period."""
    filed, steps, made = ticket_steps.c, ticket_steps.alias("steps"), ticket_steps.alias("made")
    promised = select(made.c.ticket_id).where(made.c.ticket_id == filed.ticket_id, made.c.step == PROMISED).exists()
    wanted = (
        select(filed.community_id, steps.c.ticket_id, steps.c.step, steps.c.at, steps.c.promised_at)
        .join(steps, steps.c.ticket_id == filed.ticket_id)
        .where(*_filed(asked), promised)
        .order_by(steps.c.ticket_id, steps.c.version)
    )
    found: dict[str, list[Promise]] = defaultdict(list)
    for (community, _), rows in groupby(db.execute(wanted), key=itemgetter(0, 1)):
        found[community] += promises.judge([Step(*row[2:]) for row in rows], now)
    return found


def _visited(db: Connection, asked: Asked) -> Iterator[str]:
    yield from db.scalars(
        select(return_visits.c.community_id)
        .where(*asked.of(return_visits), *asked.within(return_visits.c.invited_at))
        .distinct()
    )


def _campaigns(db: Connection, asked: Asked) -> dict[str, Campaign]:
    """Return each community's newest campaign that overlaps the period and that somebody has answered."""
    opened = campaigns.c
    answered = select(campaign_answers.c.household_id).where(campaign_answers.c.campaign_id == opened.id).exists()
    wanted = select(campaigns).where(*asked.of(campaigns), answered).order_by(opened.opens_at.desc(), opened.id.desc())
    if asked.since is not None:
        wanted = wanted.where(opened.closes_at > asked.since)
    if asked.until is not None:
        wanted = wanted.where(opened.opens_at < asked.until)
    newest: dict[str, Any] = {}
    for row in db.execute(wanted):
        newest.setdefault(row.community_id, row)
    return {community: _campaign(db, row) for community, row in newest.items()}


def _campaign(db: Connection, row: Any) -> Campaign:
    asked = question_sets.load().get(row.question_set)
    said, guessed = campaign_answer_items.c, campaign_estimates.c
    before = select(func.max(guessed.answers_before)).where(guessed.campaign_id == row.id)
    return Campaign(
        row.id,
        row.name,
        asked.items if asked else (),
        _sheets(db, select(said.household_id, said.item, said.value).where(said.campaign_id == row.id)),
        _sheets(db, select(guessed.manager_id, guessed.item, guessed.value).where(guessed.campaign_id == row.id)),
        db.execute(before).scalar_one(),
    )


def _sheets(db: Connection, wanted: Any) -> list[dict[str, int]]:
    """Return what each person said: item by item, one mapping a person."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for person, item, value in db.execute(wanted):
        found[person][item] = value
    return list(found.values())
