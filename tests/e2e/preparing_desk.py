"""Puts into a fresh desk what dispatchers work on: a call to make, a letter, an announcement, an event and a plan."""

from datetime import timedelta
from email.message import EmailMessage

import urllib3

from doorstep.sample import PASSWORD
from services.kit import clock, hook_signing
from services.kit.events import new_id
from tests.story.story_people import Desk, Person
from tests.waiting import until


def prepare_desk_work(desk: Desk) -> None:
    """Finish an emergency, so that it is called about; post a letter; draft, announce and plan something."""
    dispatcher, manager = desk.person("dispatcher1", PASSWORD), desk.person("manager1", PASSWORD)
    resident = desk.person("resident1", PASSWORD)
    home = resident.get("/units")["items"][0]
    post_a_letter(manager)
    begins = clock.now() + timedelta(days=9)
    times = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=3)).isoformat()}
    place = {"community_id": home["community"]["id"]}
    words = {"title_zh": "更换水泵，计划停水", "body_zh": "因为更换水泵，届时停水，请提前储水。"}
    dispatcher.ask("POST", "/announcements", {**place, **times, **words, "kind": "water_outage"}).ok()
    # One that residents see, beside the draft.
    shown = dispatcher.ask("POST", "/announcements", {**place, **times, **words, "kind": "water_outage"}).ok()
    dispatcher.ask("POST", f"/announcements/{shown['id']}/publish", {}).ok()
    event = {"title": "邻里茶话会", "description": "和邻居坐一坐。", "location": "中心花园", "capacity": 20}
    dispatcher.ask("POST", "/events", {**place, **times, **event}).ok()
    plan = {"kind": "care_visit", "unit_id": home["id"], "title": "独居老人走访", "description": "走访"}
    plan["resident_id"] = resident.get("/me")["id"]
    rule = {"catalogue_code": "care-visit-elder", "rrule": "FREQ=WEEKLY;BYDAY=WE", "starts_at": begins.isoformat()}
    dispatcher.ask("POST", "/plans", {**plan, **rule}).ok()
    _finish_an_emergency(desk)
    until(lambda: dispatcher.get("/callbacks")["items"], "a call to make")
    until(lambda: dispatcher.get("/mail")["items"], "a letter that waits")


def _finish_an_emergency(desk: Desk) -> None:
    ticket = desk.person("resident1", PASSWORD).file("我被困在电梯里了，快来人")
    crew = desk.person("crew1", PASSWORD)
    for verb in ("claim", "arrive", "start", "complete"):
        crew.step(ticket, verb).ok()


def post_a_letter(manager: Person, words: str = "厨房水管漏水") -> None:
    """Bring a letter of somebody nobody knows, as a mail server does."""
    body = {"address": "desk@company.example", "authserv_ids": ["mx.company.example"]}
    manager.ask("PUT", "/mailbox", body, **{"If-Match": "*"}).ok()
    box = manager.ask("POST", "/mailbox/secret", {}).ok()
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "Li Lei <li@example.org>", body["address"], "漏水"
    letter.set_content(words)
    raw = letter.as_bytes()
    signed = hook_signing.signed(box["secret"], str(new_id()), clock.now(), raw)
    headers = {**signed, "Content-Type": "message/rfc822"}
    answer = urllib3.request("POST", f"{manager.url}/api/v1/mail-in/{box['id']}", body=raw, headers=headers)
    assert answer.status == 202, answer.data
