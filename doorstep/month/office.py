"""What the desk does every day of the month: calls, complaints brought a step further, notices read."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from doorstep.month.agenda import Story
from doorstep.month.people import CREWS, DISPATCHER, ZONE, Town, in_hours, minutes
from services.kit import clock

MANAGER = "manager1"
# Which kinds of complaint come, in the words of those who make them, and what the desk made of each.
COMPLAINTS = (
    ("投诉：保安在门口态度恶劣，大声呵斥我父亲。", "complaint-conduct", "angry", "staff_conduct", True),
    ("投诉：上周修的水龙头又漏了，师傅没有修好。", "complaint-repair-quality", "agitated", "repair_quality", True),
    ("投诉：客服说下午来人，等到晚上都没有消息。", "complaint-unanswered", "anxious", "desk_error", True),
    ("投诉：停车费不能微信支付，太不方便了。", "complaint-fees", "calm", "policy", False),
    ("投诉：楼道三天没有打扫，垃圾堆在门口。", "complaint-general", "agitated", "facility_quality", True),
)
TACTFUL = (
    "感谢您告诉我们。因为停车系统正在更换，微信支付将在新系统上线后开通。"
    "我们能为您做的是：在此之前请在服务台刷卡缴费，我们会在开通当天通知您。"
)
CALLS_A_DAY = 4
COMPLAINT = "complaint"


def day(town: Town, calls_until: datetime) -> Story:
    """Tell a dispatcher's day: whoever a notice did not reach is rung up, and return visits are made by telephone.

    Those that may be made from `calls_until` on are left to whoever takes over the desk.
    """
    desk, luck = town.desk, town.luck
    for task in desk.ask(DISPATCHER, "GET", "/phone-tasks?limit=20")["items"]:
        status, _ = desk.try_to(DISPATCHER, "POST", f"/phone-tasks/{task['id']}/claim")
        if status == 200:
            outcome = luck.choice(("reached", "reached", "not_reached"))
            desk.try_to(DISPATCHER, "POST", f"/phone-tasks/{task['id']}/outcome", {"outcome": outcome})
        yield minutes(luck, 1, 4)
    callbacks = desk.ask(DISPATCHER, "GET", "/callbacks?limit=20")["items"] if clock.now() < calls_until else []
    for callback in callbacks[:CALLS_A_DAY]:
        at = f"/callbacks/{callback['id']}"
        status, _ = desk.try_to(DISPATCHER, "POST", f"{at}/claim")
        if status == 200:
            desk.try_to(DISPATCHER, "POST", f"{at}/attempts", _call(luck.random(), luck.choice))
        yield minutes(luck, 2, 6)
    for incident in desk.ask(MANAGER, "GET", "/incidents?open=true&limit=5")["items"]:
        remark = {"remark": "已电话联系到本人，并核对了联系方式。"}
        desk.try_to(MANAGER, "POST", f"/incidents/{incident['id']}/close", remark)
        yield minutes(luck, 1, 3)


def _call(chance: float, choose: Callable[[Any], Any]) -> dict[str, Any]:
    if chance < 0.35:
        return {"outcome": choose(("no_answer", "busy"))}
    if chance < 0.45:
        answer = {"solved": True, "satisfaction": choose((3, 4))}
        return {"outcome": "proxy", "spoken_by": "relative", "answer": answer}
    return {"outcome": "answered", "answer": {"solved": chance < 0.95, "satisfaction": choose((2, 4, 4, 5))}}


def complaint(town: Town, number: int) -> Story:
    """Tell a complaint as far as the month goes: identified, assessed, negotiated, acted on, reviewed."""
    desk, luck = town.desk, town.luck
    words, code, emotion, cause, justified = COMPLAINTS[number % len(COMPLAINTS)]
    who = town.somebody("zh-CN")
    ticket = desk.ask(who.login, "POST", "/tickets", {"description": words, "catalogue_code": code})
    case = f"/tickets/{ticket['id']}/complaint"

    def take(login: str, action: str, **body: Any) -> None:
        desk.ask(login, "POST", f"{case}/{action}", body)

    yield in_hours(clock.now() + minutes(luck, 5, 50))
    restated = "您希望我们当面说明情况并改进，我说得对吗？"
    take(DISPATCHER, "identify", emotion=emotion, cause=cause, wanted="请给个说法并改进", restated=restated)
    yield in_hours(clock.now() + minutes(luck, 30, 400))
    severity = luck.choice(("minor", "serious"))
    found = {"justified": justified, "settle_at_once": False, "department": "客服部", "note": "已核实"}
    take(DISPATCHER, "assess", severity=severity, **found)
    yield in_hours(clock.now() + minutes(luck, 60, 900))
    if not justified:
        take(DISPATCHER, "reply", text=TACTFUL)
    else:
        until = (clock.now() + timedelta(days=2)).isoformat()
        ways = ("负责人上门说明并道歉", "书面说明并培训当班人员")
        take(DISPATCHER, "offer", options=[{"what": way, "by": until} for way in ways])
        yield minutes(luck, 60, 700)
        take(who.login, "choose", option=luck.choice((1, 2)))
        yield in_hours(clock.now() + minutes(luck, 30, 300))
        take(MANAGER, "approve")
        yield in_hours(clock.now() + minutes(luck, 10, 200))
        take(DISPATCHER, "act")
        yield in_hours(clock.now() + minutes(luck, 600, 2500))
        take(DISPATCHER, "settle", note="已上门说明并道歉，当班人员已重新培训。")
    yield in_hours(clock.now() + timedelta(days=luck.uniform(1, 3)))
    take(DISPATCHER, "review", outcome="solved", lesson="交接班时先问候，并把等候时间告诉住户。")


def catching_up(town: Town) -> Story:
    """Tell the desk's second look at the board: what nobody went on with is given to somebody; some is left."""
    desk, luck = town.desk, town.luck
    waited = (clock.now() - timedelta(hours=20)).isoformat()
    for ticket in desk.ask(DISPATCHER, "GET", "/board?limit=100")["items"]:
        if ticket["filed_at"] > waited or ticket["paused_until"] or luck.random() < 0.25:
            continue
        if ticket["work_type"] == COMPLAINT:
            # Those that somebody has heard have a story of their own.
            if ticket["status"] == "filed":
                yield from _answered(town, ticket["id"])
        else:
            yield from _gone_on_with(town, ticket)


