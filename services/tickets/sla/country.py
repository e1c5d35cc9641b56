"""Public holidays and make-up workdays of a country, from the `holidays` library, with its limits said aloud."""

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

import holidays


class HolidaysUnknown(ValueError):
    """Nobody has told the calendar which days of this year are free, so it refuses to count through it."""

    def __init__(self, country: str, year: int, why: str) -> None:
        super().__init__(
            f"holidays: the days off of {country} in {year} are not known ({why}). Update the holidays "
            f"library, or enter that year's holidays and workdays by hand and list {year} in declared_years."
        )
        self.country = country
        self.year = year


@dataclass(frozen=True)
class CountryYear:
    """One year of a country: free days, weekend days worked instead, and why it is not known (or None)."""

    days_off: frozenset[date]
    workdays: frozenset[date]
    unknown: str | None
    estimated: bool


@cache
def countries() -> frozenset[str]:
    """The codes of the countries whose public holidays the library knows."""
    return frozenset(holidays.list_supported_countries())


def check_country(country: str, subdivision: str | None) -> None:
    """Refuse a country or part of one that the library does not know (ValueError naming the field)."""
    where = f"{country} {subdivision}" if subdivision else country
    # By name the library would also find markets, classes and whatever else a module holds.
    if country not in countries():
        raise ValueError(f"country: no public holidays are known for {where!r}")
    try:
        holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError:
        raise ValueError(f"country: no public holidays are known for {where!r}") from None


def notice_years(entity: object) -> set[int]:
    """The years whose yearly government notice, moving weekends about, is written into the library."""
    special = getattr(entity, "special_public_holidays", None) or {}
    found = set()
    for year, entries in special.items():
        rows = entries if entries and isinstance(entries[0], tuple) else (entries,)
        # A row of four or five numbers says "this day off is worked on that day"; shorter rows are one-off days.
        if any(isinstance(row, tuple) and len(row) >= 4 for row in rows):
            found.add(year)
    return found


@lru_cache(maxsize=1024)
def country_year(country: str, subdivision: str | None, year: int) -> CountryYear:
    """What the library knows of one year.

    A country that moves its weekends by a yearly notice (China among them) is known only for the years whose
    notice the library carries: for later years it lists the statutory days alone, which would be a guess.
    """
    entity = holidays.country_holidays(country, subdiv=subdivision, years=(year, year + 1), expand=False)
    days_off = {day: name for day, name in entity.items() if day.year == year}
    notices = notice_years(entity)
    unknown = None
    if not entity.start_year <= year <= entity.end_year:
        unknown = f"the library covers {entity.start_year} to {entity.end_year}"
    elif notices and not min(notices) <= year <= max(notices):
        unknown = f"make-up workdays are announced year by year, the last one known is {max(notices)}"
    labels = (getattr(entity, name, None) for name in ("estimated_label", "observed_estimated_label"))
    marks = [str(label).replace("%s", "").strip() for label in labels if label]
    return CountryYear(
        days_off=frozenset(days_off),
        workdays=frozenset(day for day in entity.weekend_workdays if day.year == year),
        unknown=unknown,
        estimated=any(mark in name for mark in marks for name in days_off.values()),
    )


def known_year(country: str, subdivision: str | None, year: int, accept_estimates: bool) -> CountryYear:
    """The year's days, or HolidaysUnknown when the library could only guess them."""
    found = country_year(country, subdivision, year)
    if found.unknown:
        raise HolidaysUnknown(country, year, found.unknown)
    if found.estimated and not accept_estimates:
        raise HolidaysUnknown(country, year, "some of them are only estimated")
    return found
