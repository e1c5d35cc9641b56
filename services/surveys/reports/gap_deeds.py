"""Gaps 3 and 4: from what became of clocks and of promised times. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from services.surveys import statistics
from services.surveys.promises import BROKEN, KEPT, PENDING, REPLACED, WITHDRAWN, Promise
from services.surveys.reports.gap import LEAST_JOBS, LEAST_PROMISES, Gap, missing

# The clocks of the work itself. The call afterwards is the desk's, and unclaimed jobs have no target of the contract.
DELIVERED = ("acknowledge", "attend", "make_safe", "resolve")
MET, MISSED, UNKNOWN = "met", "breached", "unknown"
SHARE = "share"
HOUR = 3600


def dispensary(clocks: Iterable[Any], jobs: int, open_jobs: int) -> Gap:
    """Gap 3: the share of decided clocks that missed their target.

    `clocks` have `ticket_id`, `kind`, `state`, `allowed_seconds` and `taken_seconds`, the last two None while one runs
    on late. `open_jobs` of the `jobs` are not finished: of their clocks only those that ran out are known.
    """
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for one in clocks:
        if one.kind in DELIVERED:
            by_kind[one.kind].append(one)
    everything = [one for kind in DELIVERED for one in by_kind[kind]]
    decided = [one for one in everything if one.state != UNKNOWN]
    missed = [one for one in decided if one.state == MISSED]
    data = {
        "jobs_filed": jobs,
        "jobs_open": open_jobs,
        "clocks_decided": len(decided),
        "clocks_unknown": len(everything) - len(decided),
    }
    lacks = missing(clocks=(len(decided), LEAST_JOBS))
    if lacks:
        return Gap("dispensary", SHARE, len(decided), data, lacks=lacks)
    figure = statistics.share(len(missed), len(decided))
    details = [_kind(kind, by_kind[kind]) for kind in DELIVERED if by_kind[kind]]
    return Gap("dispensary", SHARE, len(decided), data, figure, details, _to_deliver(missed))


def _kind(kind: str, clocks: Sequence[Any]) -> dict[str, Any]:
    count = {state: sum(one.state == state for one in clocks) for state in (MET, MISSED, UNKNOWN)}
    late = _hours_late(clocks)
    return {
        "clock": kind,
        "met": count[MET],
        "breached": count[MISSED],
        "running_late": sum(one.state == MISSED and one.taken_seconds is None for one in clocks),
        "unknown": count[UNKNOWN],
        "missed": statistics.share(count[MISSED], count[MET] + count[MISSED]).to_json(),
        "hours_late": statistics.middle(late).to_json(),
    }


def _hours_late(clocks: Iterable[Any]) -> list[float]:
    """Return by how many hours those late and stopped were late, by the wall."""
    return [
        (one.taken_seconds - one.allowed_seconds) / HOUR
        for one in clocks
        if one.state == MISSED and one.taken_seconds is not None and one.allowed_seconds is not None
    ]


def _to_deliver(missed: Sequence[Any]) -> dict[str, Any]:
    jobs, late = len({one.ticket_id for one in missed}), _hours_late(missed)
    sooner = median(late) if late else None
    return {"jobs_in_time": jobs, "hours_sooner": sooner, "says": _more_in_time(jobs, sooner)}


def communication(promises: Sequence[Promise]) -> Gap:
    """Gap 4: the share of promises that were broken, of those kept or broken; the rest is counted beside."""
    count = {name: sum(one.became == name for one in promises) for name in _BECAME}
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


_BECAME = (KEPT, BROKEN, PENDING, REPLACED, WITHDRAWN)


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