def _answered(town: Town, ticket_id: str) -> Story:
    """Hear a household out whose answer was low, and say what changes."""
    case = f"/tickets/{ticket_id}/complaint"
    restated = "您觉得等得太久，希望我们说到做到，对吗？"
    heard = {"emotion": "calm", "cause": "repair_quality", "wanted": "希望改进", "restated": restated}
    found = {"severity": "minor", "justified": False, "settle_at_once": False, "note": "已核实，当时在等配件。"}
    said = {"text": "感谢您告诉我们。因为当时在等配件，让您久等了，非常抱歉。我们已增加常用配件的库存，下次会更快。"}
    learnt = {"outcome": "solved", "lesson": "常用配件提前备货，并把等候时间告诉住户。"}
    for action, body in (("identify", heard), ("assess", found), ("reply", said), ("review", learnt)):
        town.desk.try_to(DISPATCHER, "POST", f"{case}/{action}", body)
        yield minutes(town.luck, 4, 12)


def _gone_on_with(town: Town, ticket: dict[str, Any]) -> Story:
    """Let whoever has a job that stands still go on with it, or somebody take it, as far as they may just now."""
    owner = ticket["owner"]["id"]
    crew = next((login for login in CREWS if town.id_of(login) == owner), town.luck.choice(CREWS))
    for action in ("claim", "resume", "depart", "arrive", "start"):
        town.desk.try_to(crew, "POST", f"/tickets/{ticket['id']}/{action}")
        yield minutes(town.luck, 1, 8)
    yield minutes(town.luck, 10, 40)
    town.desk.try_to(crew, "POST", f"/tickets/{ticket['id']}/complete", {"note": "已处理完毕，请您查验。"})


def reading(town: Town) -> Story:
    """Let households read what they were told, as people look at their phones."""
    for person in town.residents:
        notices = town.desk.ask(person.login, "GET", "/notices?limit=10")["items"]
        for notice in notices:
            if notice["read_at"] is None and town.luck.random() < 0.7:
                town.desk.try_to(person.login, "POST", f"/notices/{notice['id']}/read")
        yield timedelta(seconds=20)


def every_day(begins: datetime, days: int, hour: float, tell: Callable[[], Story]) -> list[tuple[datetime, Story]]:
    """Return a story for each day at an hour of it."""
    first = begins.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    moments = (first + timedelta(days=number, hours=hour) for number in range(days + 1))
    return [(moment, tell()) for moment in moments if moment > begins]
