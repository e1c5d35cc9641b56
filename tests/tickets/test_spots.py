"""Spots with a code to scan, and people without an account who report what they find there."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from services.kit import testing
from services.kit.identity import NOBODY
from services.tickets.estate.spots import MOST_AT_SPOT, new_code
from services.tickets.forgetting import forget_numbers
from tests.tickets.scanning import report
from tests.tickets.walking import jpeg

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def test_whoever_scans_a_lift_reports_it_without_an_account_and_follows_it(
    estate: "Estate", anybody: FlaskClient, spot: dict[str, Any]
) -> None:
    seen = anybody.get(f"/api/v1/q/{spot['code']}")
    assert seen.json == {
        "community": "桂花苑", "timezone": "Asia/Shanghai", "building": "1栋",
        "name": {"zh-CN": "东侧电梯", "en": "East lift"}, "kind": "lift",
        "shared": True, "open": [],
    }  # fmt: skip
    filed = report(anybody, spot, phone="138 0000 0000", headers={"Accept-Language": "zh-CN"})
    assert filed.status_code == 201, filed.json
    assert filed.json["place"] == "1栋 东侧电梯"
    assert filed.json["follow_url"].endswith(f"/follow/{filed.json['follow_token']}")
    assert filed.json["because"]
    ticket = estate.get("dispatcher", "/tickets").json["items"][0]
    assert (ticket["number"], ticket["channel"], ticket["spot_id"]) == (filed.json["number"], "qr", spot["id"])
    assert (ticket["requester_id"], ticket["topic"], ticket["location"]) == (NOBODY, "elevator", "1栋 东侧电梯")
    opened = anybody.get(f"/api/v1/q/{spot['code']}").json["open"]
    assert [one["status"] for one in opened] == ["filed"]
    for verb in ("claim", "depart", "arrive", "start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    followed = anybody.get(f"/api/v1/follow/{filed.json['follow_token']}").json
    statuses = [one["status"] for one in followed["timeline"]]
    assert statuses == ["filed", "claimed", "on_the_way", "on_site", "in_progress", "completed"]
    assert (followed["number"], followed["has_phone"], followed["photos_left"]) == (ticket["number"], True, 0)
    assert anybody.get(f"/api/v1/q/{spot['code']}").json["open"] == []
    assert estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"][0]["actor_role"] == "visitor"


def test_what_is_shown_in_public_names_nobody_and_quotes_nobody(
    estate: "Estate", anybody: FlaskClient, spot: dict[str, Any]
) -> None:
    filed = report(anybody, spot, "电梯按钮坏了，王女士被困过", phone="13800000000").json
    ticket = estate.get("dispatcher", "/tickets").json["items"][0]
    estate.step("crew", ticket, "claim")
    estate.step("crew", ticket, "comments", {"body": "备注：找李师傅", "visible": True})
    shown = "".join(
        anybody.get(path).get_data(as_text=True)
        for path in (f"/api/v1/q/{spot['code']}", f"/api/v1/follow/{filed['follow_token']}")
    )
    names = ("王女士", "李师傅", "13800000000", "badge")
    for hidden in (*names, estate.people["crew"].id, ticket["id"], estate.organisation_id):
        assert hidden not in shown


def test_a_number_left_is_for_whoever_calls_back_and_can_be_taken_back(
    estate: "Estate", anybody: FlaskClient, spot: dict[str, Any]
) -> None:
    filed = report(anybody, spot, phone="+86 138-0000-0000").json
    ticket = estate.get("dispatcher", "/tickets").json["items"][0]
    path = f"/tickets/{ticket['id']}/contact"
    assert estate.get("dispatcher", path).json == {"phone": "+86 138-0000-0000"}
    assert estate.get("crew", path).json == {"phone": None}
    estate.step("crew", ticket, "claim")
    assert estate.get("crew", path).json == {"phone": "+86 138-0000-0000"}
    assert estate.get("colleague", path).json == {"phone": None}
    assert [estate.get(name, path).status_code for name in ("resident", "admin")] == [404, 403]
    follow = f"/api/v1/follow/{filed['follow_token']}"
    assert anybody.delete(f"{follow}/phone").status_code == 204
    assert estate.get("dispatcher", path).json == {"phone": None}
    assert anybody.get(follow).json["has_phone"] is False


def test_a_number_is_forgotten_when_the_report_has_long_ended(
    estate: "Estate", anybody: FlaskClient, spot: dict[str, Any], worker_engine: Engine
) -> None:
    for said in ("按钮坏了", "灯不亮"):
        report(anybody, spot, said, phone="13800000000")
    ended, running = estate.get("dispatcher", "/tickets").json["items"]
    estate.step("dispatcher", ended, "cancel", {"reason": "重复"})
    with worker_engine.begin() as db:
        db.execute(
            text("UPDATE tickets SET changed_at = now() - interval '31 days' WHERE id = :id"), {"id": ended["id"]}
        )
    forget_numbers(worker_engine)
    assert estate.get("dispatcher", f"/tickets/{ended['id']}/contact").json == {"phone": None}
    assert estate.get("dispatcher", f"/tickets/{running['id']}/contact").json == {"phone": "13800000000"}


def test_a_visitor_adds_a_few_photos(estate: "Estate", anybody: FlaskClient, spot: dict[str, Any]) -> None:
    path = f"/api/v1/follow/{report(anybody, spot).json['follow_token']}"

    def send(content: bytes, **headers: str) -> TestResponse:
        return anybody.post(f"{path}/photos", data={"photo": (io.BytesIO(content), "p.jpg")}, headers=headers)

    first = send(jpeg(), **{"Idempotency-Key": '"p"'})
    assert (first.status_code, first.json["width"]) == (201, 40)
    assert send(jpeg(), **{"Idempotency-Key": '"p"'}).json == first.json
    assert send(b"no photo").status_code == 422
    assert anybody.get(path).json["photos_left"] == 2
    assert [send(jpeg()).status_code for _ in range(3)] == [201, 201, 409]
    ticket = estate.get("crew", "/tickets").json["items"][0]
    assert len(estate.get("crew", f"/tickets/{ticket['id']}/photos").json["items"]) == 3
    estate.step("dispatcher", ticket, "cancel", {"reason": "重复"})
    assert send(jpeg()).status_code == 409


def test_a_link_that_was_not_given_shows_nothing(estate: "Estate", anybody: FlaskClient, spot: dict[str, Any]) -> None:
    token = report(anybody, spot).json["follow_token"]
    other = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]
    for wrong in ("a", token[:-2], other, token + "xx"):
        assert anybody.get(f"/api/v1/follow/{wrong}").status_code == 404
    with testing.at(datetime.now(UTC) + timedelta(days=61)):
        assert anybody.get(f"/api/v1/follow/{token}").status_code == 200, "it is open still"
    ticket = estate.get("dispatcher", "/tickets").json["items"][0]
    estate.step("dispatcher", ticket, "cancel", {"reason": "重复"})
    with testing.at(datetime.now(UTC) + timedelta(days=61)):
        assert anybody.get(f"/api/v1/follow/{token}").status_code == 404


def test_where_an_account_is_asked_for_a_visitor_sees_the_place_and_signs_in(
    estate: "Estate", anybody: FlaskClient
) -> None:
    door = estate.post("manager", "/spots", {
        "name": "会所", "kind": "room", "shared": False, "community_id": estate.community_id,
    }).json  # fmt: skip
    assert anybody.get(f"/api/v1/q/{door['code']}").json["shared"] is False
    assert report(anybody, door).status_code == 403
    filed = estate.file("会所的灯不亮", spot_code=door["code"])
    assert (filed["location"], filed["unit_id"], filed["spot_id"]) == ("会所", None, door["id"])
    assert filed["requester_id"] == estate.people["resident"].id


def test_somebody_signed_in_files_at_the_spot_they_scanned(estate: "Estate", spot: dict[str, Any]) -> None:
    assert estate.file("电梯异响", spot_code=spot["code"])["location"] == "1栋 东侧电梯"
    assert estate.file("电梯异响", name="crew", spot_code=spot["code"])["spot_id"] == spot["id"]
    both = {"description": "电梯异响", "spot_code": spot["code"], "unit_id": estate.home}
    unknown = {"description": "电梯异响", "spot_code": new_code()}
    for body in (both, unknown, {"description": "a", "spot_code": "A"}):
        refused = estate.post("resident", "/tickets", body)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "spot_code")


def test_a_code_of_another_organisation_is_nothing_to_its_people(
    estate: "Estate", new_estate: Callable[[], "Estate"], spot: dict[str, Any]
) -> None:
    other = new_estate()
    refused = other.post("resident", "/tickets", {"description": "电梯异响", "spot_code": spot["code"]})
    assert refused.status_code == 422
    for name in ("crew", "manager", "admin"):
        assert other.get(name, f"/spots/{spot['id']}").status_code == 404
        assert other.get(name, "/spots").json["items"] == []
    assert other.ask("PATCH", "admin", f"/spots/{spot['id']}", {"name": "x"}, If_Match="*").status_code == 404
    assert other.post("admin", f"/spots/{spot['id']}/code").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "description"), ({"description": " "}, "description"), ({"description": "x" * 1001}, "description"),
        ({"description": "漏水", "phone": "call me"}, "phone"), ({"description": "漏水", "name": "王"}, "name"),
        ({"description": "漏水", "urgency": "emergency"}, "urgency"),
    ],
)  # fmt: skip
def test_a_visitors_bad_input_is_named(
    anybody: FlaskClient, spot: dict[str, Any], body: dict[str, str], field: str
) -> None:
    refused = anybody.post(f"/api/v1/q/{spot['code']}/tickets", json=body)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)


def test_danger_a_visitor_tells_of_is_an_emergency(
    estate: "Estate", anybody: FlaskClient, spot: dict[str, Any]
) -> None:
    assert report(anybody, spot, "有人被困电梯里了").json["urgency"] == "emergency"


def test_more_reports_than_a_spot_can_have_are_turned_away(
    estate: "Estate", anybody: FlaskClient, spot: dict[str, Any]
) -> None:
    for number in range(MOST_AT_SPOT):
        assert report(anybody, spot, f"按钮坏了 {number}").status_code == 201
    turned = report(anybody, spot, "按钮坏了", headers={"Idempotency-Key": '"again"'})
    assert (turned.status_code, turned.headers["Retry-After"]) == (429, "3600")
    estate.file("电梯异响", spot_code=spot["code"])
    with testing.at(datetime.now(UTC) + timedelta(minutes=61)):
        assert report(anybody, spot, "按钮坏了", headers={"Idempotency-Key": '"again"'}).status_code == 201


def test_a_retried_report_is_filed_once(estate: "Estate", anybody: FlaskClient, spot: dict[str, Any]) -> None:
    first = report(anybody, spot, headers={"Idempotency-Key": '"r"'})
    again = report(anybody, spot, headers={"Idempotency-Key": '"r"'})
    assert again.json == first.json
    assert len(estate.get("dispatcher", "/tickets").json["items"]) == 1
