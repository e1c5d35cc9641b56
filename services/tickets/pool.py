"""The order of the crew's pool and the reason for each place in it.

Jobs are ordered by urgency, then need level, then the next deadline. Prepotency (Maslow; 优先满足迫切需要): among jobs
of equal urgency the lower, more pressing need is served first.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.tickets.catalogue import NEED_LEVELS

URGENCY_RANK = {"emergency": 0, "urgent": 1, "routine": 2}
# A ticket without a need level is not about a home at all; it waits behind the five levels.
NO_LEVEL = 6

_NEED_ZH = {
    "physiological": "生理",
    "safety": "安全",
    "social": "社交",
    "esteem": "尊重",
    "self_actualisation": "自我实现",
}
_URGENCY_ZH = {"emergency": "紧急", "urgent": "加急", "routine": "常规"}
# What a crew is measured by; answering is for the desk, and how long nobody takes a job is its own affair.
CREWS_CLOCKS = ("attend", "make_safe", "resolve")
_CLOCK_ZH = {"attend": "到场", "make_safe": "排险", "resolve": "解决"}


def reasons(job: Mapping[str, Any], now: datetime, locale: str) -> list[str]:
    """Return why a job is where it is, one sentence per thing it is ordered by, in the order they decide."""
    chinese = locale.startswith("zh")
    level = job["need_level"]
    need = NEED_LEVELS.get(level, "")
    said = [
        f"紧急程度：{_URGENCY_ZH[job['urgency']]}" if chinese else f"Urgency: {job['urgency']}",
    ]
    if level is not None:
        said.append(
            f"需求层次 {level}（{_NEED_ZH[need]}），同等紧急下层次低者优先"
            if chinese
            else f"Need level {level} ({need.replace('_', ' ')}); at equal urgency the lower level goes first"
        )
    if job["next_due_at"] is not None:
        said.append(_time_left(job, now, chinese))
    return said


def _time_left(job: Mapping[str, Any], now: datetime, chinese: bool) -> str:
    minutes = int((job["next_due_at"] - now).total_seconds() // 60)
    late, amount = minutes < 0, _amount(abs(minutes), chinese)
    if chinese:
        return f"{_CLOCK_ZH[job['next_due_clock']]}时限{'已超' if late else '还剩'}{amount}"
    return f"{amount} {'past the time' if late else 'left'} to {job['next_due_clock'].replace('_', ' ')}"


def _amount(minutes: int, chinese: bool) -> str:
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "天", "d"), (hours, "小时", "h"), (rest, "分钟", "min")]
    shown = [f"{n}{zh}" if chinese else f"{n} {en}" for n, zh, en in parts if n] or ["0分钟" if chinese else "0 min"]
    return ("" if chinese else " ").join(shown[:2])
