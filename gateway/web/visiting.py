"""When somebody comes, as people read and say it: a day, and a part of it by the community's clocks."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from gateway.web.moments import moment, zone
from services.kit import clock

# What can be chosen of a day; the desk takes any window of up to eight hours.
PARTS = (
    ("08:00-12:00", _l("Morning, 8 to 12")),
    ("13:00-18:00", _l("Afternoon, 13 to 18")),
    ("18:00-21:00", _l("Evening, 18 to 21")),
)
HOURS = tuple(f"{hour:02}:00-{hour + 1:02}:00" for hour in range(8, 21))
# As far as the desk takes one, and as far as a crew is offered them in one list.
FURTHEST_DAYS = 59
OFFERED_DAYS = 8

Window = dict[str, str]


def window(value: Mapping[str, str] | None, community_id: str | None = None) -> Markup | str:
    """Return a window as `tomorrow 14:00 – 17:00`, with the exact moments for machines; a dash for none."""
    if not value:
        return "–"
    begins, ends = (datetime.fromisoformat(value[name]).astimezone(zone(community_id)) for name in ("from", "to"))
    if begins.date() != ends.date():
        return Markup("{} – {}").format(moment(begins, community_id), moment(ends, community_id))
    until = Markup('<time datetime="{}">{}</time>').format(ends.isoformat(timespec="seconds"), f"{ends:%H:%M}")
    return Markup("{} – {}").format(moment(begins, community_id), until)


def first_and_last(community_id: str | None) -> tuple[str, str]:
    """Return the first and the last day that may be chosen, as a field for days takes them."""
    today = clock.now().astimezone(zone(community_id)).date()
    return today.isoformat(), (today + timedelta(days=FURTHEST_DAYS)).isoformat()


def typed_window(form: Mapping[str, str], community_id: str | None) -> Window:
    """Return the window that a form's `day` and `part` say; what is none is left for the desk to refuse."""
    begin, _dash, end = form.get("part", "").partition("-")
    said = {"from": f"{form.get('day', '')}T{begin}", "to": f"{form.get('day', '')}T{end}"}
    try:
        return {name: _at(text, community_id).isoformat() for name, text in said.items()}
    except ValueError:
        return said


def _at(text: str, community_id: str | None) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=zone(community_id))


def answered(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what every answer says: which appointment was seen, and words with it."""
    seen, note = form.get("seen", ""), form.get("note", "").strip()
    return {**({"seen": int(seen)} if seen.isdecimal() else {}), **({"note": note} if note else {})}


def coming(community_id: str | None) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the next days by name, each with the windows that still begin, as (moments, name).

    The moments are exact, so that a phone without signal need not know the zone.
    """
    now, place = clock.now(), zone(community_id)
    today = now.astimezone(place).date()
    for days in range(OFFERED_DAYS):
        date_ = today + timedelta(days=days)
        offered = [
            (f"{begins.isoformat()}/{ends.isoformat()}", str(name))
            for part, name in PARTS
            for begins, ends in [tuple(_at(f"{date_}T{time}", community_id) for time in part.split("-"))]
            if begins > now
        ]
        if offered:
            yield _named(date_, date_ - today), offered


def _named(date_: date, ahead: timedelta) -> str:
    said = {0: _("today"), 1: _("tomorrow")}.get(ahead.days, "")
    weekday = format_date(
        date_, "M月d日 EEEE" if str(get_locale()).startswith("zh") else "EEEE d MMM", locale=get_locale()
    )
    return f"{said} · {weekday}" if said else weekday
