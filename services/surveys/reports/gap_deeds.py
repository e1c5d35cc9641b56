"""Gaps 3 and 4: from what became of clocks and of promised times. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from services.surveys import statistics
from services.surveys.promises import BECAME, BROKEN, KEPT, Promise
from services.surveys.reports.gap import LEAST_JOBS, LEAST_PROMISES, Gap, missing

# The clocks of the work itself. The call afterwards is the desk's, and unclaimed jobs have no target of the contract.
DELIVERED = ("acknowledge", "attend", "make_safe", "resolve")
MET, MISSED, UNKNOWN = "met", "breached", "unknown"
SHARE = "share"
HOUR = 3600


@dataclass(frozen=True)
class Late:
    """A clock that missed its target; `hours` is by how much, by the wall, and None while it runs on."""

    ticket_id: str
    kind: str
    hours: float | None


@dataclass
class Deeds:
    """What became of the clocks of a community's jobs: how many of each kind ended in which state, and the late ones.

    `open_jobs` of the `jobs` are not finished: of their clocks only those that ran out are known.
    """

    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    late: list[Late] = field(default_factory=list)
    jobs: int = 0
    open_jobs: int = 0

    def count(self, *states: str) -> int:
        """Return how many clocks of the work ended in one of these states."""
        return sum(self.counted[kind, state] for kind in DELIVERED for state in states)


def dispensary(deeds: Deeds) -> Gap:
    """Gap 3: the share of decided clocks that missed their target."""
    decided, missed = deeds.count(MET, MISSED), deeds.count(MISSED)
    data = {
        "jobs_filed": deeds.jobs,
        "jobs_open": deeds.open_jobs,
        "clocks_decided": decided,
        "clocks_missed": missed,
        "clocks_unknown": deeds.count(UNKNOWN),
    }
    lacks = missing(clocks=(decided, LEAST_JOBS))
    if lacks:
        return Gap("dispensary", SHARE, decided, data, lacks=lacks)
    kinds = [kind for kind in DELIVERED if any(deeds.counted[kind, state] for state in (MET, MISSED, UNKNOWN))]
    details = [_kind(kind, deeds) for kind in kinds]
    return Gap("dispensary", SHARE, decided, data, statistics.share(missed, decided), details, _to_deliver(deeds.late))


def _kind(kind: str, deeds: Deeds) -> dict[str, Any]:
    met, missed = deeds.counted[kind, MET], deeds.counted[kind, MISSED]
    late = [one for one in deeds.late if one.kind == kind]
    return {
        "clock": kind,
        "met": met,
        "breached": missed,
        "running_late": sum(one.hours is None for one in late),
        "unknown": deeds.counted[kind, UNKNOWN],
        "missed": statistics.share(missed, met + missed).to_json(),
        "hours_late": statistics.middle(_hours(late)).to_json(),
    }


def _hours(late: Iterable[Late]) -> list[float]:
    return [one.hours for one in late if one.hours is not None]


def _to_deliver(late: Sequence[Late]) -> dict[str, Any]:
    jobs, hours = len({one.ticket_id for one in late}), _hours(late)
    sooner = median(hours) if hours else None
    return {"jobs_in_time": jobs, "hours_sooner": sooner, "says": _more_in_time(jobs, sooner)}


def communication(promises: Sequence[Promise]) -> Gap:
    """Gap 4: the share of promises that were broken, of those kept or broken; the rest is counted beside."""
    count = {name: sum(one.became == name for one in promises) for name in BECAME}
    judged = count[KEPT] + count[BROKEN]
    data = {"promises": len(promises), **count}
    lacks = missing(promises=(judged, LEAST_PROMISES))
    if lacks:
        return Gap("communication", SHARE, judged, data, lacks=lacks)
    late = [one.late_seconds / HOUR for one in promises if one.late_seconds is not None]
    details = [{"what": "hours_late", **statistics.middle(late).to_json()}]
    sooner = median(late) if late else None
    says = _more_in_time(count[BROKEN], sooner, promised=True)
    to_close = {"promises_kept": count[BROKEN], "hours_sooner": sooner, "says": says}
    return Gap("communication", SHARE, judged, data, statistics.share(count[BROKEN], judged), details, to_close)


def _more_in_time(count: int, sooner: float | None, *, promised: bool = False) -> Mapping[str, str]:
    what_zh, what_en = ("承诺", "promises") if promised else ("工单", "jobs")
    if count == 0:
        return {"zh-CN": f"全部{what_zh}均按时完成。", "en": f"All {what_en} were in time."}
    if sooner is None:
        return {"zh-CN": f"需要再有 {count} 件{what_zh}按时完成。", "en": f"{count} more {what_en} had to be in time."}
    return {
        "zh-CN": f"需要再有 {count} 件{what_zh}按时完成；超时者的中位数为 {sooner:.1f} 小时。",
        "en": f"{count} more {what_en} had to be in time; half of the late were {sooner:.1f} hours late or more.",
    }
