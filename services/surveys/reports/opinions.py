"""What came of an opinion campaign: its response rate over all households, and each item with n and interval."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from services.kit import clock
from services.surveys import question_sets, statistics
from services.surveys.models import campaign_answer_items, campaign_answers, campaign_estimates, campaign_households
from services.surveys.models.campaigns import CLOSED
from services.surveys.question_sets import Item
from services.surveys.statistics import Figure

FIGURES: Mapping[str, tuple[str, Callable[[Sequence[int]], Figure]]] = {
    "csat": ("share_satisfied", statistics.csat),
    "nps": ("net_promoters", statistics.nps),
    "ces": ("mean", statistics.ces),
    "hours": ("median", statistics.middle),
}
MEAN: tuple[str, Callable[[Sequence[int]], Figure]] = ("mean", statistics.mean)


def campaign_report(db: Connection, campaign: Any) -> dict[str, Any]:
    """Return the figures of a campaign. Households that did not answer are counted, and say nothing."""
    asked = question_sets.load().get(campaign.question_set)
    said, estimated = _values(db, campaign.id), _estimates(db, campaign.id)
    scales = [item for item in asked.items if item.measures] if asked else []
    return {
        "asof": clock.now().isoformat(),
        "campaign_id": campaign.id,
        "name": campaign.name,
        "community_id": campaign.community_id,
        "state": campaign.state,
        "question_set": campaign.question_set,
        "question_set_version": campaign.question_set_version,
        "response": response(db, campaign),
        "items": [_item(item, said[item.name], estimated[item.name]) for item in scales],
    }


def response(db: Connection, campaign: Any) -> dict[str, Any]:
    """Return how many households were asked, answered and are silent; the base is every household of the community."""
    households = campaign_households.c
    invited, answered = db.execute(
        select(func.count(households.invited_at), func.count(households.answered_at)).where(
            households.campaign_id == campaign.id
        )
    ).one()
    base = campaign.households
    rest = None if base is None else base - answered
    closed = campaign.state == CLOSED
    return {
        "households": base,
        "unplaced": campaign.unplaced,
        "invited": invited,
        "answered": answered,
        "silent": rest if closed else None,
        "open": 0 if closed else rest,
        "rate": statistics.share(answered, base or 0).to_json(),
    }


def _item(item: Item, said: Sequence[int], estimated: Sequence[int]) -> dict[str, Any]:
    kind, figure = FIGURES.get(item.measures or "", MEAN)
    return {
        "item": item.name,
        "text": item.text,
        "measures": item.measures,
        "dimension": item.dimension,
        "figure": kind,
        **figure(said).to_json(),
        "values": {str(value): said.count(value) for value in sorted(set(said))},
        "estimates": statistics.mean(estimated).to_json(),
    }


def _values(db: Connection, campaign_id: str) -> dict[str, list[int]]:
    items = campaign_answer_items.c
    found: dict[str, list[int]] = defaultdict(list)
    # An item belongs to an answer that somebody of the household gave; there are no others.
    wanted = (
        select(items.item, items.value)
        .join(campaign_answers, campaign_answers.c.household_id == items.household_id)
        .where(items.campaign_id == campaign_id)
    )
    for item, value in db.execute(wanted):
        found[item].append(value)
    return found


def _estimates(db: Connection, campaign_id: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    estimates = campaign_estimates.c
    wanted = select(estimates.item, estimates.value).where(estimates.campaign_id == campaign_id)
    for item, value in db.execute(wanted):
        found[item].append(value)
    return found
