"""What is under way when the month ends, so that lists of what waits have something to wait for."""

from datetime import datetime, timedelta
from typing import Any

from doorstep.month.agenda import Story
from doorstep.month.office import MANAGER
from doorstep.month.people import CREWS, DISPATCHER, ZONE, Town, in_hours
from doorstep.month.pictures import photo
from doorstep.sample import HUATING
from services.kit import clock

FIRST = "resident1"
# Nobody is rung up at night (21:00–09:00, DOORSTEP_RETURN_VISIT_NIGHT): an hour is left before it begins.
MORNING, EVENING = 9, 20


def at_home(town: Town) -> Story:
    """Let the first resident, whom everybody tries, have a request at each stage, with photos, words and a time."""
    desk = town.desk
    words = ("厨房水槽下面漏水，请来看看。", "卧室窗户关不严，晚上漏风。", "楼道里的声控灯不亮了。")
    made = [desk.ask(FIRST, "POST", "/tickets", {"description": one}) for one in words]
    for number, ticket in enumerate(made[:2]):
        desk.show(FIRST, f"/tickets/{ticket['id']}/photos", photo(number))
        yield timedelta(minutes=9)
    leak, window, _light = made
    at = f"/tickets/{leak['id']}"
    yield from town.step(CREWS[0], leak, "claim")
    desk.ask(CREWS[0], "POST", f"{at}/comments", {"body": "您好，我先关一下总阀，约半小时到。", "visible": True})
    yield timedelta(minutes=6)
    desk.ask(FIRST, "POST", f"{at}/comments", {"body": "好的，家里有人。", "visible": True})
    yield from town.step(CREWS[0], leak, "depart")
    yield timedelta(minutes=12)
    yield from town.step(CREWS[0], leak, "arrive")
    yield from town.step(CREWS[0], leak, "start")
    desk.show(CREWS[0], f"{at}/photos", photo(2))
    yield from town.step(CREWS[1], window, "claim")
    begins = in_hours(clock.now() + timedelta(hours=20))
    time = {"from": begins.isoformat(), "to": (begins + timedelta(hours=2)).isoformat()}
    yield from town.step(CREWS[1], window, "propose", time)


def in_hand(town: Town) -> Story:
    """Let the first crew member have a complaint of a household and a job not begun, and one be handed up."""
    desk = town.desk
    about = {"description": "投诉：上门师傅没有穿鞋套，地板弄脏了。", "catalogue_code": "complaint-conduct"}
    mine = desk.ask(town.residents[6].login, "POST", "/tickets", about)
    yield timedelta(minutes=15)
    yield from town.step(DISPATCHER, mine, "assign", {"to": town.id_of(CREWS[0])})
    # Of a household with a record.
    job = desk.ask(town.residents[1].login, "POST", "/tickets", {"description": "卫生间下水道堵了，水退得很慢。"})
    yield from town.step(CREWS[0], job, "claim")
    hard = desk.ask(town.residents[9].login, "POST", "/tickets", {"description": "外墙渗水，客厅墙面发霉。"})
    yield from town.step(CREWS[1], hard, "claim")
    yield timedelta(minutes=30)
    yield from town.step(CREWS[1], hard, "escalate", {"reason": "需要动用维修资金，超出我的权限。"})


def last_call_from(ends: datetime) -> datetime:
    """Return a moment at least two hours before `ends` at which people may be rung up: then, or the evening before."""
    local = (ends - timedelta(hours=2)).astimezone(ZONE)
    if MORNING <= local.hour < EVENING:
        return local
    evening = local.replace(hour=EVENING - 1, minute=0)
    return evening if local.hour >= EVENING else evening - timedelta(days=1)


def to_call(town: Town) -> Story:
    """End an emergency a day before somebody is to be rung up about it."""
    words = {"description": "我被困在电梯里了，快来人"}
    trapped = town.desk.ask(town.residents[10].login, "POST", "/tickets", words)
    for verb in ("claim", "arrive", "start", "complete"):
        yield timedelta(minutes=3)
        yield from town.step(CREWS[1], trapped, verb)


def to_approve(town: Town) -> Story:
    """Let a household choose how its complaint is put right, which a manager has not approved yet."""
    desk, who = town.desk, town.residents[12].login
    words = {"description": "投诉：维修后地面没有清理，家里全是灰。", "catalogue_code": "complaint-repair-quality"}
    case = f"/tickets/{desk.ask(who, 'POST', '/tickets', words)['id']}/complaint"
    until = (clock.now() + timedelta(days=2)).isoformat()
    ways = [{"what": what, "by": until} for what in ("上门清洁并道歉", "减免一次保洁费用")]
    heard = {
        "emotion": "agitated",
        "cause": "repair_quality",
        "wanted": "清理干净",
        "restated": "您希望我们来清理，对吗？",
    }
    found = {"severity": "minor", "justified": True, "settle_at_once": False, "department": "工程部", "note": "已核实"}
    for login, action, body in (
        (DISPATCHER, "identify", heard),
        (DISPATCHER, "assess", found),
        (DISPATCHER, "offer", {"options": ways}),
        (who, "choose", {"option": 1}),
    ):
        yield timedelta(minutes=12)
        desk.ask(login, "POST", f"{case}/{action}", body)


def announcing(town: Town) -> Story:
    """Leave an announcement that is not published yet."""
    begins = clock.now() + timedelta(days=6)
    body = {
        "community_id": HUATING.communities[0].id, "kind": "planned_repair", "planned": True,
        "starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=4)).isoformat(),
        "title_zh": "清洗二次供水水箱", "body_zh": "因为每半年要清洗一次水箱，届时水压会变低。感谢您的理解。",
        "title_en": "The water tank is cleaned", "body_en": "Every half year the tank is cleaned; the pressure drops.",
    }  # fmt: skip
    town.desk.ask(DISPATCHER, "POST", "/announcements", body)
    yield timedelta(0)


def looking(town: Town) -> Story:
    """Let staff look at what is kept closed: a home's record before a call, and what households answered."""
    for person in town.residents[:3]:
        town.desk.ask(DISPATCHER, "GET", f"/households/{person.unit_ids[0]}?purpose=care_visit")
        yield timedelta(minutes=10)
    done: list[dict[str, Any]] = town.desk.ask(MANAGER, "GET", "/tickets?status=closed&limit=3")["items"]
    for ticket in done:
        town.desk.try_to(MANAGER, "GET", f"/tickets/{ticket['id']}/answers")
        yield timedelta(minutes=4)
