"""Brings complaints to any step over HTTP, with a body that suits each action."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from services.kit import clock
from services.tickets.models import history, outbox

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

WORDS = "投诉：保安态度恶劣，在门口大声骂人"
IDENTIFIED = {
    "emotion": "angry",
    "cause": "staff_conduct",
    "wanted": "请当面道歉",
    "restated": "您希望当班人员当面道歉，我说得对吗？",
}
TACTFUL = "感谢您告诉我们。因为当晚停电，门禁需要人工登记，所以您多等了一会儿。我们能为您做的是：今后停电时提前通知。"
RUDE = "这不关我的事，但是你应该早点来。"
ACTIONS = ("identify", "assess", "offer", "choose", "approve", "refuse", "act", "settle", "reply", "review")
# The shortest way to each step, through justified complaints that take a negotiation unless said otherwise.
AT_ONCE: dict[str, Any] = {"settle_at_once": True}
ROAD: dict[str, tuple[tuple[str, str, dict[str, Any]], ...]] = {"new": ()}
ROAD["identified"] = (("dispatcher", "identify", {}),)
ROAD["assessed"] = (*ROAD["identified"], ("dispatcher", "assess", {}))
ROAD["offered"] = (*ROAD["assessed"], ("dispatcher", "offer", {}))
ROAD["chosen"] = (*ROAD["offered"], ("resident", "choose", {}))
ROAD["approved"] = (*ROAD["chosen"], ("manager", "approve", {}))
ROAD["acting"] = (*ROAD["approved"], ("dispatcher", "act", {}))
ROAD["settled"] = (*ROAD["acting"], ("dispatcher", "settle", {}))
ROAD["unjustified"] = (*ROAD["identified"], ("dispatcher", "assess", {"justified": False}))
ROAD["replied"] = (*ROAD["unjustified"], ("dispatcher", "reply", {}))
ROAD["reviewed"] = (*ROAD["settled"], ("dispatcher", "review", {}))
ROAD["at once"] = (*ROAD["identified"], ("dispatcher", "assess", AT_ONCE))


def options(**length: float) -> list[dict[str, str]]:
    """Return two options that would be done after a while."""
    until = (clock.now() + timedelta(**(length or {"days": 2}))).isoformat()
    return [{"what": "当班人员上门道歉", "by": until}, {"what": "书面道歉并培训全体秩序人员", "by": until}]


def body_for(action: str) -> dict[str, Any]:
    """Return a body the action takes."""
    bodies: dict[str, dict[str, Any]] = {
        "identify": IDENTIFIED,
        "assess": {
            "severity": "serious", "justified": True, "settle_at_once": False, "department": "秩序部",
            "note": "看过监控",
        },
        "offer": {"options": options()},
        "choose": {"option": 2},
        "refuse": {"reason": "先核实排班"},
        "settle": {"note": "当班人员已上门道歉"},
        "reply": {"text": TACTFUL},
        "review": {"outcome": "solved", "lesson": "交接班时先问候"},
    }  # fmt: skip
    return bodies.get(action, {})


def attempt(estate: "Estate", name: str, ticket_id: str, action: str, **changes: Any) -> TestResponse:
    """Try a step as somebody."""
    return estate.post(name, f"/tickets/{ticket_id}/complaint/{action}", {**body_for(action), **changes})


def take(estate: "Estate", name: str, ticket_id: str, action: str, **changes: Any) -> dict[str, Any]:
    """Take a step that must succeed, and return the case."""
    answer = attempt(estate, name, ticket_id, action, **changes)
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def complaint(estate: "Estate", words: str = WORDS, name: str = "resident", **body: Any) -> dict[str, Any]:
    """File a complaint and return the ticket."""
    return estate.file(words, name, **{"catalogue_code": "complaint-conduct", **body})


def brought_to(estate: "Estate", step: str, words: str = WORDS, **body: Any) -> dict[str, Any]:
    """File a complaint, bring its case to a step, and return the ticket as it is then."""
    ticket = complaint(estate, words, **body)
    for name, action, changes in ROAD[step]:
        take(estate, name, ticket["id"], action, **changes)
    return dict(estate.get("manager", f"/tickets/{ticket['id']}").json or {})


def case(estate: "Estate", name: str, ticket_id: str) -> dict[str, Any]:
    """Return a case as somebody sees it."""
    answer = estate.get(name, f"/tickets/{ticket_id}/complaint")
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds from one moment of an answer to another."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def entries(engine: Engine, ticket_id: str) -> list[dict[str, Any]]:
    """Return a ticket's history."""
    with engine.connect() as db:
        rows = db.execute(select(history).where(history.c.ticket_id == ticket_id).order_by(history.c.seq)).mappings()
        return [dict(row) for row in rows]


def told(engine: Engine, ticket_id: str, kind: str) -> list[dict[str, Any]]:
    """Return what was published of a ticket under a type."""
    with engine.connect() as db:
        wanted = select(outbox.c.data).where(outbox.c.subject == ticket_id, outbox.c.type == kind)
        return list(db.execute(wanted.order_by(outbox.c.id)).scalars())
