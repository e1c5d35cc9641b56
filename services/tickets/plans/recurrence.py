"""When a plan recurs: an RRULE of RFC 5545 on the wall clock of its community, refused by name where it is nonsense.

A time that the clocks skip in spring is read with the offset before the change, and one that comes twice in autumn is
its first, as RFC 5545 §3.3.5 says.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from services.kit.errors import Invalid, invalid_field

FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
TOO_OFTEN = ("SECONDLY", "MINUTELY")
MOST_COUNT = 1000
MOST_INTERVAL = 1000
LONGEST_RULE = 300
# The first time must come within so long, or the rule never occurs as far as anybody at the desk is concerned.
HORIZON = timedelta(days=3660)
# The Gregorian calendar repeats to the weekday after 400 years, and dateutil looks no further than the year 9999. Moved
# by whole cycles to the last of them, a rule that never occurs is found out in half a second instead of in a minute.
_CYCLE_YEARS, _LAST_YEAR = 400, 9989

_NUMBERS = {
    "BYMONTH": (1, 12), "BYMONTHDAY": (-31, 31), "BYYEARDAY": (-366, 366), "BYWEEKNO": (-53, 53), "BYHOUR": (0, 23),
    "BYSETPOS": (-366, 366), "INTERVAL": (1, MOST_INTERVAL), "COUNT": (1, MOST_COUNT),
}  # fmt: skip
_LISTS = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYHOUR", "BYSETPOS", "BYDAY")
_WEEKDAY = re.compile(r"(?:[+-]?(?:[1-9]|[1-4]\d|5[0-3]))?(?:MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,4}", re.ASCII)
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
# RFC 5545 §3.3.10: which part has no meaning under which frequency.
_WITHOUT_MEANING = {
    "BYMONTHDAY": ("WEEKLY",),
    "BYYEARDAY": ("DAILY", "WEEKLY", "MONTHLY"),
    "BYWEEKNO": ("HOURLY", "DAILY", "WEEKLY", "MONTHLY"),
}


@dataclass(frozen=True)
class Recurrence:
    """A checked rule. `starts` and `ends` (the last moment that still counts, or None) are wall-clock, without zone."""

    rule: str
    starts: datetime
    ends: datetime | None
    zone: ZoneInfo

    def after(self, moment: datetime | None) -> Iterator[datetime]:
        """Yield the occurrences later than an aware moment (None: from the first), in order, as aware UTC moments."""
        latest = moment
        since = None if moment is None else moment.astimezone(self.zone).replace(tzinfo=None) - timedelta(days=1)
        for shifted in self._rule if since is None else self._rule.xafter(self._there(since), inc=True):
            local = self._back(shifted)
            if self._last is not None and local > self._last:
                return
            found = local.replace(tzinfo=self.zone).astimezone(UTC)
            # Two times on the wall can be one moment where an hour is skipped: it occurs once.
            if latest is None or found > latest:
                latest = found
                yield found

    def next_after(self, moment: datetime | None) -> datetime | None:
        """Return the first occurrence later than a moment, or None where none is left."""
        return next(self.after(moment), None)

    @cached_property
    def _years(self) -> int:
        return (_LAST_YEAR - self.starts.year) // _CYCLE_YEARS * _CYCLE_YEARS

    def _there(self, local: datetime) -> datetime:
        return local.replace(year=local.year + self._years)

    def _back(self, shifted: datetime) -> datetime:
        return shifted.replace(year=shifted.year - self._years)

    @cached_property
    def _rule(self) -> rrule:
        made = rrulestr(_without_until(self.rule)[0], dtstart=self._there(self.starts))
        if not isinstance(made, rrule):
            raise ValueError("not one rule")
        return made

    @cached_property
    def _last(self) -> datetime | None:
        """The last wall-clock moment that counts, of the plan's own end and the rule's UNTIL the earlier."""
        until = _local(_without_until(self.rule)[1], self.zone)
        return min((end for end in (self.ends, until) if end is not None), default=None)


def recurrence(text: str, starts: datetime, ends: datetime | None, zone: ZoneInfo) -> Recurrence:
    """Return the checked rule; raises Invalid naming `rrule`, `starts_at` or `ends_at` and what is wrong with it."""
    if ends is not None and ends < starts:
        raise invalid_field("ends_at", "The end lies before the start.", "结束时间早于开始时间。")
    checked = Recurrence(_checked(text, zone), starts, ends, zone)
    try:
        first = checked.next_after(None)
    except (ValueError, OverflowError) as problem:
        raise _refused(f"The rule cannot be read: {problem}.", "无法识别该重复规则。") from problem
    if first is None or first - starts.replace(tzinfo=zone) > HORIZON:
        raise _refused(
            "This rule never occurs between the start and the end, or not within ten years.",
            "该规则在起止时间内（或十年内）不会发生。",
        )
    return checked


def _checked(text: str, zone: ZoneInfo) -> str:
    """Return the rule in its plain form, each part once and within its bounds."""
    parts = _parts(text)
    frequency = parts.get("FREQ", "")
    if frequency in TOO_OFTEN or parts.keys() & {"BYSECOND", "BYMINUTE"}:
        raise _refused(
            "A plan occurs once an hour at the most, at the minute of its start: leave out SECONDLY, MINUTELY,"
            " BYSECOND and BYMINUTE.",
            "计划最多每小时一次，分钟以开始时间为准：请勿使用 SECONDLY、MINUTELY、BYSECOND、BYMINUTE。",
        )
    if frequency not in FREQUENCIES:
        raise _refused(
            f"FREQ must be one of {', '.join(FREQUENCIES)}.", f"FREQ 须为以下之一：{'、'.join(FREQUENCIES)}。"
        )
    for name, value in parts.items():
        _check_part(name, value, zone)
    _check_together(parts, frequency)
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _parts(text: str) -> dict[str, str]:
    rule = text.strip().upper().removeprefix("RRULE:")
    if not rule or len(rule) > LONGEST_RULE or not rule.isascii():
        raise _refused(
            f"Write a rule such as FREQ=WEEKLY;BYDAY=MO, of at most {LONGEST_RULE} letters.",
            f"请填写重复规则，如 FREQ=WEEKLY;BYDAY=MO，不超过 {LONGEST_RULE} 个字符。",
        )
    parts: dict[str, str] = {}
    for part in rule.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise _refused(
                f"“{part}” is no part of a rule, or says again what was said.", f"“{part}”不是有效的规则部分，或重复。"
            )
        parts[name] = value
    return parts


def _check_part(name: str, value: str, zone: ZoneInfo) -> None:
    if name == "FREQ":
        return
    values = value.split(",") if name in _LISTS else [value]
    if name == "UNTIL":
        good = _local(value, zone) is not None
    elif name == "WKST":
        good = value in ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    elif name == "BYDAY":
        good = all(_WEEKDAY.fullmatch(one) for one in values)
    elif name in _NUMBERS:
        good = all(_NUMBER.fullmatch(one) and _within(name, int(one)) for one in values)
    else:
        raise _refused(f"A rule has no part {name}.", f"重复规则没有 {name} 这一部分。")
    if not good:
        raise _refused(f"{name}={value} is not possible.{_bounds(name)}", f"{name}={value} 无效。{_bounds(name)}")


def _within(name: str, number: int) -> bool:
    least, most = _NUMBERS[name]
    return least <= number <= most and (number != 0 or name == "BYHOUR")


def _bounds(name: str) -> str:
    return f" ({_NUMBERS[name][0]}…{_NUMBERS[name][1]})" if name in _NUMBERS else ""


def _check_together(parts: dict[str, str], frequency: str) -> None:
    if "COUNT" in parts and "UNTIL" in parts:
        raise _refused("Give COUNT or UNTIL, not both.", "COUNT 与 UNTIL 只能填写一个。")
    for name, frequencies in _WITHOUT_MEANING.items():
        if name in parts and frequency in frequencies:
            raise _refused(f"{name} has no meaning with FREQ={frequency}.", f"FREQ={frequency} 不能使用 {name}。")
    numbered = any(not one.isalpha() for one in parts.get("BYDAY", "").split(",") if one)
    if numbered and (frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        raise _refused(
            "A numbered weekday such as 2MO has a meaning within months and years only.",
            "带序号的星期（如 2MO）仅可用于按月或按年。",
        )
    if "BYSETPOS" in parts and not parts.keys() & (set(_LISTS) - {"BYSETPOS"}):
        raise _refused("BYSETPOS chooses among other BY… parts: give one.", "BYSETPOS 须与其他 BY… 部分一起使用。")


def _without_until(rule: str) -> tuple[str, str | None]:
    kept, until = [], None
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        if name == "UNTIL":
            until = value
        else:
            kept.append(part)
    return ";".join(kept), until


def _local(until: str | None, zone: ZoneInfo) -> datetime | None:
    """Return an UNTIL as the last wall-clock moment that counts, or None where it is none. A date counts to its end."""
    match = _UNTIL.fullmatch(until or "")
    if match is None:
        return None
    day, clock, universal = match.groups()
    try:
        if clock is None:
            return datetime.combine(datetime.strptime(day, "%Y%m%d").date(), time.max.replace(microsecond=0))  # noqa: DTZ007
        moment = datetime.strptime(day + clock, "%Y%m%d%H%M%S")  # noqa: DTZ007
        return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) if universal else moment
    except (ValueError, OverflowError):
        return None


def _refused(en: str, zh: str) -> Invalid:
    return invalid_field("rrule", en, zh)
