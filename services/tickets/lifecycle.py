"""The lifecycle of a ticket as one pure table: who may do what, when, and where it leads."""

from collections.abc import Iterable
from dataclasses import dataclass

OPEN = (
    "filed",
    "acknowledged",
    "claimed",
    "assigned",
    "on_the_way",
    "on_site",
    "in_progress",
    "waiting",
    "reopened",
)
DONE = ("completed", "confirmed", "closed")
ENDED = ("cancelled", "declined")
STATUSES = (*OPEN, *DONE, *ENDED)
POOL = ("filed", "acknowledged")
HELD = ("claimed", "assigned", "on_the_way", "on_site", "in_progress", "waiting", "reopened")

# What a job may wait for. Each keeps the contract clock from running, so the list is short and has no "other"; a
# community's policy says which of them it accepts and for how long at the most.
WAITING_REASONS = ("parts", "access", "resident_choice", "third_party", "weather", "approval")

OWNER = "owner"
HOUSEHOLD = "household"
ANYBODY = "anybody"


@dataclass(frozen=True)
class Rule:
    """One row: `role` may take `action` from any of `sources`, which leads to `target` (None: stays).

    `relation` is what the actor must be to the ticket: its owner, of its household, or anybody with the role.
    """

    action: str
    role: str
    sources: tuple[str, ...]
    target: str | None
    relation: str = ANYBODY


def _desk(action: str, sources: tuple[str, ...], target: str | None) -> tuple[Rule, ...]:
    return (Rule(action, "dispatcher", sources, target), Rule(action, "manager", sources, target))


_RESIDENT_MAY_CANCEL = ("filed", "acknowledged", "claimed", "assigned", "on_the_way", "reopened")

RULES: tuple[Rule, ...] = (
    *_desk("acknowledge", ("filed",), "acknowledged"),
    Rule("claim", "crew", ("filed", "acknowledged", "reopened"), "claimed"),
    *_desk("assign", (*POOL, *HELD), "assigned"),
    # The owner handing over to a colleague.
    Rule("assign", "crew", HELD, "assigned", OWNER),
    *_desk("release", HELD, "acknowledged"),
    Rule("release", "crew", HELD, "acknowledged", OWNER),
    Rule("depart", "crew", ("claimed", "assigned", "reopened"), "on_the_way", OWNER),
    Rule("arrive", "crew", ("claimed", "assigned", "on_the_way", "reopened"), "on_site", OWNER),
    Rule("start", "crew", ("claimed", "assigned", "on_the_way", "on_site", "reopened"), "in_progress", OWNER),
    Rule("pause", "crew", ("on_site", "in_progress"), "waiting", OWNER),
    Rule("resume", "crew", ("waiting",), "in_progress", OWNER),
    *_desk("resume", ("waiting",), "in_progress"),
    # The pause ran out.
    Rule("resume", "system", ("waiting",), "in_progress"),
    Rule("object", "resident", ("waiting",), None, HOUSEHOLD),
    # The pause is taken back: it gives no credit.
    *_desk("disallow", ("waiting",), "in_progress"),
    Rule("make_safe", "crew", HELD, None, OWNER),
    *_desk("make_safe", OPEN, None),
    Rule("complete", "crew", ("in_progress",), "completed", OWNER),
    Rule("confirm", "resident", ("completed",), "confirmed", HOUSEHOLD),
    # Nobody objected in time. The resident said nothing, and the record does not pretend they did.
    Rule("close", "system", ("completed",), "closed"),
    *_desk("call_back", DONE, None),
    # A human answered the return visit: it is solved.
    Rule("answer", "system", DONE, None),
    Rule("reopen", "resident", DONE, "reopened", HOUSEHOLD),
    *_desk("reopen", DONE, "reopened"),
    Rule("reopen", "system", DONE, "reopened"),
    Rule("cancel", "resident", _RESIDENT_MAY_CANCEL, "cancelled", HOUSEHOLD),
    *_desk("cancel", OPEN, "cancelled"),
    *_desk("decline", ("filed", "acknowledged", "reopened"), "declined"),
    *_desk("promise", OPEN, None),
    Rule("promise", "crew", HELD, None, OWNER),
    *_desk("override", OPEN, None),
    Rule("reevaluate", "manager", OPEN, None),
    Rule("comment", "resident", STATUSES, None, HOUSEHOLD),
    Rule("comment", "crew", STATUSES, None),
    *_desk("comment", STATUSES, None),
    Rule("photograph", "resident", OPEN, None, HOUSEHOLD),
    Rule("photograph", "crew", (*OPEN, "completed"), None),
    *_desk("photograph", STATUSES, None),
)
ACTIONS = tuple(dict.fromkeys(rule.action for rule in RULES))

_TABLE = {(rule.action, rule.role): rule for rule in RULES}

STATUS_NAMES_ZH = {
    "filed": "已报事",
    "acknowledged": "已受理",
    "claimed": "已接单",
    "assigned": "已派单",
    "on_the_way": "前往中",
    "on_site": "已到场",
    "in_progress": "处理中",
    "waiting": "等待中",
    "completed": "已完成",
    "confirmed": "已确认",
    "closed": "已关闭",
    "reopened": "已重新打开",
    "cancelled": "已取消",
    "declined": "已婉拒",
}
ACTION_NAMES_ZH = {
    "acknowledge": "受理",
    "claim": "接单",
    "assign": "派单",
    "release": "退单",
    "depart": "出发",
    "arrive": "到场",
    "start": "开始处理",
    "pause": "暂停",
    "resume": "继续",
    "object": "对暂停提出异议",
    "disallow": "不予认可暂停",
    "make_safe": "排除危险",
    "complete": "完成",
    "call_back": "电话回访",
    "answer": "回访答复",
    "confirm": "确认",
    "close": "关闭",
    "reopen": "重新打开",
    "cancel": "取消",
    "decline": "婉拒",
    "promise": "承诺时间",
    "override": "更正",
    "reevaluate": "改用现行时限",
    "comment": "留言",
    "photograph": "添加照片",
}


class NotYours(Exception):
    """The role may do this, but only to its own tickets."""


class NotForRole(Exception):
    """No rule lets this role take this action."""


class NotNow(Exception):
    """The rule exists, but not from this status; `sources` says from which it would."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        super().__init__(", ".join(sources))
        self.sources = sources


def check(action: str, status: str, role: str, *, is_owner: bool, in_household: bool) -> Rule:
    """Return the rule that allows `action`; raises NotForRole, NotNow or NotYours, in that order of asking."""
    rule = _TABLE.get((action, role))
    if rule is None:
        raise NotForRole
    if status not in rule.sources:
        raise NotNow(rule.sources)
    if (rule.relation == OWNER and not is_owner) or (rule.relation == HOUSEHOLD and not in_household):
        raise NotYours
    return rule


def is_free(owner_id: str | None, person_id: str) -> bool:
    """True where nobody else is accountable: a claim never takes a job out of a colleague's hands."""
    return owner_id is None or owner_id == person_id


def is_skilled(needed: Iterable[str], skills: Iterable[str]) -> bool:
    """True where one skill of those a job asks for is there."""
    return not set(needed).isdisjoint(skills)


def allowed(status: str, role: str, *, is_owner: bool, in_household: bool) -> tuple[str, ...]:
    """Return the actions open to somebody now, for a screen that offers only what will work."""
    return tuple(
        rule.action
        for rule in RULES
        if rule.role == role
        and status in rule.sources
        and (rule.relation != OWNER or is_owner)
        and (rule.relation != HOUSEHOLD or in_household)
    )
