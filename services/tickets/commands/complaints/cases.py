"""Opens a complaint's case for one step: the ticket locked, both tables of rules asked; and writes it afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.kit.errors import Conflict, Forbidden, invalid_field
from services.kit.identity import ROLE_NAMES_ZH, Actor
from services.tickets import lifecycle
from services.tickets.acts import Phone
from services.tickets.commands.acting import act_of, require_status
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take
from services.tickets.commands.verbs import LONGEST_PROMISE
from services.tickets.complaints import steps as rules
from services.tickets.complaints.codes import COMPLAINT
from services.tickets.models import complaints

Case = dict[str, Any]
UNHEARD: Mapping[str, Any] = {"step": rules.NEW, "justified": None, "settle_at_once": None}
_AGAINST = {
    rules.NOT_JUSTIFIED: (
        "The complaint was judged not justified: “reply” with the reason, or “assess” it again.",
        "该投诉经评估不成立：请先“答复”说明原因，或重新“评估”。",
    ),
    rules.JUSTIFIED: (
        "The complaint was judged justified: “offer” at least two options, or “settle” it at once.",
        "该投诉经评估成立：请“提出方案”（至少两个），或当场“办结”。",
    ),
    rules.NOT_AT_ONCE: (
        "It was judged that this cannot be settled at once: “offer” options, or “assess” it again.",
        "该投诉经评估需协商解决：请“提出方案”，或重新“评估”。",
    ),
}


@dataclass
class Opened:
    """A case open for one step: the ticket as it now is, the case as it was, and the rules that allow the step."""

    db: Connection
    actor: Actor
    action: str
    ticket: Ticket
    case: Case
    rule: lifecycle.Rule
    target: str
    phone: Phone | None = None

    def take(self, step: Step, **columns: Any) -> Ticket:
        """Write the step into history, and the case as it is after it."""
        act = act_of(self.db, self.actor, self.ticket, self.action, self.phone)
        self.ticket = take(self.db, self.actor, self.ticket, step, self.rule, act)
        self.write(**columns)
        return self.ticket

    def write(self, **columns: Any) -> None:
        """Write the case alone."""
        self.case = {**self.case, **columns, "step": self.target}
        row = {
            **{name: self.case[name] for name in _COLUMNS if name in self.case},
            "ticket_id": self.ticket["id"],
            "organisation_id": self.ticket["organisation_id"],
        }
        changed = {name: value for name, value in row.items() if name not in ("ticket_id", "organisation_id")}
        self.db.execute(
            insert(complaints).values(row).on_conflict_do_update(index_elements=[complaints.c.ticket_id], set_=changed)
        )


_COLUMNS = tuple("".join(column.name) for column in complaints.columns)


def open_case(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    action: str,
    version: int | None = None,
    phone: Phone | None = None,
) -> Opened:
    """Lock a complaint and return its case, open for `action`.

    Raises Forbidden for a role or a person that may not, and Conflict with `possible_from` (or `possible`, what the
    judgement leaves open) for what cannot be now, or is not as the phone showed it.
    """
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, action)
    case = case_of(db, ticket)
    _require_step(case, phone)
    return Opened(db, actor, action, ticket, case, rule, _checked(actor, case, action).target, phone)


def case_of(db: Connection, ticket: Mapping[str, Any]) -> Case:
    """Return the case of a complaint, a new one where nobody identified it; raises Conflict for other tickets."""
    if ticket["work_type"] != COMPLAINT:
        raise Conflict(
            "This ticket is not a complaint. Where it should be one, override its catalogue item first.",
            "该工单不是投诉。如应按投诉处理，请先更正服务项目。",
            work_type=ticket["work_type"],
        )
    row = db.execute(select(complaints).where(complaints.c.ticket_id == ticket["id"])).mappings().one_or_none()
    return dict(UNHEARD) if row is None else {str(name): value for name, value in row.items()}


def _require_step(case: Case, phone: Phone | None) -> None:
    """Raise Conflict where the complaint has not come as far as the phone showed it, or further."""
    expected = phone and phone.expected_step
    if expected and expected != case["step"]:
        raise Conflict(
            f"You saw the complaint as {expected}; it is {case['step']} now.",
            f"操作时该投诉为“{rules.STEP_NAMES_ZH[expected]}”，现为“{rules.STEP_NAMES_ZH[case['step']]}”。",
            why="step_changed",
            step_now=case["step"],
        )


def _checked(actor: Actor, case: Case, action: str) -> rules.Rule:
    try:
        return rules.check(action, actor.role, case)
    except rules.NotForRole:
        raise Forbidden(
            f"Your role ({actor.role}) has no step “{action}” on complaints.",
            f"您的角色（{ROLE_NAMES_ZH[actor.role]}）不能进行“{lifecycle.ACTION_NAMES_ZH[action]}”。",
            why="not_allowed",
        ) from None
    except rules.NotNow as refusal:
        raise Conflict(
            f"The complaint is {case['step']}; “{action}” is possible from: {refusal}.",
            f"该投诉当前为“{rules.STEP_NAMES_ZH[case['step']]}”，“{lifecycle.ACTION_NAMES_ZH[action]}”仅适用于："
            f"{'、'.join(rules.STEP_NAMES_ZH[step] for step in refusal.sources)}。",
            why="not_now",
            step_now=case["step"],
            possible_from=list(refusal.sources),
            possible=list(rules.allowed(actor.role, case)),
        ) from None
    except rules.NotSo as refusal:
        en, zh = _AGAINST[refusal.because]
        raise Conflict(
            en,
            zh,
            why="not_now",
            step_now=case["step"],
            because=refusal.because,
            possible=list(rules.allowed(actor.role, case)),
        ) from None


def require_soon(field: str, at: datetime, now: datetime) -> None:
    """Raise Invalid where a moment that people are told is past, or further away than anybody waits."""
    if not now < at < now + LONGEST_PROMISE:
        raise invalid_field(
            field, "Give a time that is still to come, within a year.", "时间应晚于当前时间，且不超过一年。"
        )
