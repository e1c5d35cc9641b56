"""How often something recurs, as a person fills it in and reads it; at the desk it is an RRULE (RFC 5545)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from gateway.web.words import Word

# Units of “every 2 weeks”; `rule` stands for an RRULE that somebody writes themselves.
UNITS = {
    "HOURLY": Word(_l("hours")),
    "DAILY": Word(_l("days")),
    "WEEKLY": Word(_l("weeks")),
    "MONTHLY": Word(_l("months")),
    "YEARLY": Word(_l("years")),
    "rule": Word(_l("by a rule of its own")),
}
WEEKDAYS = {
    "MO": Word(_l("Monday")),
    "TU": Word(_l("Tuesday")),
    "WE": Word(_l("Wednesday")),
    "TH": Word(_l("Thursday")),
    "FR": Word(_l("Friday")),
    "SA": Word(_l("Saturday")),
    "SU": Word(_l("Sunday")),
}
# Which day of a month: the one the plan begins on, the last, or the n-th of the weekdays ticked.
WHICH = {
    "": Word(_l("the day it begins on")),
    "last": Word(_l("the last day")),
    "1": Word(_l("the first of these weekdays")),
    "2": Word(_l("the second of these weekdays")),
    "3": Word(_l("the third of these weekdays")),
    "4": Word(_l("the fourth of these weekdays")),
    "-1": Word(_l("the last of these weekdays")),
}
EVERY = {
    "HOURLY": (_l("every hour"), _l("every %(n)s hours")),
    "DAILY": (_l("every day"), _l("every %(n)s days")),
    "WEEKLY": (_l("every week"), _l("every %(n)s weeks")),
    "MONTHLY": (_l("every month"), _l("every %(n)s months")),
    "YEARLY": (_l("every year"), _l("every %(n)s years")),
}
_NUMBERED = re.compile(r"(-?\d)?([A-Z]{2})")


@dataclass(frozen=True)
class Rhythm:
    """How often, as it is typed: what makes no sense goes into the rule as it is, for the desk to refuse."""

    unit: str = "WEEKLY"
    interval: str = "1"
    weekdays: tuple[str, ...] = ()
    which: str = ""
    hours: str = ""
    count: str = ""
    until: str = ""
    rule: str = ""

    def written(self) -> str:
        """Return the rule for the desk. A last day is the plan's own end and not part of it."""
        if self.unit == "rule":
            return self.rule.strip()
        parts = [f"FREQ={self.unit}"]
        if self.interval.strip() not in ("", "1"):
            parts.append(f"INTERVAL={self.interval.strip()}")
        if self.unit == "WEEKLY" and self.weekdays:
            parts.append(f"BYDAY={','.join(self.weekdays)}")
        if self.unit == "MONTHLY" and self.which == "last":
            parts.append("BYMONTHDAY=-1")
        elif self.unit == "MONTHLY" and self.which:
            parts.append(f"BYDAY={','.join(self.which + day for day in self.weekdays) or self.which}")
        hours = ",".join(part for part in re.split(r"[\s,，、;；]+", self.hours) if part)
        if hours and self.unit != "HOURLY":
            parts.append(f"BYHOUR={hours}")
        if self.count.strip():
            parts.append(f"COUNT={self.count.strip()}")
        return ";".join(parts)


def read(rule: str) -> Rhythm:
    """Return how a rule is filled in; one that the form has no fields for stays as it is written."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    rhythm = _simple(parts)
    kept = {name: value for name, value in parts.items() if name != "UNTIL"}
    same = rhythm is not None and dict(part.partition("=")[::2] for part in rhythm.written().split(";")) == {
        name: value for name, value in kept.items() if (name, value) != ("INTERVAL", "1")
    }
    return rhythm if rhythm is not None and same else Rhythm("rule", rule=rule)


def _simple(parts: Mapping[str, str]) -> Rhythm | None:
    days = [match.groups() for one in parts.get("BYDAY", "").split(",") if (match := _NUMBERED.fullmatch(one))]
    places = {place or "" for place, _day in days}
    until = parts.get("UNTIL", "")
    # A rule that ends at a moment within a day is not one that ends with a day.
    if len(places) > 1 or (until and not re.fullmatch(r"\d{8}", until)):
        return None
    last = parts.get("BYMONTHDAY") == "-1"
    return Rhythm(
        unit=parts.get("FREQ", ""),
        interval=parts.get("INTERVAL", "1"),
        weekdays=tuple(day for _place, day in days),
        which="last" if last else next(iter(places), ""),
        hours=parts.get("BYHOUR", "").replace(",", ", "),
        count=parts.get("COUNT", ""),
        until=date.fromisoformat(until).isoformat() if until else "",
    )


def in_words(rule: str) -> str:
    """Return a rule as a person says it, or as it is written where the form has no fields for it."""
    rhythm = read(rule)
    if rhythm.unit == "rule":
        return rule
    once, several = EVERY[rhythm.unit]
    said = [str(once) if rhythm.interval == "1" else several % {"n": rhythm.interval}]
    if rhythm.which:
        said.append(str(WHICH[rhythm.which]))
    said += [str(WEEKDAYS[day]) for day in rhythm.weekdays]
    if rhythm.hours:
        said.append(_("at the hours %(hours)s", hours=rhythm.hours))
    if rhythm.count:
        said.append(ngettext("%(num)s time in all", "%(num)s times in all", int(rhythm.count)))
    if rhythm.until:
        said.append(_("until %(when)s", when=rhythm.until))
    return " · ".join(said)


def weekday(moment: str) -> Word:
    """Return the day of the week of a moment by the clocks of its own zone."""
    return [*WEEKDAYS.values()][datetime.fromisoformat(moment).weekday()]
