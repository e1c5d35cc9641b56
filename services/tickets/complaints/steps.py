"""The steps of a complaint as one pure table: identify, assess, negotiate, act and review (IANAR).

It stands beside the lifecycle of the ticket, which decides by the ticket's status and owner; this table decides by
how far the case has come. Both must allow a step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NEW = "new"  # Filed, and identified by nobody yet.
IDENTIFIED, ASSESSED, OFFERED, CHOSEN, APPROVED = "identified", "assessed", "offered", "chosen", "approved"
ACTING, SETTLED, REPLIED, REVIEWED = "acting", "settled", "replied", "reviewed"
STEPS = (NEW, IDENTIFIED, ASSESSED, OFFERED, CHOSEN, APPROVED, ACTING, SETTLED, REPLIED, REVIEWED)
# The letter of IANAR that comes next, for whoever reads a list.
STAGES = {
    NEW: "identify",
    IDENTIFIED: "assess",
    ASSESSED: "negotiate",
    OFFERED: "negotiate",
    CHOSEN: "negotiate",
    APPROVED: "act",
    ACTING: "act",
    SETTLED: "review",
    REPLIED: "review",
    REVIEWED: "done",
}
STEP_NAMES_ZH = {
    NEW: "待确认",
    IDENTIFIED: "已确认",
    ASSESSED: "已评估",
    OFFERED: "已提出方案",
    CHOSEN: "已选定方案，待审批",
    APPROVED: "已审批",
    ACTING: "处理中",
    SETTLED: "已办结",
    REPLIED: "已答复",
    REVIEWED: "已回顾",
}

FIRST_LINE = ("crew", "dispatcher", "manager")
DESK = ("dispatcher", "manager")


@dataclass(frozen=True)
class Rule:
    """One row: these roles may take `action` from any of `sources`, which leads to `target`."""

    action: str
    roles: tuple[str, ...]
    sources: tuple[str, ...]
    target: str


RULES: tuple[Rule, ...] = (
    # Heard, written down and said back to the complainant; said better, as long as nobody judged it.
    Rule("identify", FIRST_LINE, (NEW, IDENTIFIED), IDENTIFIED),
    # Judged anew where more becomes known, and where it turns out not to be settled after all.
    Rule("assess", FIRST_LINE, (IDENTIFIED, ASSESSED, OFFERED, SETTLED, REPLIED, REVIEWED), ASSESSED),
    Rule("offer", FIRST_LINE, (ASSESSED, OFFERED), OFFERED),
    # The complainant chooses; over the telephone somebody writes down what they chose.
    Rule("choose", ("resident", *FIRST_LINE), (OFFERED,), CHOSEN),
    Rule("approve", ("manager",), (CHOSEN,), APPROVED),
    Rule("refuse", ("manager",), (CHOSEN,), ASSESSED),
    Rule("overdue", ("system",), (CHOSEN,), CHOSEN),
    Rule("act", FIRST_LINE, (APPROVED, ACTING), ACTING),
    Rule("settle", FIRST_LINE, (ASSESSED, ACTING), SETTLED),
    Rule("reply", FIRST_LINE, (ASSESSED,), REPLIED),
    # From `acting` too: a crew member may have completed the ticket the ordinary way.
    Rule("review", DESK, (ACTING, SETTLED, REPLIED, REVIEWED), REVIEWED),
)
ACTIONS = tuple(rule.action for rule in RULES)
_TABLE = {rule.action: rule for rule in RULES}

NOT_JUSTIFIED, JUSTIFIED, NOT_AT_ONCE = "not_justified", "justified", "not_at_once"


class NotForRole(Exception):
    """No rule lets this role take this action."""


class NotNow(Exception):
    """The rule exists, but not from this step; `sources` says from which it would."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        super().__init__(", ".join(sources))
        self.sources = sources


class NotSo(Exception):
    """The judgement stands against it: `because` is not_justified, justified or not_at_once."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


def check(action: str, role: str, case: Mapping[str, Any]) -> Rule:
    """Return the rule that allows `action` on a case (`step`, `justified`, `settle_at_once`).

    Raises NotForRole, NotNow or NotSo, in that order of asking.
    """
    rule = _TABLE[action]
    if role not in rule.roles:
        raise NotForRole
    if case["step"] not in rule.sources:
        raise NotNow(rule.sources)
    against = _against(action, case)
    if against:
        raise NotSo(against)
    return rule


def _against(action: str, case: Mapping[str, Any]) -> str | None:
    """What was judged decides between settling, negotiating and explaining; None where nothing stands against it."""
    if action in ("offer", "settle") and case["justified"] is False:
        return NOT_JUSTIFIED
    if action == "reply" and case["justified"]:
        return JUSTIFIED
    if action == "settle" and case["step"] == ASSESSED and not case["settle_at_once"]:
        return NOT_AT_ONCE
    return None


def allowed(role: str, case: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the actions open to a role at this step of a case."""
    return tuple(
        rule.action
        for rule in RULES
        if role in rule.roles and case["step"] in rule.sources and _against(rule.action, case) is None
    )
