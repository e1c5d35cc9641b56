"""What households rated, by what each question measures: from return visits and from campaigns, never from proxies."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from services.surveys import question_sets, statistics
from services.surveys.models import (
    AnsweredBy,
    answer_items,
    answers,
    campaign_answer_items,
    campaign_answers,
    campaigns,
    return_visits,
)
from services.surveys.question_sets import DIMENSIONS, SIDES
from services.surveys.reports.asked import Asked

NPS, CES = "nps", "ces"


@dataclass
class Ratings:
    """The ratings of one community: lists for NPS and CES, and (expectation, perception) pairs by dimension.

    `sheets` keeps together the pairs that one household gave, for figures over all dimensions.
    """

    nps: list[int] = field(default_factory=list)
    ces: list[int] = field(default_factory=list)
    pairs: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {name: [] for name in DIMENSIONS})
    sheets: list[list[tuple[float, float]]] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Return them as the satisfaction report shows them."""
        gaps = statistics.servqual(self.pairs)
        return {
            "nps": statistics.nps(self.nps).to_json(),
            "ces": statistics.ces(self.ces).to_json(),
            "servqual": {name: figure.to_json() for name, figure in gaps.items()},
        }


def read(db: Connection, asked: Asked) -> dict[str, Ratings]:
    """Return the ratings of the period by community; communities without any are not there."""
    sheets: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
    for community, sheet, question_set, item, value in (*_of_visits(db, asked), *_of_campaigns(db, asked)):
        sheets[community, sheet, question_set][item] = value
    found: dict[str, Ratings] = {}
    for (community, _, question_set), values in sheets.items():
        _add(found.setdefault(community, Ratings()), question_set, values)
    return found


def together(several: Iterable[Ratings]) -> Ratings:
    """Return the ratings of several communities as one."""
    whole = Ratings()
    for one in several:
        whole.nps += one.nps
        whole.ces += one.ces
        whole.sheets += one.sheets
        for dimension, pairs in one.pairs.items():
            whole.pairs[dimension] += pairs
    return whole


def _add(ratings: Ratings, question_set: str, values: Mapping[str, int]) -> None:
    asked = question_sets.load().get(question_set)
    sides: dict[str, dict[str, int]] = defaultdict(dict)
    for item in asked.items if asked else ():
        if item.name not in values:
            continue
        if item.measures == NPS:
            ratings.nps.append(values[item.name])
        elif item.measures == CES:
            ratings.ces.append(values[item.name])
        elif item.measures in SIDES and item.dimension:
            sides[item.dimension][item.measures] = values[item.name]
    sheet = []
    for dimension, both in sides.items():
        if len(both) == len(SIDES):
            pair = (float(both["expectation"]), float(both["perception"]))
            ratings.pairs[dimension].append(pair)
            sheet.append(pair)
    if sheet:
        ratings.sheets.append(sheet)


def _measuring() -> list[str]:
    """The names of items that are rated for one of these figures; the rest need not be read."""
    wanted = {NPS, CES, *SIDES}
    return sorted({item.name for one in question_sets.load().values() for item in one.items if item.measures in wanted})


def _of_visits(db: Connection, asked: Asked) -> Iterator[Any]:
    yield from db.execute(
        select(
            return_visits.c.community_id,
            answer_items.c.answer_id,
            answer_items.c.question_set,
            answer_items.c.item,
            answer_items.c.value,
        )
        .join(answers, answers.c.id == answer_items.c.answer_id)
        .join(return_visits, return_visits.c.id == answers.c.survey_id)
        .where(
            *asked.of(return_visits),
            *asked.within(return_visits.c.invited_at),
            answers.c.answered_by == AnsweredBy.HOUSEHOLD.value,
            answer_items.c.item.in_(_measuring()),
        )
    )


def _of_campaigns(db: Connection, asked: Asked) -> Iterator[Any]:
    yield from db.execute(
        select(
            campaigns.c.community_id,
            campaign_answer_items.c.household_id,
            campaigns.c.question_set,
            campaign_answer_items.c.item,
            campaign_answer_items.c.value,
        )
        .join(campaign_answers, campaign_answers.c.household_id == campaign_answer_items.c.household_id)
        .join(campaigns, campaigns.c.id == campaign_answers.c.campaign_id)
        .where(
            *asked.of(campaigns),
            *asked.within(campaign_answers.c.answered_at),
            campaign_answer_items.c.item.in_(_measuring()),
        )
    )
