"""Codes of spots: made, replaced and closed by those who may, and shown to a visitor as they are."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from services.kit import testing
from services.kit.database import transaction
from services.kit.identity import NOBODY, Actor
from services.tickets.estate.spots import is_code, new_code
from tests.tickets.conftest import signed_in
from tests.tickets.scanning import LIFT, report

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def test_a_replaced_code_and_a_closed_spot_open_nothing(
    estate: "Estate", anybody: FlaskClient, spot: dict[str, Any]
) -> None:
    old = spot["code"]
    new = estate.post("admin", f"/spots/{spot['id']}/code").json
    assert new["code"] != old
    assert new["url"].endswith(f"/q/{new['code']}")
    assert anybody.get(f"/api/v1/q/{old}").status_code == 404
    assert report(anybody, spot).status_code == 404
    assert anybody.get(f"/api/v1/q/{new['code']}").status_code == 200
    closed = estate.ask("PATCH", "manager", f"/spots/{spot['id']}", {"closed": True}, If_Match='"v2"')
    assert closed.json["closed_at"] is not None
    assert anybody.get(f"/api/v1/q/{new['code']}").status_code == 404
    estate.ask("PATCH", "manager", f"/spots/{spot['id']}", {"closed": False, "name_en": None}, If_Match="*")
    assert anybody.get(f"/api/v1/q/{new['code']}").json["name"]["en"] == "东侧电梯"
    said = estate.get("admin", "/places/changes").json["items"]
    assert [row["action"] for row in said] == ["change", "change", "replace_code", "create"]
    assert old not in str(said)
    assert new["code"] not in str(said)


@pytest.mark.parametrize("code", ["a", "A" * 18, "x" * 18, "%00" * 18, "../../tickets", "2" * 400])
def test_a_code_nobody_printed_opens_nothing(anybody: FlaskClient, spot: dict[str, Any], code: str) -> None:
    assert anybody.get(f"/api/v1/q/{code}").status_code in (404, 401)
    assert anybody.post(f"/api/v1/q/{code}/tickets", json={"description": "漏水"}).status_code in (404, 401)


def test_the_sheet_has_a_picture_for_each_open_spot(estate: "Estate", spot: dict[str, Any]) -> None:
    estate.post("manager", "/spots", {"name": "北门", "kind": "gate", "community_id": estate.community_id})
    sheet = estate.get("crew", f"/spots/sheet?building_id={estate.building_id}").json["items"]
    assert [one["id"] for one in sheet] == [spot["id"]]
    assert sheet[0]["svg"].startswith("<svg")
    assert "<script" not in sheet[0]["svg"]
    assert len(estate.get("crew", f"/spots/sheet?community_id={estate.community_id}").json["items"]) == 2
    picture = estate.get("crew", f"/spots/{spot['id']}/code.svg")
    assert picture.mimetype == "image/svg+xml"
    assert b'xmlns="http://www.w3.org/2000/svg"' in picture.data
    listed = estate.get("crew", f"/spots?building_id={estate.building_id}&limit=1").json["items"]
    assert listed == [spot]


@pytest.mark.parametrize("name", ["resident", "crew", "dispatcher"])
def test_only_managers_and_admins_keep_spots(estate: "Estate", spot: dict[str, Any], name: str) -> None:
    assert estate.post(name, "/spots", {**LIFT, "building_id": estate.building_id}).status_code == 403
    assert estate.ask("PATCH", name, f"/spots/{spot['id']}", {"name": "x"}, If_Match="*").status_code == 403
    assert estate.post(name, f"/spots/{spot['id']}/code").status_code == 403


def test_a_spot_stands_in_one_place(estate: "Estate") -> None:
    for place in ({}, {"building_id": estate.building_id, "community_id": estate.community_id}):
        assert estate.post("manager", "/spots", {**LIFT, **place}).json["errors"][0]["field"] == "building_id"
    assert estate.post("manager", "/spots", {**LIFT, "building_id": testing.fresh()}).status_code == 404
    estate.ask("PATCH", "admin", f"/buildings/{estate.building_id}", {"closed": True}, If_Match="*")
    assert estate.post("manager", "/spots", {**LIFT, "building_id": estate.building_id}).status_code == 409


def test_the_database_shows_a_visitor_what_is_at_spots_and_nothing_else(
    estate: "Estate", web_engine: Engine, anybody: FlaskClient, spot: dict[str, Any]
) -> None:
    estate.file("厨房水管漏水")
    report(anybody, spot, phone="13800000000")
    who = Actor(NOBODY, estate.organisation_id, "visitor", (estate.community_id,))
    with transaction(web_engine, who) as db:
        found = db.execute(text("SELECT channel FROM tickets")).scalars().all()
        assert found == ["qr"]
        for table in ("people", "units", "remarks", "households", "plans", "refilings", "place_changes", "gatherings"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table
    for statement in ("UPDATE spots SET name = 'x'", "INSERT INTO buildings SELECT * FROM buildings"):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction(web_engine, who) as db:
            db.execute(text(statement))
    far = Actor(NOBODY, estate.organisation_id, "visitor", (testing.fresh(),))
    with transaction(web_engine, far) as db:
        for table in ("tickets", "spots", "history", "photos", "ticket_contacts"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table
    with transaction(web_engine, estate.people["crew"]) as db:
        assert db.execute(text("DELETE FROM ticket_contacts")).rowcount == 0


def test_codes_cannot_be_counted_through() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(is_code(code) and re.fullmatch("[2-9a-z]{18}", code) for code in codes)


def test_a_building_with_a_spot_is_not_taken_away(estate: "Estate") -> None:
    empty = estate.post("admin", f"/communities/{estate.community_id}/buildings", {"name": "9栋"}).json
    estate.post("manager", "/spots", {**LIFT, "building_id": empty["id"]})
    assert estate.delete("admin", f"/buildings/{empty['id']}", If_Match="*").status_code == 409


def test_a_token_cannot_make_somebody_a_visitor(estate: "Estate") -> None:
    who = testing.actor("visitor", organisation_id=estate.organisation_id)
    answer = estate.client.get("/api/v1/tickets", headers=signed_in(who))
    assert answer.status_code == 401
