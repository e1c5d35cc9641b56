"""Says times as people do: in the community's zone, today and tomorrow by name, and how long something took."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from cachetools import TTLCache
from flask_babel import get_locale, gettext
from markupsafe import Markup

from gateway.web.desk import Refused, desk
from gateway.web.session import visitor
from services.kit import clock
from services.kit.errors import Unavailable

KNOWN_SECONDS = 300
_zones: TTLCache[str, dict[str, str]] = TTLCache(10_000, KNOWN_SECONDS)
MINUTE, HOUR, DAY = 60, 3600, 86400


def zone(community_id: str | None = None) -> ZoneInfo | None:
    """Return a community's zone, or the first of the visitor's communities; None where it is not known just now.

    Visitors without an account have no communities: for them the zone itself is named.
    """
    if community_id and "/" in community_id:
        return ZoneInfo(community_id)
    who = visitor()
    if who is None:
        return None
    known = _zones.get(who.actor.id)
    if known is None:
        try:
            known = {place["id"]: place["timezone"] for place in desk().get("/communities")["items"]}
        except (Unavailable, Refused):
            return None
        _zones[who.actor.id] = known
    name = known.get(community_id or "") or next(iter(known.values()), None)
    return ZoneInfo(name) if name else None


def moment(value: str | datetime | None, community_id: str | None = None) -> Markup | str:
    """Return a moment as `today 14:05`, with the exact one for machines; a dash for none."""
    if not value:
        return "–"
    at, now = _local(value, community_id)
    exact = at.isoformat(timespec="seconds")
    said = f"{_day(at, now)} {at:%H:%M}{'' if at.utcoffset() or at.tzinfo is not UTC else ' UTC'}"
    return Markup('<time datetime="{}">{}</time>').format(exact, said)


def day(value: str | datetime | None, community_id: str | None = None) -> Markup | str:
    """Return the day of a moment as `today` or `22 Nov`; a dash for none."""
    if not value:
        return "–"
    at, now = _local(value, community_id)
    return Markup('<time datetime="{}">{}</time>').format(at.date().isoformat(), _day(at, now))


def duration(seconds: float | None) -> str:
    """Return a length of time by its two largest units; a dash for none."""
    if seconds is None:
        return "–"
    whole = round(abs(seconds))
    if whole >= DAY:
        said = gettext("%(days)s d %(hours)s h", days=whole // DAY, hours=whole % DAY // HOUR)
    elif whole >= HOUR:
        said = gettext("%(hours)s h %(minutes)s min", hours=whole // HOUR, minutes=whole % HOUR // MINUTE)
    elif whole >= MINUTE:
        said = gettext("%(minutes)s min", minutes=whole // MINUTE)
    else:
        said = gettext("under a minute")
    return f"−{said}" if seconds < 0 and whole >= MINUTE else said


def _local(value: Any, community_id: str | None) -> tuple[datetime, datetime]:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    place = zone(community_id) or UTC
    return at.astimezone(place), clock.now().astimezone(place)


def _day(at: datetime, now: datetime) -> str:
    apart = at.date() - now.date()
    if apart in _NAMED:
        return _NAMED[apart]()
    chinese = str(get_locale()).startswith("zh")
    this_year = at.year == now.year
    form = ("M月d日" if this_year else "y年M月d日") if chinese else ("d MMM" if this_year else "d MMM y")
    return format_datetime(at, form, locale=get_locale())


_NAMED = {
    timedelta(0): lambda: gettext("today"),
    timedelta(1): lambda: gettext("tomorrow"),
    timedelta(-1): lambda: gettext("yesterday"),
}
