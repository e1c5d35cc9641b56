"""How satisfied households say they are: who was asked, who answered, and figures of human answers alone."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select, union

from services.kit import clock
from services.surveys import statistics
from services.surveys.models import campaign_answers, campaigns, return_visits, ticket_steps
from services.surveys.reports import ratings, thumb, visits
from services.surveys.reports.asked import Asked
from services.surveys.reports.ratings import Ratings
from services.surveys.reports.visits import ANSWERED, HAPPY, OPEN, PROXY, SILENT, UNHAPPY, WITHDRAWN
from services.surveys.statistics import Asked as Outcomes

COMMUNITY, MONTH = "community", "month"
GROUPINGS = (COMMUNITY, MONTH)


@dataclass
class Said:
    """What one kind of speaker said in one community: how many said solved or not, and how many gave each rating."""

    solved: Counter[bool] = field(default_factory=Counter)
    rated: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Said") -> None:
        """Count another's in."""
        self.solved += other.solved
        self.rated += other.rated

    def figures(self) -> dict[str, Any]:
        """Return the figures; without answers they are empty."""
        satisfied = sum(self.rated[rating] for rating in statistics.SATISFIED)
        return {
            "solved": statistics.share(self.solved[True], self.solved.total()).to_json(),
            "csat": statistics.share(satisfied, self.rated.total()).to_json(),
            "ratings": {str(rating): self.rated[rating] for rating in range(1, 6)},
        }


@dataclass
class Voice:
    """One community's return visits: how many ended in which way, what households said, and what proxies did."""

    ways: Counter[str] = field(default_factory=Counter)
    household: Said = field(default_factory=Said)
    proxy: Said = field(default_factory=Said)
    complaints: int = 0
    stay: Counter[str] = field(default_factory=Counter)
    unhappy: int = 0
    happy: int = 0

    def add(self, other: "Voice") -> None:
        """Count another community's in."""
        self.ways += other.ways
        self.household.add(other.household)
        self.proxy.add(other.proxy)
        self.complaints += other.complaints
        self.stay += other.stay
        self.unhappy += other.unhappy
        self.happy += other.happy

    def to_json(self, rated: Ratings, behind: Mapping[str, str]) -> dict[str, Any]:
        """Return the report's entry, with the lists behind its counts."""
        ways = self.ways
        outcomes = Outcomes(ways[ANSWERED], ways[PROXY], ways[SILENT], ways[OPEN])
        counts = {
            "complaints": self.complaints,
            "unhappy": self.unhappy,
            "happy": self.happy,
            "complaints_solved": self.stay["solved"],
            "complaints_solved_in_time": self.stay["in_time"],
        }
        return {
            "return_visits": {**outcomes.to_json(), "withdrawn": ways[WITHDRAWN]},
            "household": {**self.household.figures(), **rated.figures()},
            "proxies": {"n": self.proxy.solved.total(), **self.proxy.figures()},
            "estimates": thumb.estimates(counts),
            "behind": behind,
        }


def satisfaction_report(db: Connection, asked: Asked, grouping: str = COMMUNITY) -> dict[str, Any]:
    """Return who was asked in the period, by when they were, and what they said: per community or month, and in all."""
    voices, rated = _voices(db, asked), ratings.read(db, asked)
    communities = sorted(voices.keys() | rated.keys()) if grouping == COMMUNITY else []
    months = _months(db, asked) if grouping == MONTH else []
    return {
        "asof": clock.now().isoformat(),
        **asked.said(),
        "group_by": grouping,
        "communities": [
            {
                "community_id": one,
                **_entry(voices.get(one, Voice()), rated.get(one, Ratings()), asked.of_community(one)),
            }
            for one in communities
        ],
        "months": [{"month": one, **_of_month(db, asked.of_month(one))} for one in months],
        "total": _whole(voices, rated, asked),
    }


def _of_month(db: Connection, asked: Asked) -> dict[str, Any]:
    return _whole(_voices(db, asked), ratings.read(db, asked), asked)


def _whole(voices: Mapping[str, Voice], rated: Mapping[str, Ratings], asked: Asked) -> dict[str, Any]:
    whole = Voice()
    for voice in voices.values():
        whole.add(voice)
    return _entry(whole, ratings.together(rated.values()), asked)


def _entry(voice: Voice, rated: Ratings, asked: Asked) -> dict[str, Any]:
    return voice.to_json(rated, asked.links("satisfaction", visits.FIGURES))


def _months(db: Connection, asked: Asked) -> list[str]:
    """Return the months of the period of which there is anything to say, in order."""
    invited, answered, steps = return_visits.c.invited_at, campaign_answers.c.answered_at, ticket_steps.c
    of_visits = select(asked.month(invited)).where(*asked.of(return_visits), *asked.within(invited))
    of_campaigns = select(asked.month(answered)).join(campaigns, campaigns.c.id == campaign_answers.c.campaign_id)
    of_complaints = select(asked.month(steps.at)).where(*visits.complaining(asked))
    found = union(
        of_visits.where(invited.is_not(None)),
        of_campaigns.where(*asked.of(campaigns), *asked.within(answered)),
        of_complaints,
    )
    return sorted(db.scalars(found))


def _voices(db: Connection, asked: Asked) -> dict[str, Voice]:
    """Return what came of asking, by community."""
    voices: dict[str, Voice] = {}
    seen = visits.told(db, asked)
    counted = [seen.c[name] for name in _COUNTED]
    for row in db.execute(select(*counted, func.count().label("n")).group_by(*counted)):
        voice = voices.setdefault(row.community_id, Voice())
        voice.ways[row.way] += row.n
        for said, solved, rating in (
            (voice.household, row.solved, row.satisfaction),
            (voice.proxy, row.proxy_solved, row.proxy_satisfaction),
        ):
            if solved is not None:
                said.solved[solved] += row.n
            if rating is not None:
                said.rated[rating] += row.n
        if row.way == ANSWERED:
            _weigh(voice, row)
    for community, complaints in _complaints(db, asked):
        voices.setdefault(community, Voice()).complaints = complaints
    return voices


_COUNTED = (
    "community_id", "way", "solved", "satisfaction", "proxy_solved", "proxy_satisfaction", "complaint", "in_time",
)  # fmt: skip


def _weigh(voice: Voice, row: Any) -> None:
    """Count one group of answers as happy, unhappy or neither, and as a complaint that was solved."""
    if not row.solved or (row.satisfaction or HAPPY) <= UNHAPPY:
        voice.unhappy += row.n
    elif row.satisfaction is not None and row.satisfaction >= HAPPY:
        voice.happy += row.n
    if row.complaint and row.solved:
        voice.stay["in_time" if row.in_time else "solved"] += row.n


def _complaints(db: Connection, asked: Asked) -> Iterable[tuple[str, int]]:
    community = ticket_steps.c.community_id
    counted = select(community, func.count()).where(*visits.complaining(asked)).group_by(community)
    return [(one, complaints) for one, complaints in db.execute(counted)]
