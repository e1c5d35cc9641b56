"""Puts into a fresh desk what screens have to show: a request, a complaint, a campaign, and what only an admin adds."""

import io
from datetime import timedelta

import urllib3
from PIL import Image

from doorstep.sample import PASSWORD
from services.kit import clock
from tests.e2e.preparing_desk import prepare_desk_work
from tests.story.story_people import Desk, Person


def prepare(desk: Desk) -> None:
    """File a request and a complaint, ask all homes, invite somebody, plan a shift, put up codes, show photos."""
    desk.person("resident1", PASSWORD).file("厨房水龙头漏水，请来修")
    desk.person("crew1", PASSWORD).step(desk.person("resident1", PASSWORD).file("卧室门锁打不开"), "claim").ok()
    desk.person("resident1", PASSWORD).file("投诉：保安态度很差，对老人大声呵斥")
    heard = desk.person("resident1", PASSWORD).file("投诉：维修师傅约了不来，也没有电话")
    crew = desk.person("crew1", PASSWORD).get("/me")["id"]
    desk.person("dispatcher1", PASSWORD).step(heard, "assign", to=crew).ok()
    _equip(desk.person("resident1", PASSWORD))
    admin = desk.person("admin1", PASSWORD)
    community = admin.get("/communities")["items"][0]["id"]
    _ask_all(desk.person("manager1", PASSWORD), community)
    prepare_desk_work(desk)
    _invite(admin, "to-be-shown@example.org")
    _plan_a_shift(admin, community)
    building = admin.get(f"/communities/{community}/buildings")["items"][0]["id"]
    spot = {"building_id": building, "name": "1 号电梯", "name_en": "Lift 1", "kind": "lift"}
    admin.ask("POST", "/spots", spot).ok()
    admin.ask(
        "POST", "/spots", {"community_id": community, "name": "东门", "name_en": "East gate", "kind": "gate"}
    ).ok()
    admin.ask("POST", "/webhooks", {"url": "https://example.org/events", "event_types": ["ticket.filed.v1"]}).ok()
    photograph(desk.person("dispatcher1", PASSWORD))


def photograph(somebody: Person, photos: int = 3) -> None:
    """Add photos to every ticket that takes some; they are rich in detail, and so as heavy as photos get."""
    out = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise((1200, 900), 60) for _ in range(3)]).save(out, "JPEG")
    for ticket in somebody.get("/tickets?limit=100")["items"]:
        if "photograph" not in ticket["actions"]:
            continue
        for number in range(photos):
            answer = urllib3.request(
                "POST",
                f"{somebody.url}/api/v1/tickets/{ticket['id']}/photos",
                fields={"photo": ("p.jpg", out.getvalue(), "image/jpeg")},
                headers={"Authorization": f"Bearer {somebody.token}", "Idempotency-Key": f'"{ticket["id"]}-{number}"'},
            )
            assert answer.status == 201, answer.data


def _equip(resident: Person) -> None:
    home = resident.get("/units")["items"][0]["id"]
    heater = {"kind": "water_heater", "model": "JSQ30", "installed_on": "2019-03-01", "life_months": 96}
    resident.ask("PATCH", f"/households/{home}", {"equipment": [heater]}, **{"If-Match": "*"}).ok()


def _ask_all(manager: Person, community: str) -> None:
    closes = (clock.now() + timedelta(days=7)).isoformat()
    body = {"name": "年度业主意见征集", "community_id": community, "closes_at": closes}
    manager.ask("POST", "/campaigns", body).ok()


def _invite(admin: Person, login: str) -> None:
    home = admin.get("/units?limit=1")["items"][0]
    body = {"login": login, "role": "resident", "locale": "zh-CN", "units": [home["id"]]}
    admin.ask("POST", "/invitations", {**body, "communities": [home["community"]["id"]]}).ok()


def _plan_a_shift(admin: Person, community: str) -> None:
    crew = next(one for one in admin.get("/staff")["items"] if one["role"] == "crew")
    today = clock.now().date().isoformat()
    times = {"first_on": today, "begins": "08:00", "ends": "20:00", "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"}
    admin.ask("POST", "/shifts", {"community_id": community, "person_id": crew["id"], **times}).ok()
