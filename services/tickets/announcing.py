"""What is announced to residents: kinds, how pressing each is, the notice that is due, and when to remind. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

WATER, POWER, GAS, LIFT = "water_outage", "power_outage", "gas_outage", "lift_out_of_service"
OUTAGES = (WATER, POWER, GAS, LIFT)
KINDS: Mapping[str, Mapping[str, str]] = {
    "planned_repair": {"zh-CN": "计划维修", "en": "Planned repair"},
    WATER: {"zh-CN": "停水", "en": "Water outage"},
    POWER: {"zh-CN": "停电", "en": "Power outage"},
    GAS: {"zh-CN": "停气", "en": "Gas outage"},
    LIFT: {"zh-CN": "电梯停运", "en": "Lift out of service"},
    "notice": {"zh-CN": "通知", "en": "Notice"},
}
DRAFTED, SCHEDULED, PUBLISHED, WITHDRAWN, OVER = "drafted", "scheduled", "published", "withdrawn", "over"
STATES = (DRAFTED, SCHEDULED, PUBLISHED, WITHDRAWN, OVER)
STATE_NAMES_ZH = {
    DRAFTED: "草稿",
    SCHEDULED: "待发布",
    PUBLISHED: "已发布",
    WITHDRAWN: "已撤回",
    OVER: "已结束",
}
# The catalogue item that residents report an outage under, and its own ticket is filed under.
ITEMS = {WATER: "water-outage", POWER: "power-outage", GAS: "gas-supply", LIFT: "lift-fault"}
_LEVELS = {WATER: 1, POWER: 1, LIFT: 1, GAS: 2, "planned_repair": 2, "notice": 3}
EMERGENCY, URGENT, ROUTINE = "emergency", "urgent", "routine"
SOON = timedelta(hours=24)
DAY_BEFORE = timedelta(hours=24)
# A reminder by hand so soon after another would only be one push more that nobody needs.
LEAST_BETWEEN_REMINDERS = timedelta(hours=1)


@dataclass(frozen=True)
class NoticePeriod:
    """A pack's rule on planned outages of these kinds: how long before they begin residents are to be told."""

    code: str
    name: Mapping[str, str]
    kinds: tuple[str, ...]
    seconds: int
    source: str
    confidence: str
    note: Mapping[str, str] | None = None

    def earliest(self, told_at: datetime) -> datetime:
        """Return the first moment at which what is told at `told_at` may begin."""
        return told_at + timedelta(seconds=self.seconds)


def period_for(kind: str, planned: bool, periods: Iterable[NoticePeriod]) -> NoticePeriod | None:
    """Return the longest period that is asked for, or None.

    What nobody planned needs none: there both regulations ask for notice at once (城市供水条例 第二十二条,
    城镇燃气管理条例 第二十条).
    """
    asked = [one for one in periods if kind in one.kinds] if planned else []
    return max(asked, key=lambda one: one.seconds, default=None)


def urgency_of(kind: str, *, planned: bool, starts_at: datetime, told_at: datetime) -> str:
    """Return how pressing the news is: gas that fails is a danger, what begins within a day waits for no digest."""
    if not planned and kind == GAS:
        return EMERGENCY
    if kind in OUTAGES and (not planned or starts_at - told_at < SOON):
        return URGENT
    return ROUTINE


def need_level_of(kind: str) -> int:
    """Return the need that is at stake."""
    return _LEVELS[kind]


def remind_at(published_at: datetime, starts_at: datetime) -> datetime | None:
    """Return when whoever has not read it is reminded once: a day before the start, or halfway where that is later.

    What has begun already has no such moment.
    """
    if starts_at <= published_at:
        return None
    return max(published_at + (starts_at - published_at) / 2, starts_at - DAY_BEFORE)
