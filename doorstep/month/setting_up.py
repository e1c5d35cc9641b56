"""What an admin and a manager set up before the month begins, and change within it."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from doorstep.month.agenda import Story
from doorstep.month.office import MANAGER
from doorstep.month.people import CREWS, DISPATCHER, ZONE, Town
from doorstep.sample import HUATING
from services.kit import clock, hook_signing
from services.kit.events import new_id

ADMIN = "admin1"
EVERY_DAY = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"
ADDRESS = "desk@huating.example"
# Who writes letters, about what, in which words.
LETTERS = (
    ("Chen Lan <chen.lan@example.org>", "楼道灯不亮", "3号楼二单元四楼的楼道灯已经三天不亮了，晚上老人上下楼不安全。"),
    ("Tom Baker <tom.baker@example.org>", "Parking space", "Somebody has parked on my space again. Could you look?"),
    ("Zhou Ming <zhou.ming@example.org>", "装修申请", "请问装修需要提前几天申请？需要准备哪些材料？"),
)


def estate(town: Town) -> Story:
    """Let an admin plan shifts, put up codes, keep a mailbox, invite somebody, and connect another system."""
    desk, place = town.desk, HUATING.communities[0]
    building = desk.ask(ADMIN, "GET", f"/communities/{place.id}/buildings")["items"][0]["id"]
    today = clock.now().astimezone(ZONE).date().isoformat()
    for crew, begins, ends in ((CREWS[0], "07:30", "19:30"), (CREWS[1], "12:00", "23:00")):
        times = {"first_on": today, "begins": begins, "ends": ends, "rrule": EVERY_DAY}
        who = {"community_id": place.id, "person_id": town.id_of(crew)}
        desk.ask(ADMIN, "POST", "/shifts", who | times)
    yield timedelta(minutes=20)
    spots: tuple[dict[str, Any], ...] = (
        {"building_id": building, "name": "1号电梯", "name_en": "Lift 1", "kind": "lift"},
        {"community_id": place.id, "name": "东门", "name_en": "East gate", "kind": "gate"},
        {"community_id": place.id, "name": "地下车库", "name_en": "Garage", "kind": "garage"},
        {"community_id": place.id, "name": "儿童乐园", "name_en": "Playground", "kind": "playground"},
    )
    for spot in spots:
        desk.ask(ADMIN, "POST", "/spots", spot)
        yield timedelta(minutes=3)
    desk.ask(ADMIN, "PATCH", f"/buildings/{building}", {"name": "1号楼 Building 1 (含底商)"}, If_Match="*")
    hook = {"url": "https://example.org/doorstep", "event_types": ["ticket.disallowed.v1"]}
    desk.ask(ADMIN, "POST", "/webhooks", hook)
    yield timedelta(minutes=30)
    desk.ask(MANAGER, "PUT", f"/communities/{place.id}/packs/cn_lift_city", {}, If_Match="*")


def catalogue(town: Town) -> Story:
    """Let the manager add to the catalogue what residents began to ask for."""
    cabinet = {
        "code": "own-swap-cabinet", "zh": "换电柜故障", "en": "Battery swap cabinet fault", "work_type": "repair",
        "topic": "parking", "need_level": 1, "standard": "basic", "value_tier": "expected", "urgency": "urgent",
        "skills": ["electrical"], "sla_class": "standard", "words": ["换电柜", "swap cabinet"],
    }  # fmt: skip
    change = {"changes": [cabinet], "reason": "小区新装了换电柜，住户开始报修。"}
    town.desk.ask(MANAGER, "PUT", "/catalogue", change, If_Match="*")
    yield timedelta(0)


def letters(town: Town, days: int) -> Story:
    """Let people write letters: the desk sees to the first, the others wait."""
    desk = town.desk
    desk.ask(MANAGER, "PUT", "/mailbox", {"address": ADDRESS, "authserv_ids": ["mx.huating.example"]}, If_Match="*")
    box = desk.ask(MANAGER, "POST", "/mailbox/secret")
    for number, (sender, subject, words) in enumerate(LETTERS):
        yield timedelta(days=days / 3 if number else 1)
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = sender, ADDRESS, subject
        letter.set_content(words)
        raw = letter.as_bytes()
        desk.bring(f"/mail-in/{box['id']}", raw, hook_signing.signed(box["secret"], str(new_id()), clock.now(), raw))
        yield timedelta(hours=1)
        if number == 0:
            (waiting,) = desk.ask(DISPATCHER, "GET", "/mail")["items"]
            writer = town.residents[4].id
            desk.ask(DISPATCHER, "POST", f"/mail/{waiting['id']}/file", {"on_behalf_of": writer})


def invitations(town: Town) -> Story:
    """Let an admin invite those who moved in."""
    place = HUATING.communities[0]
    for number, unit in enumerate(place.units()[50:53], start=1):
        login = f"moved-in-{number}@example.org"
        body = {"login": login, "role": "resident", "locale": "zh-CN", "units": [unit], "communities": [place.id]}
        town.desk.ask(ADMIN, "POST", "/invitations", body)
        yield timedelta(minutes=4)
