"""What makes a community in the month: events, volunteers, rounds, care visits, an opinion survey, announcements."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from doorstep.month.agenda import Story
from doorstep.month.office import MANAGER
from doorstep.month.people import CREWS, DISPATCHER, ZONE, Town
from doorstep.sample import HUATING
from services.kit import clock

EVENTS = (
    ("中秋邻里茶话会", "自带一道拿手菜，和邻居坐一坐。", "中心花园", 3),
    ("儿童画展", "小区孩子们的画，欢迎家长带孩子一起布展。", "会所一层", 5),
    ("健康义诊", "社区医院医生量血压、测血糖，可咨询用药。", "物业大厅", 4),
    ("旧物交换日", "闲置的书、玩具和小家电，换给需要的邻居。", "西门广场", 3),
)
CHECKPOINTS = ("1号楼消防栓", "地下车库东口", "水泵房", "儿童游乐区")


def _at(days: int, hour: float) -> datetime:
    return clock.now().astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=days, hours=hour
    )


def event(town: Town, number: int) -> Story:
    """Tell an event: announced, signed up for, held, with who came and whose hours count."""
    desk, luck = town.desk, town.luck
    title, description, location, level = EVENTS[number % len(EVENTS)]
    community = HUATING.communities[0]
    begins = _at(6, 15)
    body = {
        "community_id": community.id, "title": title, "description": description, "location": location,
        "need_level": level, "starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=2)).isoformat(),
        "capacity": 8,
    }  # fmt: skip
    event_id = desk.ask(DISPATCHER, "POST", "/events", body)["id"]
    neighbours = [person for person in town.residents if community.id in person.community_ids]
    coming = luck.sample(neighbours, min(10, len(neighbours)))
    for person in coming:
        yield timedelta(hours=luck.uniform(1, 9))
        desk.ask(person.login, "POST", f"/events/{event_id}/sign-up")
    yield begins + timedelta(hours=2, minutes=20)
    for person in coming:
        came = {"person_id": person.id, "attended": luck.random() < 0.8}
        desk.try_to(DISPATCHER, "POST", f"/events/{event_id}/attendance", came)
    helper = coming[0]
    desk.ask(helper.login, "POST", "/volunteers", {"skills": ["events"], "note": "周末有空。"})
    hours = {"event_id": event_id, "on_date": begins.date().isoformat(), "minutes": 120, "what": "布置会场，接待邻居"}
    given = desk.ask(helper.login, "POST", "/volunteers/hours", hours)
    yield timedelta(hours=3)
    desk.ask(DISPATCHER, "POST", f"/volunteers/hours/{given['id']}/decision", {"confirmed": True})


def volunteers(town: Town) -> Story:
    """Let some residents offer their skills."""
    skills = (["teaching", "arts"], ["first_aid"], ["digital_help", "companionship"], ["gardening"], ["events"])
    for person, offered in zip(town.residents[:5], skills, strict=True):
        town.desk.ask(person.login, "POST", "/volunteers", {"skills": offered, "note": "周末有空。"})
        yield timedelta(hours=5)


def households(town: Town) -> Story:
    """Let some households say who lives there, and the desk note what they own."""
    desk = town.desk
    kinds = ("elderly_alone", "infant", "disability")
    for person, kind in zip(town.residents[:3], kinds, strict=True):
        at = f"/households/{person.unit_ids[0]}"
        until = (clock.now() + timedelta(days=365)).isoformat()
        said = {
            "salutation": {"zh-CN": "王阿姨" if kind == "elderly_alone" else "李先生"},
            "circumstances": [{"kind": kind, "until": until, "consent": {}}],
            "equipment": [
                {"kind": "water_heater", "model": "DR-60", "installed_on": "2019-05-04", "life_months": 96},
                {"kind": "water_filter", "model": "F-2", "installed_on": "2025-06-01", "life_months": 12},
            ],
        }
        desk.ask(person.login, "PATCH", at, said, If_Match="*")
        yield timedelta(hours=2)


def _plan(kind: str, title: str, code: str, rule: str, hour: float, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind, "title": title, "description": f"{title}，按清单逐项检查。", "catalogue_code": code,
        "rrule": rule, "starts_at": _at(1, hour).isoformat(),
    } | more  # fmt: skip


def plans(town: Town) -> Story:
    """Make the plans that file their own work: a patrol, a cleaning round, the pumps, a care visit."""
    community = HUATING.communities[0]
    points = [{"name": name} for name in CHECKPOINTS]
    here: dict[str, Any] = {"community_id": community.id, "location": "全园区"}
    home = town.residents[0]
    there = {"unit_id": home.unit_ids[0], "resident_id": home.id}
    wanted = (
        _plan("patrol_round", "夜间巡更", "patrol", "FREQ=DAILY", 20, checkpoints=points, **here),
        _plan("preventive_maintenance", "水泵保养", "equipment-maintenance", "FREQ=WEEKLY;BYDAY=MO", 9, **here),
        _plan("care_visit", "独居老人走访", "care-visit-elder", "FREQ=WEEKLY;BYDAY=WE", 10, **there),
    )  # fmt: skip
    for body in wanted:
        town.desk.ask(DISPATCHER, "POST", "/plans", body)
        yield timedelta(minutes=20)


def rounds(town: Town) -> Story:
    """Let the crew walk what the plans filed today."""
    desk, luck = town.desk, town.luck
    crew = luck.choice(CREWS)
    for ticket_id in _planned(town):
        at = f"/tickets/{ticket_id}"
        if "claim" not in desk.ask(crew, "GET", at)["actions"]:
            continue
        for action in ("claim", "start"):
            desk.ask(crew, "POST", f"{at}/{action}")
            yield timedelta(minutes=luck.uniform(2, 9))
        for point in desk.ask(crew, "GET", f"{at}/checkpoints")["items"]:
            failed = luck.random() < 0.04
            found = {"result": "failed", "note": "灯不亮，需更换。"} if failed else {"result": "ok"}
            desk.ask(crew, "POST", f"{at}/checkpoints/{point['n']}", found)
            yield timedelta(minutes=luck.uniform(2, 6))
        desk.ask(crew, "POST", f"{at}/complete", {"note": "巡查完毕，发现的问题已报修。"})


def _planned(town: Town) -> Iterator[str]:
    """Yield the tickets that the plans filed last."""
    for plan in town.desk.ask(DISPATCHER, "GET", "/plans?state=active")["items"]:
        for occurrence in town.desk.ask(DISPATCHER, "GET", f"/plans/{plan['id']}/occurrences?limit=2")["items"]:
            if occurrence["ticket_id"]:
                yield occurrence["ticket_id"]


def campaign(town: Town, name: str, days: int) -> Story:
    """Tell an opinion survey: the manager guesses first, the households answer, and after some days it closes."""
    desk, luck = town.desk, town.luck
    community = HUATING.communities[0]
    body = {
        "name": name, "community_id": community.id, "closes_at": _at(days, 20).isoformat(),
    }  # fmt: skip
    asked = desk.ask(MANAGER, "POST", "/campaigns", body)
    at = f"/campaigns/{asked['id']}"
    desk.ask(MANAGER, "POST", f"{at}/estimates", {"answers": _opinion(asked["to_estimate"], luck, 0.9)})
    yield timedelta(days=1)
    # The first resident, whom everybody tries, has not answered yet.
    for person in town.residents[1:]:
        if community.id in person.community_ids and luck.random() < 0.6:
            said = _opinion(asked["questions"], luck, 0.8)
            desk.try_to(person.login, "POST", f"{at}/answers", {"answers": said})
            yield timedelta(hours=luck.uniform(2, 9))


def _opinion(questions: list[dict[str, Any]], luck: Any, share: float) -> dict[str, Any]:
    """Answer on each scale about so far up, one person's answer differing from another's."""
    scales = [one for one in questions if one["kind"] == "scale"]
    return {one["name"]: _on(one["least"], one["most"], share + luck.uniform(-0.3, 0.3)) for one in scales}


def _on(least: int, most: int, share: float) -> int:
    return max(least, min(most, round(least + (most - least) * share)))


def outage(town: Town, days_ahead: int) -> Story:
    """Tell a planned outage of one building: announced in time, read by some, over when it was said to be."""
    place = HUATING.communities[0]
    begins = _at(days_ahead, 9)
    body = {
        "community_id": place.id, "kind": "water_outage", "planned": True, "building_ids": [_first_building(town)],
        "starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=6)).isoformat(),
        "title_zh": "更换水泵，计划停水",
        "body_zh": "因为要更换老化的水泵，届时停水，请提前储水。我们会在恢复供水时通知您。",
        "title_en": "Water off while a pump is replaced",
        "body_en": "We replace a worn pump. Please store water beforehand; we will tell you when it is back.",
    }  # fmt: skip
    at = f"/announcements/{town.desk.ask(DISPATCHER, 'POST', '/announcements', body)['id']}"
    town.desk.ask(DISPATCHER, "POST", f"{at}/publish")
    for person in town.luck.sample(town.residents, 12):
        yield timedelta(hours=town.luck.uniform(0.5, 4))
        town.desk.try_to(person.login, "POST", f"{at}/read")
    yield begins + timedelta(hours=5, minutes=30)
    town.desk.ask(DISPATCHER, "POST", f"{at}/restore")


def lift(town: Town) -> Story:
    """Tell a lift that stands still: reported, announced, and others' reports going along with the first."""
    desk, luck = town.desk, town.luck
    place = HUATING.communities[0]
    here = set(place.units()[:25])
    first, *others = [person for person in town.residents if here & set(person.unit_ids)]
    words = "1号楼电梯停在三楼不动了，老人下不了楼。"
    ticket = desk.ask(first.login, "POST", "/tickets", {"description": words, "catalogue_code": "lift-fault"})
    yield timedelta(minutes=6)
    begins = clock.now()
    body = {
        "community_id": place.id, "kind": "lift_out_of_service", "planned": False, "ticket_id": ticket["id"],
        "building_ids": [_first_building(town)], "starts_at": begins.isoformat(), "ends_at": None,
        "title_zh": "1号楼电梯停运",
        "body_zh": "电梯正在抢修，需要搬运重物或行动不便的住户请致电服务台，我们上门协助。",
        "title_en": "The lift of building 1 is out of service",
        "body_en": "Call the desk if you need help on the stairs.",
    }  # fmt: skip
    at = f"/announcements/{desk.ask(DISPATCHER, 'POST', '/announcements', body)['id']}"
    desk.ask(DISPATCHER, "POST", f"{at}/publish")
    for person in others[:3]:
        yield timedelta(minutes=luck.uniform(5, 40))
        said = {"description": "电梯坏了，请尽快修。", "catalogue_code": "lift-fault", "join": ticket["id"]}
        desk.ask(person.login, "POST", "/tickets", said)
    for action in ("claim", "arrive", "start", "complete"):
        yield timedelta(minutes=luck.uniform(10, 50))
        done = {"note": "已更换门机皮带。"} if action == "complete" else None
        desk.ask("crew1", "POST", f"/tickets/{ticket['id']}/{action}", done)
    desk.ask(DISPATCHER, "POST", f"{at}/restore")


def _first_building(town: Town) -> str:
    place = HUATING.communities[0]
    return str(town.desk.ask("admin1", "GET", f"/communities/{place.id}/buildings")["items"][0]["id"])
