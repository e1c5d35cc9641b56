"""How often a shift is, as a form and in words: once, every so many weeks on some days, or every so many days."""

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

DAYS = {
    "MO": _l("Monday"),
    "TU": _l("Tuesday"),
    "WE": _l("Wednesday"),
    "TH": _l("Thursday"),
    "FR": _l("Friday"),
    "SA": _l("Saturday"),
    "SU": _l("Sunday"),
}
WEEK = len(DAYS)
ONCE, WEEKLY, DAILY, KEPT = "once", "week", "days", "kept"
OFTEN = {
    ONCE: _l("On the first day only"),
    WEEKLY: _l("Every week, or every so many weeks, on the days ticked"),
    DAILY: _l("Every day, or every so many days from the first"),
}
_BY_WEEK = re.compile(r"FREQ=WEEKLY(?:;INTERVAL=(\d{1,3}))?;BYDAY=([A-Z,]+)")
_BY_DAY = re.compile(r"FREQ=DAILY(?:;INTERVAL=(\d{1,3}))?")


def read(rrule: str | None) -> tuple[str, int, list[str]]:
    """Return how often, every how many, and on which days a rule says; KEPT for one that this form cannot show."""
    if not rrule:
        return ONCE, 1, []
    if found := _BY_WEEK.fullmatch(rrule):
        days = found[2].split(",")
        return (WEEKLY, int(found[1] or 1), days) if set(days) <= set(DAYS) else (KEPT, 1, [])
    if found := _BY_DAY.fullmatch(rrule):
        return DAILY, int(found[1] or 1), []
    return KEPT, 1, []


def written(often: str, every: str, days: list[str]) -> str | None:
    """Return the rule of RFC 5545 that a form says; the desk refuses what is none."""
    interval = f";INTERVAL={every}" if every not in ("", "1") else ""
    if often == WEEKLY:
        return f"FREQ=WEEKLY{interval};BYDAY={','.join(day for day in DAYS if day in days)}"
    return f"FREQ=DAILY{interval}" if often == DAILY else None


def told(rrule: str | None) -> str:
    """Say a rule as people do; one that is none of these is said as it is."""
    often, every, days = read(rrule)
    if often == ONCE:
        return _("once")
    if often == KEPT:
        return str(rrule)
    if often == DAILY:
        return _("every day") if every == 1 else _("every %(n)s days", n=every)
    if every == 1 and len(days) == WEEK:
        return _("every day")
    named = _(", ").join(str(DAYS[one]) for one in days)
    return named if every == 1 else _("every %(n)s weeks: %(days)s", n=every, days=named)
