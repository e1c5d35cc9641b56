"""The period that figures are asked for: this month, the last one, or from a day to a day, in the community's zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from flask import request
from flask_babel import gettext

from gateway.web import moments
from services.kit import clock

KEPT = ("period", "from", "to", "community_id")
MONTHS_OF_TREND = 12
PERIODS = ("month", "last", "year", "days")


@dataclass(frozen=True)
class Period:
    """A period from `first` to `last`, both included, as chosen on the page; `wrong` says what cannot be."""

    chosen: str
    first: date
    last: date
    community_id: str | None
    since: datetime
    until: datetime
    wrong: str | None = None

    @property
    def query(self) -> dict[str, Any]:
        """What a report is asked for."""
        return {"from": self.since.isoformat(), "to": self.until.isoformat(), "community_id": self.community_id}


def carried_on(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return what the next page keeps of this page's period."""
    return {name: arguments[name] for name in KEPT if arguments.get(name)}


def period(usual: str = "month") -> Period:
    """Return the period of this page; a day that there is not is said, and the usual period shown."""
    community_id = request.args.get("community_id") or None
    zone = moments.zone(community_id) or UTC
    today = clock.now().astimezone(zone).date()
    asked = request.args.get("period", usual)
    chosen = asked if asked in PERIODS else usual
    first, last, wrong = *_days(usual, today), None
    try:
        first, last = _days(chosen, today)
    except ValueError:
        chosen, wrong = usual, gettext("Give both days, the first not after the last.")
    return Period(chosen, first, last, community_id, *_ends(first, last, zone), wrong)


def months(chosen: Period) -> dict[str, Any]:
    """Return what a report is asked for, for the twelve months up to now, in the same community."""
    zone = moments.zone(chosen.community_id) or UTC
    since, until = _ends(*_days("year", clock.now().astimezone(zone).date()), zone)
    return chosen.query | {"from": since.isoformat(), "to": until.isoformat()}


def _ends(first: date, last: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return when the first day begins and the last one is over."""
    since, until = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    return since, until


def _days(chosen: str, today: date) -> tuple[date, date]:
    if chosen == "days":
        first, last = (date.fromisoformat(request.args.get(name, "")) for name in ("from", "to"))
        if not date(2000, 1, 1) <= first <= last < date(2100, 1, 1):
            raise ValueError("such a period there is not")
        return first, last
    begin = today.replace(day=1)
    if chosen == "last":
        end = begin - timedelta(days=1)
        return end.replace(day=1), end
    if chosen == "year":
        months = today.year * 12 + today.month - MONTHS_OF_TREND
        return date(months // 12, months % 12 + 1, 1), today
    return begin, today
