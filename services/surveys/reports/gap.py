"""One gap of the service-quality gap model: a figure with what it stands on, or how much is missing to tell one. Pure.

The model is that of Parasuraman, Zeithaml and Berry (1985).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.surveys.promises import BECAME
from services.surveys.statistics import Figure

Sentence = Mapping[str, str]

# Below so many a figure says more of chance than of the service: a share of ten has an interval sixty points wide.
LEAST_HOUSEHOLDS = 10
LEAST_MANAGERS = 1
LEAST_JOBS = 10
LEAST_PROMISES = 10

MEASURED, NOT_ENOUGH = "measured", "not_enough_data"
NAMES: Mapping[str, tuple[int, Sentence, Sentence]] = {
    "diagnosis": (
        1,
        {"zh-CN": "诊断差距", "en": "diagnosis"},
        {"zh-CN": "业主的期望 ↔ 管理者以为的期望", "en": "what residents expect ↔ what managers think they expect"},
    ),
    "prescription": (
        2,
        {"zh-CN": "处方差距", "en": "prescription"},
        {"zh-CN": "期望的时间 ↔ 写进标准的时限", "en": "the time expected ↔ the target in the standard"},
    ),
    "dispensary": (
        3,
        {"zh-CN": "药房差距", "en": "dispensary"},
        {"zh-CN": "标准 ↔ 实际做到的", "en": "the standard ↔ what is delivered"},
    ),
    "communication": (
        4,
        {"zh-CN": "对外沟通差距", "en": "communication"},
        {"zh-CN": "承诺的 ↔ 实际做到的", "en": "what was promised ↔ what is delivered"},
    ),
    "outcome": (
        5,
        {"zh-CN": "疗效差距", "en": "outcome"},
        {"zh-CN": "期望的服务 ↔ 感受到的服务", "en": "the service expected ↔ the service perceived"},
    ),
}

# What can be listed of a clock of one kind, and of each gap. What households answered in a campaign leads to nobody.
CLOCKS = (
    "clocks_decided", "clocks_met", "clocks_missed", "clocks_ended_late", "clocks_running_late", "clocks_unknown",
)  # fmt: skip
PROMISES = ("promises", "promises_judged", *(f"promises_{became}" for became in BECAME))
BEHIND: Mapping[str, Sequence[str]] = {
    "diagnosis": (),
    "prescription": ("urgent_repairs",),
    "dispensary": ("jobs_filed", "jobs_open", *CLOCKS),
    "communication": PROMISES,
    "outcome": (),
}


@dataclass(frozen=True)
class Missing:
    """What there is too little of: `have` of `needed`."""

    what: str
    have: int
    needed: int

    def to_json(self) -> dict[str, Any]:
        """Return it with how many more it takes."""
        return {"what": self.what, "have": self.have, "needed": self.needed, "missing": self.needed - self.have}


def missing(**counts: tuple[int, int]) -> list[Missing]:
    """Return what there is too little of, from (have, needed) by name."""
    return [Missing(what, have, needed) for what, (have, needed) in counts.items() if have < needed]


@dataclass(frozen=True)
class Gap:
    """A gap as measured, or not. `data` says what it was computed from, `details` is the figure taken apart."""

    code: str
    unit: str
    n: int
    data: Mapping[str, Any]
    figure: Figure | None = None
    details: Sequence[Mapping[str, Any]] = ()
    to_close: Mapping[str, Any] | None = None
    lacks: Sequence[Missing] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the report's entry; a gap without enough data has no figure, no details and nothing to close."""
        number, name, between = NAMES[self.code]
        enough = not self.lacks and self.figure is not None
        return {
            "gap": number,
            "code": self.code,
            "name": name,
            "between": between,
            "verdict": MEASURED if enough else NOT_ENOUGH,
            "unit": self.unit,
            "n": self.n,
            "figure": self.figure.to_json() if enough and self.figure else None,
            "data": self.data,
            "details": list(self.details) if enough else [],
            "to_close": self.to_close if enough else None,
            "lacks": [one.to_json() for one in self.lacks],
        }
