"""Which earlier requests a request is like, from the closest circle to the widest."""

from dataclasses import dataclass
from datetime import datetime

ATTEND, RESOLVE = "attend", "resolve"
# To attend: until somebody is on site or begins the work, or it is done from afar. To resolve: until the completion
# that held; a job that was opened again is not resolved.
MEASURES = (ATTEND, RESOLVE)

WORKDAY, EVENING, NIGHT, WEEKEND = "workday", "evening", "night", "weekend"
HOURS = (WORKDAY, EVENING, NIGHT, WEEKEND)
_DAY_BEGINS, _EVENING_BEGINS, _NIGHT_BEGINS = 8, 18, 22
_SATURDAY = 5

ITEM_COMMUNITY_HOURS = "item_community_hours"
ITEM_COMMUNITY = "item_community"
WORK_COMMUNITY = "work_community"
WORK_ORGANISATION = "work_organisation"
# The order in which an estimate falls back: the same item in the same community at the same hours comes first.
BASES = (ITEM_COMMUNITY_HOURS, ITEM_COMMUNITY, WORK_COMMUNITY, WORK_ORGANISATION)


@dataclass(frozen=True)
class Likeness:
    """What a request has in common with those it is compared to; `hours` is one of HOURS, of its filing.

    Emergencies and the others are apart in every circle: an emergency goes before all, so neither tells anything of
    how long the other waits.
    """

    community_id: str
    catalogue_code: str
    work_type: str
    emergency: bool
    hours: str

    def circles(self) -> tuple[tuple[str, str], ...]:
        """Return (basis, key) of the circles of requests that this one belongs to, in the order of BASES."""
        how = "emergency" if self.emergency else "ordinary"
        item = f"{self.catalogue_code}|{how}"
        work = f"{self.work_type}|{how}"
        keys = (
            f"item|{self.community_id}|{item}|{self.hours}",
            f"item|{self.community_id}|{item}",
            f"work|{self.community_id}|{work}",
            f"work|{work}",
        )
        return tuple(zip(BASES, keys, strict=True))


def hours_of(local: datetime) -> str:
    """Return the part of the day and week in which a moment falls, as the community's wall clock shows it.

    Nights are one class all week; of the rest, the weekend is one, and a weekday has a day and an evening.
    """
    if not _DAY_BEGINS <= local.hour < _NIGHT_BEGINS:
        return NIGHT
    if local.weekday() >= _SATURDAY:
        return WEEKEND
    return WORKDAY if local.hour < _EVENING_BEGINS else EVENING
