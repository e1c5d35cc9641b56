"""The organisation's own catalogue: seen before it is published, and tickets keep what they were filed under."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from services.kit.database import transaction
from tests.unit.test_own_catalogue import NEW

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

LEAK = "water-leak-pipe"
SAID = "厨房水管漏水"


def publish(estate: "Estate", *changes: dict[str, Any], name: str = "manager", **more: Any) -> Any:
    headers = {"If_Match": more.pop("tag", "*"), "Accept_Language": "en"}
    return estate.put(name, "/catalogue", {"changes": list(changes), "reason": "小区新增换电柜", **more}, **headers)


def item(estate: "Estate", code: str, name: str = "manager") -> dict[str, Any] | None:
    return next((one for one in estate.get(name, "/catalogue").json["items"] if one["code"] == code), None)


def test_the_catalogue_ships_as_version_nought(estate: "Estate") -> None:
    answer = estate.get("resident", "/catalogue")
    assert (answer.json["version"], answer.headers["ETag"]) == (0, '"v0"')
    assert all(one["active"] and not one["own"] and not one["changed"] for one in answer.json["items"])
    assert "words" not in answer.json["items"][0]
    assert estate.file()["catalogue_version"] == 0


def test_what_is_filed_from_now_on_follows_the_new_version_and_what_was_filed_stays(estate: "Estate") -> None:
    before = estate.file(SAID)
    assert before["catalogue_code"] == LEAK
    changed = publish(
        estate, {"code": LEAK, "zh": "水管漏水（物业）", "en": "Leak", "skills": ["masonry"]}, NEW, tag='"v0"'
    )
    assert (changed.status_code, changed.json["version"], changed.headers["ETag"]) == (200, 1, '"v1"')
    after = estate.file(SAID)
    assert (after["catalogue_version"], after["catalogue_name"]) == (1, {"zh-CN": "水管漏水（物业）", "en": "Leak"})
    still = estate.get("resident", f"/tickets/{before['id']}").json
    assert (still["catalogue_version"], still["catalogue_name"]) == (0, before["catalogue_name"])
    jobs = {job["id"]: job["skills"] for job in estate.get("dispatcher", "/pool").json["items"]}
    assert (jobs[before["id"]], jobs[after["id"]]) == (["plumbing"], ["masonry"])
    own = estate.file("换电柜坏了")
    assert (own["catalogue_code"], own["urgency"], own["catalogue_name"]["en"]) == (NEW["code"], "urgent", NEW["en"])
    for verb in ("claim", "depart", "arrive", "start", "complete"):
        own = estate.step("crew", own, verb)
    assert own["status"] == "completed"
    first = estate.get("manager", f"/tickets/{own['id']}/history").json["items"][0]
    assert first["data"]["catalogue_version"] == 1
    clocks = estate.get("manager", f"/tickets/{own['id']}/clocks").json["items"]
    assert {one["clock"] for one in clocks} >= {"acknowledge", "attend", "resolve"}
    assert estate.get("manager", f"/tickets/{own['id']}/case-file").status_code == 200


def test_triage_and_choosing_follow_the_organisation_and_nobody_elses(
    estate: "Estate", new_estate: Callable[[], "Estate"]
) -> None:
    other = new_estate()
    publish(estate, NEW)
    said = {"text": "换电柜坏了"}
    assert estate.post("resident", "/triage", said).json["catalogue_code"] == NEW["code"]
    assert other.post("resident", "/triage", said).json["catalogue_code"] != NEW["code"]
    assert estate.file("请看一下", catalogue_code=NEW["code"])["catalogue_name"]["zh-CN"] == NEW["zh"]
    refused = other.post("resident", "/tickets", {"description": "请看一下", "catalogue_code": NEW["code"]})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "catalogue_code")
    assert item(other, NEW["code"]) is None
    assert other.get("manager", "/catalogue/versions").json["items"] == []


def test_what_is_not_active_is_offered_to_nobody_and_goes_on_where_it_was_filed(estate: "Estate") -> None:
    ticket = estate.file(SAID)
    publish(estate, {"code": LEAK, "active": False})
    assert item(estate, LEAK, "resident") is None
    kept = item(estate, LEAK)
    assert kept is not None
    assert (kept["active"], kept["changed"]) == (False, True)
    moved = estate.file(SAID)
    assert moved["catalogue_code"] != LEAK
    refused = estate.post("resident", "/tickets", {"description": SAID, "catalogue_code": LEAK})
    assert refused.json["errors"][0]["field"] == "catalogue_code"
    path = f"/tickets/{moved['id']}/override"
    corrected = estate.post("dispatcher", path, {"reason": "改", "catalogue_code": LEAK}, If_Match="*")
    assert corrected.status_code == 422
    for verb in ("claim", "depart", "arrive", "start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    assert estate.get("resident", f"/tickets/{ticket['id']}").json["catalogue_code"] == LEAK


def test_a_ticket_corrected_to_another_item_has_that_ones_version(estate: "Estate") -> None:
    ticket = estate.file(SAID)
    publish(estate, NEW)
    body = {"reason": "看过现场", "catalogue_code": NEW["code"]}
    moved = estate.post("dispatcher", f"/tickets/{ticket['id']}/override", body, If_Match="*").json
    assert (moved["catalogue_version"], moved["catalogue_name"]["zh-CN"]) == (1, NEW["zh"])
    assert moved["need_level"] == NEW["need_level"]


def test_a_preview_says_what_would_change_and_writes_nothing(estate: "Estate") -> None:
    estate.file(SAID)
    estate.file("电梯异响")
    body = {
        "changes": [{"code": LEAK, "urgency": "urgent", "need_level": 2, "active": False}, NEW],
        "texts": ["换电柜坏了", "路灯不亮"],
        "recent": 200,
    }
    seen = estate.post("manager", "/catalogue/preview", body)
    assert seen.status_code == 200, seen.json
    assert [one["code"] for one in seen.json["items"]] == [NEW["code"], LEAK]
    assert seen.json["items"][0]["before"] is None
    assert (seen.json["items"][1]["before"]["active"], seen.json["items"][1]["after"]["active"]) == (True, False)
    charger, lamp = seen.json["texts"]
    assert (charger["changed"], charger["after"]["catalogue_code"]) == (True, NEW["code"])
    assert lamp["changed"] is False
    recent = seen.json["recent"]
    assert (recent["asked"], recent["changed"]) == (2, 1)
    assert recent["items"][0]["before"]["catalogue_code"] == LEAK
    assert recent["items"][0]["after"]["catalogue_code"] != LEAK
    assert seen.json["untouched"] == [{"code": LEAK, "open": 1}]
    assert estate.get("manager", "/catalogue").json["version"] == 0


def test_a_preview_reads_only_the_requests_its_reader_may_see(estate: "Estate") -> None:
    estate.file(SAID)
    estate.join("far", "manager", community_ids=("00000000-0000-7000-8000-00000000000e",))
    body = {"changes": [{"code": LEAK, "active": False}]}
    assert estate.post("far", "/catalogue/preview", body).json["recent"]["asked"] == 0
    assert publish(estate, *body["changes"], name="far").status_code == 403


def test_versions_say_who_changed_what_and_why_and_stay(estate: "Estate", web_engine: Engine) -> None:
    publish(estate, NEW)
    publish(estate, {"code": LEAK, "urgency": "urgent" if item(estate, LEAK)["urgency"] != "urgent" else "routine"})
    publish(estate, revert=[LEAK], name="admin")
    listed = estate.get("manager", "/catalogue/versions?limit=2")
    rest = estate.get("manager", listed.headers["Link"].partition(">")[0].removeprefix("</api/v1")).json["items"]
    rows = [*listed.json["items"], *rest]
    assert [(row["version"], row["changed"]) for row in rows] == [(3, [LEAK]), (2, [LEAK]), (1, [NEW["code"]])]
    assert rows[0]["author_id"] == estate.people["admin"].id
    assert rows[0]["reason"] == "小区新增换电柜"
    for statement in ("UPDATE catalogue_versions SET reason = 'x'", "DELETE FROM catalogue_versions"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction(web_engine, estate.people["admin"]) as db,
        ):
            db.execute(text(statement))


def test_nobody_overwrites_a_version_they_did_not_read(estate: "Estate") -> None:
    assert estate.put("manager", "/catalogue", {"changes": [NEW], "reason": "a"}).status_code == 428
    assert publish(estate, NEW, tag='"v0"').status_code == 200
    stale = publish(estate, {"code": LEAK, "zh": "漏水"}, tag='"v0"')
    assert (stale.status_code, stale.json["version"]) == (412, 1)
    same = publish(estate, NEW, tag='"v1"')
    assert (same.status_code, same.json["errors"][0]["field"]) == (422, "changes")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "gas-leak", "urgency": "routine"}, "changes.0.urgency"),
        ({"code": LEAK, "urgency": "soon"}, "changes.0.urgency"),
        ({"code": LEAK, "skills": []}, "changes.0.skills"),
        ({"code": LEAK, "skills": ["plumbing", "plumbing"]}, "changes.0.skills"),
        ({"code": LEAK, "need_level": 6}, "changes.0.need_level"),
        ({"code": LEAK, "zh": ""}, "changes.0.zh"),
        ({"code": LEAK, "default": True}, "changes.0.default"),
        ({"code": LEAK, "work_type": "cleaning"}, "changes.0.work_type"),
        ({"code": "own-x", "zh": "x"}, "changes.0.en"),
        ({"code": "x", "zh": "x"}, "changes.0.code"),
    ],
)
def test_a_change_that_cannot_be_is_named(estate: "Estate", change: dict[str, Any], field: str) -> None:
    refused = publish(estate, change)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)
    assert estate.post("manager", "/catalogue/preview", {"changes": [change]}).status_code == 422


@pytest.mark.parametrize("name", ["resident", "crew", "dispatcher"])
def test_only_managers_and_admins_change_the_catalogue(estate: "Estate", web_engine: Engine, name: str) -> None:
    assert publish(estate, NEW, name=name).status_code == 403
    assert estate.post(name, "/catalogue/preview", {}).status_code == 403
    assert estate.get(name, "/catalogue/versions").status_code == 403
    row = "INSERT INTO catalogue_versions VALUES (:o, 1, '{}', '{}', 'x', :o, now())"
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction(web_engine, estate.people[name]) as db,
    ):
        db.execute(text(row), {"o": estate.organisation_id})


def test_a_retried_publication_is_one_version(estate: "Estate") -> None:
    body = {"changes": [NEW], "reason": "a"}
    first = estate.put("manager", "/catalogue", body, If_Match='"v0"', Idempotency_Key='"c"')
    again = estate.put("manager", "/catalogue", body, If_Match='"v0"', Idempotency_Key='"c"')
    assert (again.status_code, again.json["version"]) == (200, first.json["version"])


def test_recurring_work_of_an_item_of_ones_own_can_be_planned(estate: "Estate") -> None:
    publish(estate, NEW)
    plan = {
        "kind": "preventive_maintenance", "community_id": estate.community_id, "location": "地下车库",
        "title": "换电柜检查", "description": "检查换电柜", "catalogue_code": NEW["code"], "rrule": "FREQ=MONTHLY",
        "starts_at": "2027-01-04T09:00:00+08:00",
    }  # fmt: skip
    assert estate.post("manager", "/plans", plan).status_code == 201
    assert estate.post("manager", "/plans", {**plan, "catalogue_code": "own-unknown"}).status_code == 422
