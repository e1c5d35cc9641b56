"""The register of places: an admin adds, renames and closes; what has history is never taken away."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from services.kit.database import transaction
from services.tickets.estate.codes import code_of

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

CALENDAR = {"tz": "Asia/Shanghai", "hours": {"mon": [["09:00", "17:00"]]}}


def test_an_admin_adds_a_community_a_building_and_a_unit(estate: "Estate") -> None:
    community = estate.post("admin", "/communities", {"name": "银杏里", "calendar": CALENDAR})
    assert community.status_code == 201, community.json
    assert (community.json["code"], community.headers["ETag"]) == ("银杏里", '"v1"')
    path = f"/communities/{community.json['id']}"
    building = estate.post("admin", f"{path}/buildings", {"name": "3号楼", "code": "YXL-3"}).json
    unit = estate.post("admin", f"/buildings/{building['id']}/units", {"name": "2 单元 601"})
    assert unit.status_code == 201, unit.json
    assert unit.json["code"] == "YXL-3-2-单元-601"
    assert estate.get("crew", f"{path}/buildings").json["items"] == [{**building, "units": 1}]
    assert estate.get("crew", f"/buildings/{building['id']}/units").json["items"] == [unit.json]
    filed = estate.file("走廊灯坏了", name="dispatcher", unit_id=unit.json["id"])
    assert filed["unit_name"] == "3号楼 2 单元 601"
    assert estate.get("manager", f"{path}/calendar").json["document"] == CALENDAR
    said = [(row["kind"], row["action"]) for row in estate.get("manager", "/places/changes").json["items"]]
    assert said == [("unit", "create"), ("building", "create"), ("community", "create")]


def test_a_community_can_take_over_the_terms_of_another_but_none_are_made_up(estate: "Estate") -> None:
    terms = f"/communities/{estate.community_id}/policy"
    document = {**estate.get("manager", terms).json["document"], "pauses": {}}
    own = estate.put("manager", terms, {"document": document, "note": "a"}, If_Match="*").json["version"]
    like = estate.post("admin", "/communities", {"name": "玉兰苑", "like": estate.community_id}).json
    assert estate.get("manager", f"/communities/{like['id']}/policy").json["version"] == own
    for body in ({}, {"calendar": CALENDAR, "like": estate.community_id}, {"calendar": {"tz": "Nowhere"}}):
        refused = estate.post("admin", "/communities", {"name": "新苑", **body}, Accept_Language="en")
        assert refused.status_code == 422
        assert refused.json["errors"][0]["field"] == "calendar"
    assert (
        estate.post("admin", "/communities", {"name": "新苑", "like": estate.home}).json["errors"][0]["field"] == "like"
    )


@pytest.mark.parametrize("name", ["resident", "crew", "dispatcher", "manager"])
def test_only_an_admin_writes_the_register(estate: "Estate", name: str) -> None:
    assert estate.post(name, "/communities", {"name": "银杏里", "calendar": CALENDAR}).status_code == 403
    assert estate.post(name, f"/communities/{estate.community_id}/buildings", {"name": "9栋"}).status_code == 403
    for path in (f"/communities/{estate.community_id}", f"/buildings/{estate.building_id}", f"/units/{estate.home}"):
        assert estate.ask("PATCH", name, path, {"name": "a"}, If_Match="*").status_code == 403
    assert estate.delete(name, f"/units/{estate.home}", If_Match="*").status_code == 403


def test_another_organisations_places_are_not_there(
    estate: "Estate", new_estate: Callable[[], "Estate"], web_engine: Engine
) -> None:
    other = new_estate()
    for path in (f"/communities/{estate.community_id}", f"/buildings/{estate.building_id}", f"/units/{estate.home}"):
        assert other.ask("PATCH", "admin", path, {"name": "a"}, If_Match="*").status_code == 404
    assert other.delete("admin", f"/units/{estate.home}", If_Match="*").status_code == 404
    assert other.get("admin", f"/buildings/{estate.building_id}/units").status_code == 404
    assert other.post("admin", f"/buildings/{estate.building_id}/units", {"name": "9"}).status_code == 404
    with transaction(web_engine, other.people["admin"]) as db:
        assert db.execute(text("DELETE FROM units WHERE id = :id"), {"id": estate.other_home}).rowcount == 0


def test_an_admin_of_one_community_is_kept_to_it(estate: "Estate") -> None:
    estate.join("local", "admin", community_ids=("00000000-0000-7000-8000-00000000000e",))
    assert estate.post("local", f"/communities/{estate.community_id}/buildings", {"name": "9栋"}).status_code == 404
    assert estate.ask("PATCH", "local", f"/units/{estate.home}", {"name": "9"}, If_Match="*").status_code == 404
    assert estate.post("local", "/communities", {"name": "a", "calendar": CALENDAR}).status_code == 404


def test_the_database_itself_lets_only_an_admin_write(estate: "Estate", web_engine: Engine) -> None:
    for role in ("resident", "crew", "dispatcher", "manager"):
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            transaction(web_engine, estate.people[role]) as db,
        ):
            db.execute(text("UPDATE buildings SET name = 'x' WHERE id = :id"), {"id": estate.building_id})
        with transaction(web_engine, estate.people[role]) as db:
            assert db.execute(text("DELETE FROM units WHERE id = :id"), {"id": estate.other_home}).rowcount == 0
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction(web_engine, estate.people["admin"]) as db,
    ):
        db.execute(text("DELETE FROM communities"))


def test_a_place_is_renamed_by_whoever_read_it_last(estate: "Estate") -> None:
    path = f"/units/{estate.home}"
    assert estate.ask("PATCH", "admin", path, {"name": "101甲"}).status_code == 428
    renamed = estate.ask("PATCH", "admin", path, {"name": "101甲"}, If_Match='"v1"')
    assert (renamed.status_code, renamed.json["name"], renamed.headers["ETag"]) == (200, "101甲", '"v2"')
    assert estate.ask("PATCH", "admin", path, {"name": "b"}, If_Match='"v1"').status_code == 412
    same = estate.ask("PATCH", "admin", path, {"name": "101甲"}, If_Match='"v2"')
    assert same.json["version"] == 2
    taken = estate.ask("PATCH", "admin", path, {"name": "102"}, If_Match="*", Accept_Language="en")
    assert (taken.status_code, taken.json["errors"][0]["field"]) == (422, "name")
    change = estate.get("admin", "/places/changes").json["items"][0]
    assert (change["action"], change["data"]) == ("rename", {"name": ["101", "101甲"]})
    assert change["author_id"] == estate.people["admin"].id


def test_nothing_new_is_filed_for_a_closed_place_and_what_was_filed_goes_on(estate: "Estate") -> None:
    ticket = estate.file()
    for path in (f"/units/{estate.home}", f"/buildings/{estate.building_id}", f"/communities/{estate.community_id}"):
        closed = estate.ask("PATCH", "admin", path, {"closed": True}, If_Match="*")
        assert closed.json["closed_at"] is not None
        refused = estate.post("resident", "/tickets", {"description": "厨房水管漏水"})
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "unit_id")
        opened = estate.ask("PATCH", "admin", path, {"closed": False}, If_Match="*")
        assert opened.json["closed_at"] is None
        estate.file()
    estate.ask("PATCH", "admin", f"/communities/{estate.community_id}", {"closed": True}, If_Match="*")
    shared = {"description": "路灯不亮", "community_id": estate.community_id, "location": "东门"}
    refused = estate.post("dispatcher", "/tickets", shared)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "community_id")
    for verb in ("claim", "depart", "arrive", "start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    assert estate.post("admin", f"/communities/{estate.community_id}/buildings", {"name": "9栋"}).status_code == 409
    said = [row["action"] for row in estate.get("admin", "/places/changes").json["items"]]
    assert said == ["close", *("reopen", "close") * 3]


def test_a_place_with_plans_is_not_closed_under_them(estate: "Estate") -> None:
    plan = {
        "kind": "care_visit", "unit_id": estate.home, "title": "走访", "description": "走访独居老人",
        "catalogue_code": "care-visit-elder", "rrule": "FREQ=WEEKLY", "starts_at": "2027-01-04T09:00:00+08:00",
    }  # fmt: skip
    plan["resident_id"] = estate.people["resident"].id
    made = estate.post("manager", "/plans", plan)
    assert made.status_code == 201, made.json
    for path in (f"/units/{estate.home}", f"/buildings/{estate.building_id}", f"/communities/{estate.community_id}"):
        refused = estate.ask("PATCH", "admin", path, {"closed": True}, If_Match="*")
        assert (refused.status_code, refused.json["plans"]) == (409, [{"id": made.json["id"], "title": "走访"}])
    assert estate.post("manager", f"/plans/{made.json['id']}/end", {}).status_code == 200
    assert estate.ask("PATCH", "admin", f"/units/{estate.home}", {"closed": True}, If_Match="*").status_code == 200


def test_only_what_nothing_refers_to_is_taken_away(estate: "Estate") -> None:
    empty = estate.post("admin", f"/communities/{estate.community_id}/buildings", {"name": "9栋"}).json
    unit = estate.post("admin", f"/buildings/{empty['id']}/units", {"name": "1"}).json
    assert estate.delete("admin", f"/buildings/{empty['id']}", If_Match='"v1"').status_code == 409
    assert estate.delete("admin", f"/units/{unit['id']}").status_code == 428
    assert estate.delete("admin", f"/units/{unit['id']}", If_Match='"v1"').status_code == 204
    assert estate.delete("admin", f"/buildings/{empty['id']}", If_Match='"v1"').status_code == 204
    assert estate.delete("admin", f"/buildings/{empty['id']}", If_Match="*").status_code == 404
    # Somebody lives there, or did something there once.
    assert estate.delete("admin", f"/units/{estate.home}", If_Match="*").status_code == 409
    lonely = estate.post("admin", f"/buildings/{estate.building_id}/units", {"name": "103"}).json
    estate.file(name="dispatcher", unit_id=lonely["id"])
    assert estate.delete("admin", f"/units/{lonely['id']}", If_Match="*").status_code == 409


def test_a_retried_addition_adds_once(estate: "Estate") -> None:
    path = f"/communities/{estate.community_id}/buildings"
    first = estate.post("admin", path, {"name": "9栋"}, Idempotency_Key='"a"')
    again = estate.post("admin", path, {"name": "9栋"}, Idempotency_Key='"a"')
    assert (again.status_code, again.json) == (201, first.json)
    twice = estate.post("admin", path, {"name": "9栋"}, Accept_Language="en")
    assert (twice.status_code, twice.json["errors"][0]["field"]) == (422, "name")
    coded = estate.post("admin", path, {"name": "8栋", "code": first.json["code"]})
    assert (coded.status_code, coded.json["errors"][0]["field"]) == (422, "code")


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "a" * 61}, {"name": "a\nb"}, {"name": 5}, {"name": "a", "x": 1}]
)
def test_bad_names_are_refused_by_name(estate: "Estate", body: dict[str, object]) -> None:
    refused = estate.post("admin", f"/communities/{estate.community_id}/buildings", body)
    assert refused.status_code == 422
    assert refused.json["errors"][0]["field"] in ("name", "x")


def test_a_code_is_made_of_names_without_blanks() -> None:
    assert code_of("GHY", "1 栋", "101") == "GHY-1-栋-101"
    assert len(code_of("a" * 60, "b" * 60, "c")) == 100


def test_changes_are_paged_and_cannot_be_rewritten(estate: "Estate", web_engine: Engine) -> None:
    for name in ("7栋", "8栋", "9栋"):
        estate.post("admin", f"/communities/{estate.community_id}/buildings", {"name": name})
    page = estate.get("admin", f"/places/changes?limit=2&community_id={estate.community_id}")
    rest = estate.get("admin", page.headers["Link"].partition(">")[0].removeprefix("</api/v1"))
    named = [row["data"]["name"][1] for row in (*page.json["items"], *rest.json["items"])]
    assert named == ["9栋", "8栋", "7栋"]
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction(web_engine, estate.people["admin"]) as db,
    ):
        db.execute(text("UPDATE place_changes SET action = 'x'"))
