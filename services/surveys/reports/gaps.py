"""The five gaps per community and period, from tables of our own: campaigns, answers, estimates, steps and clocks."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from services.kit import clock
from services.surveys import question_sets
from services.surveys.models import (
    campaign_answer_items,
    campaign_answers,
    campaign_estimates,
    campaigns,
    return_visits,
)
from services.surveys.reports import deeds, ratings, thumb
from services.surveys.reports.asked import Asked
from services.surveys.reports.gap import BEHIND, CLOCKS, Gap
from services.surveys.reports.gap_deeds import communication, dispensary
from services.surveys.reports.gap_views import Campaign, diagnosis, outcome, prescription
from services.surveys.reports.ratings import Ratings


def gaps_report(db: Connection, asked: Asked) -> dict[str, Any]:
    """Return the gaps of every community that anything is known of, or of the one asked for."""
    now = clock.now()
    asking, rated = _campaigns(db, asked), ratings.read(db, asked)
    done, targets, promised = deeds.read(db, asked), deeds.targets(db, asked), deeds.promised(db, asked, now)
    everywhere = {*asking, *rated, *done, *_visited(db, asked)}
    if asked.community_id is not None:
        everywhere.add(asked.community_id)

    def of(community: str) -> list[Gap]:
        campaign = asking.get(community)
        return [
            diagnosis(campaign),
            prescription(campaign, targets[community]),
            dispensary(done[community]),
            communication([one.promise for one in promised[community]]),
            outcome(rated.get(community, Ratings())),
        ]

    return {
        "asof": now.isoformat(),
        **asked.said(),
        "communities": [
            {"community_id": one, "gaps": [_with_lists(gap, asked.of_community(one)) for gap in of(one)]}
            for one in sorted(everywhere)
        ],
        "rules_of_thumb": [thumb.rule(rule["code"]) for rule in thumb.load()["rules"]],
    }


def _with_lists(gap: Gap, asked: Asked) -> dict[str, Any]:
    """Return a gap with the lists behind its counts, and behind those of each kind of clock."""
    told = gap.to_json()
    for one in (detail for detail in told["details"] if "clock" in detail):
        one["behind"] = asked.links("gaps", CLOCKS, clock=one["clock"])
    return {**told, "behind": asked.links("gaps", BEHIND[gap.code])}


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
