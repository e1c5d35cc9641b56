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
# Whoever settles a complaint completes its ticket with it, and in no other way.
SETTLING = "settling"
ANYBODY = "anybody"


@dataclass(frozen=True)
class Rule:
    """One row: `role` may take `action` from any of `sources`, which leads to `target` (None: stays).

    `relation` is what the actor must be to the ticket: its owner, of its household, settling the complaint that it is,
    or anybody with the role.
    """

    action: str
    role: str
    sources: tuple[str, ...]
    target: str | None
    relation: str = ANYBODY


def _desk(action: str, sources: tuple[str, ...], target: str | None) -> tuple[Rule, ...]:
    return (Rule(action, "dispatcher", sources, target), Rule(action, "manager", sources, target))


def _first_line(action: str, sources: tuple[str, ...]) -> tuple[Rule, ...]:
    """Return the rules of a step of a complaint; how far its case has come is decided by complaints.steps."""
    mine = tuple(status for status in sources if status in HELD)
    return (*_desk(action, sources, None), Rule(action, "crew", mine, None, OWNER))


def _window(action: str) -> tuple[Rule, ...]:
    """Return the rules of a step about an appointment: the desk's, whoever has the job, and the household's."""
    mine = (Rule(action, "crew", HELD, None, OWNER), Rule(action, "resident", OPEN, None, HOUSEHOLD))
    return (*_desk(action, OPEN, None), *mine)


_RESIDENT_MAY_CANCEL = ("filed", "acknowledged", "claimed", "assigned", "on_the_way", "reopened")

# What befalls a joined request when the one that leads it moves.
_LED: tuple[tuple[str, tuple[str, ...], str | None], ...] = (
    ("assign", (*POOL, *HELD), "assigned"),
    ("escalate", OPEN, "assigned"),
    ("release", (*POOL, *HELD), "acknowledged"),
    ("depart", (*POOL, *HELD), "on_the_way"),
    ("arrive", (*POOL, *HELD), "on_site"),
    ("start", (*POOL, *HELD), "in_progress"),
    ("pause", ("on_site", "in_progress"), "waiting"),
    ("disallow", (*OPEN, *DONE), None),
    ("make_safe", OPEN, None),
    ("promise", OPEN, None),
    ("complete", (*POOL, *HELD), "completed"),
)

RULES: tuple[Rule, ...] = (
    # What moves with another request is still to be answered itself, however far it has come.
    *_desk("acknowledge", ("filed", *HELD), "acknowledged"),
    Rule("claim", "crew", ("filed", "acknowledged", "reopened"), "claimed"),
    # What was handed up and given to nobody yet: see escalate.
    Rule("claim", "manager", ("assigned",), "claimed"),
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
    Rule("urge", "resident", OPEN, None, HOUSEHOLD),
    # A pause is taken back, however it ended: it gives no credit. One that is open ends with it.
    *_desk("disallow", (*OPEN, *DONE), None),
    # Only who is there can take a danger away; the desk may have heard from the fire brigade, and says so.
    Rule("make_safe", "crew", ("on_site", "in_progress", "waiting"), None, OWNER),
    *_desk("make_safe", OPEN, None),
    Rule("complete", "crew", ("in_progress",), "completed", OWNER),
    *(Rule(one.action, one.role, one.sources, one.target, SETTLING) for one in _desk("complete", OPEN, "completed")),
    # Handed up: out of the pool, and management or one manager accountable.
    Rule("escalate", "crew", HELD, "assigned", OWNER),
    Rule("escalate", "dispatcher", OPEN, "assigned"),
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
    # When somebody comes: each side proposes, the other one agrees, either calls it off.
    *_window("propose"),
    *_window("agree"),
    *_window("call_off"),
    *_desk("override", OPEN, None),
    Rule("reevaluate", "manager", OPEN, None),
    # One cause, one job: a request is joined to the one that leads, moves with it, and is parted from it again.
    *_desk("join", POOL, None),
    Rule("join", "crew", POOL, None),
    Rule("join", "resident", POOL, None, HOUSEHOLD),
    *_desk("part", OPEN, None),
    Rule("part", "crew", HELD, None, OWNER),
    Rule("part", "resident", OPEN, None, HOUSEHOLD),
    Rule("part", "system", (*OPEN, *DONE), None),
    *(Rule(action, "system", sources, target) for action, sources, target in _LED),
    *_first_line("identify", OPEN),
    *_first_line("assess", OPEN),
    *_first_line("offer", OPEN),
    Rule("choose", "resident", OPEN, None, HOUSEHOLD),
    *_first_line("choose", OPEN),
    Rule("approve", "manager", OPEN, None),
    Rule("refuse", "manager", OPEN, None),
    # Nobody approved in time.
    Rule("overdue", "system", OPEN, None),
    *_first_line("act", OPEN),
    *_desk("settle", OPEN, None),
    Rule("settle", "crew", ("in_progress",), None, OWNER),
    *_desk("reply", OPEN, None),
    Rule("reply", "crew", ("in_progress",), None, OWNER),
    *_desk("review", DONE, None),
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
    "urge": "催单",
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
    "propose": "提议上门时间",
    "agree": "确认上门时间",
    "call_off": "取消上门时间",
    "override": "更正",
    "reevaluate": "改用现行时限",
    "comment": "留言",
    "photograph": "添加照片",
    "escalate": "上报",
    "join": "合并",
    "part": "拆分",
    "identify": "确认投诉",
    "assess": "评估投诉",
    "offer": "提出方案",
    "choose": "选择方案",
    "approve": "批准方案",
    "refuse": "退回方案",
    "overdue": "审批超时",
    "act": "落实方案",
    "settle": "办结投诉",
    "reply": "答复投诉",
    "review": "回顾投诉",
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


def check(action: str, status: str, role: str, *, is_owner: bool, in_household: bool, settling: bool = False) -> Rule:
    """Return the rule that allows `action`; raises NotForRole, NotNow or NotYours, in that order of asking."""
    rule = _TABLE.get((action, role))
    if rule is None:
        raise NotForRole
    if status not in rule.sources:
        raise NotNow(rule.sources)
    if not _related(rule, is_owner, in_household, settling):
        raise NotYours
    return rule


def _related(rule: Rule, is_owner: bool, in_household: bool, settling: bool) -> bool:
    return {OWNER: is_owner, HOUSEHOLD: in_household, SETTLING: settling}.get(rule.relation, True)


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
        if rule.role == role and status in rule.sources and _related(rule, is_owner, in_household, False)
    )
