"""The five gaps per community and period, from tables of our own: campaigns, answers, estimates, steps and clocks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, select

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
from services.surveys.models.outcomes import COMPLETED, ENDED, FILED, REOPENED
from services.surveys.reports import ratings, thumb
from services.surveys.reports.asked import Asked
from services.surveys.reports.gap_deeds import HOUR, communication, dispensary
from services.surveys.reports.gap_views import Campaign, Targets, diagnosis, outcome, prescription
from services.surveys.reports.ratings import Ratings

REPAIR, URGENT, ATTEND = "repair", "urgent", "attend"
_LAST = (COMPLETED, ENDED)


def gaps_report(db: Connection, asked: Asked) -> dict[str, Any]:
    """Return the gaps of every community that anything is known of, or of the one asked for."""
    campaigns_of, rated = _campaigns(db, asked), ratings.read(db, asked)
    clocks, steps = _clocks(db, asked), _steps(db, asked)
    everywhere = {*campaigns_of, *rated, *clocks, *steps, *_visited(db, asked)}
    if asked.community_id is not None:
        everywhere.add(asked.community_id)
    now = clock.now()
    return {
        "asof": now.isoformat(),
        **asked.said(),
        "communities": [
            {
                "community_id": one,
                "gaps": [
                    gap.to_json()
                    for gap in (
                        diagnosis(campaigns_of.get(one)),
                        prescription(campaigns_of.get(one), _targets(clocks.get(one, ()))),
                        dispensary(clocks.get(one, ()), *_open(steps.get(one, {}))),
                        communication([p for told in steps.get(one, {}).values() for p in promises.judge(told, now)]),
                        outcome(rated.get(one, Ratings())),
                    )
                ],
            }
            for one in sorted(everywhere)
        ],
        "rules_of_thumb": [thumb.rule(rule["code"]) for rule in thumb.load()["rules"]],
    }


def _targets(clocks: Iterable[Any]) -> Targets:
    """The targets that urgent repairs ran under; a clock still running late has told none."""
    told = [
        one
        for one in clocks
        if (one.kind, one.work_type, one.urgency) == (ATTEND, REPAIR, URGENT) and one.target_seconds is not None
    ]
    return Targets([one.target_seconds / HOUR for one in told], [one.basis for one in told])


def _open(tickets: Mapping[str, list[Any]]) -> tuple[int, int]:
    """How many jobs were filed, and how many of them are neither completed nor ended as far as was heard."""
    turns = (COMPLETED, ENDED, REOPENED)
    last = [[step.step for step in steps if step.step in turns][-1:] for steps in tickets.values()]
    return len(tickets), sum(not one or one[0] not in _LAST for one in last)


def _clocks(db: Connection, asked: Asked) -> dict[str, list[Any]]:
    filed, clocks = ticket_steps.c, clock_outcomes.c
    wanted = (
        select(
            filed.community_id,
            filed.work_type,
            filed.urgency,
            clocks.ticket_id,
            clocks.kind,
            clocks.state,
            clocks.basis,
            clocks.target_seconds,
            clocks.allowed_seconds,
            clocks.taken_seconds,
        )
        .join(clock_outcomes, clocks.ticket_id == filed.ticket_id)
        .where(*asked.of(ticket_steps), *asked.within(filed.at), filed.step == FILED)
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in db.execute(wanted):
        found[row.community_id].append(row)
    return found


def _steps(db: Connection, asked: Asked) -> dict[str, dict[str, list[Any]]]:
    """Return by community and ticket the steps of what was filed in the period, in order."""
    filed, steps = ticket_steps.alias("filed"), ticket_steps.alias("steps")
    wanted = (
        select(filed.c.community_id, steps.c.ticket_id, steps.c.version, steps.c.step, steps.c.at, steps.c.promised_at)
        .join(steps, steps.c.ticket_id == filed.c.ticket_id)
        .where(filed.c.organisation_id == asked.organisation_id, filed.c.step == FILED, *asked.within(filed.c.at))
        .order_by(filed.c.community_id, steps.c.ticket_id, steps.c.version)
    )
    if asked.community_id is not None:
        wanted = wanted.where(filed.c.community_id == asked.community_id)
    found: dict[str, dict[str, list[Any]]] = defaultdict(dict)
    for (community, ticket), told in groupby(db.execute(wanted), key=lambda row: (row.community_id, row.ticket_id)):
        found[community][ticket] = list(told)
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
