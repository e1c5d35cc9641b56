"""The number to call about a report: who leaves it, who reads it, and when it goes."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from services.kit.database import transaction
from services.tickets.models import contact_views
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NUMBER, OTHER = "+86 138-0000-0000", "13900000000"


def test_whoever_has_the_job_and_the_desk_can_call_and_nobody_else(estate: "Estate") -> None:
    ticket = estate.file(phone=NUMBER)
    path = f"/tickets/{ticket['id']}/contact"
    assert "phone" not in ticket
    assert estate.get("dispatcher", path).json == {"phone": NUMBER}
    assert estate.get("resident", path).json == {"phone": NUMBER}
    assert estate.get("crew", path).json == {"phone": None}
    estate.step("crew", ticket, "claim")
    assert estate.get("crew", path).json == {"phone": NUMBER}
    assert estate.get("colleague", path).json == {"phone": None}
    assert [job["phone"] for job in estate.get("crew", "/jobs").json["items"]] == [NUMBER]
    is_problem(estate.get("neighbour", path), 404)


def test_a_number_is_changed_and_taken_back_while_somebody_may_call(estate: "Estate") -> None:
    ticket = estate.file()
    path = f"/tickets/{ticket['id']}/contact"
    assert estate.put("resident", path, {"phone": NUMBER}).json == {"phone": NUMBER}
    assert estate.put("dispatcher", path, {"phone": OTHER}).json == {"phone": OTHER}
    assert estate.put("resident", path, {"phone": None}).json == {"phone": None}
    is_problem(estate.put("neighbour", path, {"phone": OTHER}), 404)
    estate.step("resident", ticket, "cancel", {"reason": "已好"})
    is_problem(estate.put("resident", path, {"phone": NUMBER}), 409)
    assert estate.put("resident", path, {"phone": None}).json == {"phone": None}


def looks(estate: "Estate", query: str = "") -> list[tuple[str, str]]:
    """Return who saw which report's number, the latest first."""
    answer = estate.get("manager", f"/looks{query}")
    assert answer.status_code == 200, answer.text
    assert all(one["what"] == "contact" and NUMBER not in str(one) for one in answer.json["items"])
    return [(one["viewer_name"], one["ticket_id"]) for one in answer.json["items"]]


def test_every_look_at_a_number_is_on_record_with_whose_home_it_is_of(estate: "Estate") -> None:
    ticket, silent = estate.file(phone=NUMBER), estate.file()
    path = f"/tickets/{ticket['id']}/contact"
    for name in ("resident", "dispatcher", "crew", "manager"):
        assert estate.get(name, path).status_code == 200
    assert estate.get("dispatcher", f"/tickets/{silent['id']}/contact").json == {"phone": None}
    # The resident's own number is no look, and a crew member without the job saw nothing.
    assert looks(estate) == [("manager badge", ticket["id"]), ("dispatcher badge", ticket["id"])]
    assert looks(estate, f"?unit_id={estate.other_home}") == []
    first = estate.get("manager", f"/looks?unit_id={estate.home}").json["items"][0]
    assert (first["subject"], first["unit_id"], first["reason"]) == (f"{ticket['number']} · 1栋 101", estate.home, None)
    assert first["viewer_role"] == "manager"


def test_a_phone_that_keeps_its_jobs_is_on_record_once_for_each_number(estate: "Estate") -> None:
    ticket = estate.file(phone=NUMBER)
    estate.step("crew", ticket, "claim")
    estate.step("crew", estate.file(), "claim")
    for _ in range(2):
        assert {job["phone"] for job in estate.get("crew", "/jobs").json["items"]} == {NUMBER, None}
    assert looks(estate) == [("crew badge", ticket["id"])]
    estate.put("dispatcher", f"/tickets/{ticket['id']}/contact", {"phone": OTHER})
    for _ in range(2):
        estate.get("crew", "/jobs")
    assert len(looks(estate)) == 2


def test_a_look_at_a_number_is_never_unwritten_nor_written_for_another(
    estate: "Estate", web_engine: Engine, worker_engine: Engine
) -> None:
    ticket = estate.file(phone=NUMBER)
    estate.get("dispatcher", f"/tickets/{ticket['id']}/contact")
    for engine in (web_engine, worker_engine):
        for change in (contact_views.delete(), contact_views.update().values(viewer_role="crew")):
            with pytest.raises(DBAPIError), transaction(engine, estate.people["manager"]) as db:
                db.execute(change)
    forged = contact_views.insert().values(
        id=estate.organisation_id,
        organisation_id=estate.organisation_id,
        community_id=estate.community_id,
        ticket_id=ticket["id"],
        viewer_id=estate.people["manager"].id,
        viewer_role="manager",
    )
    with pytest.raises(DBAPIError), transaction(web_engine, estate.people["dispatcher"]) as db:
        db.execute(forged)
    estate.join("elsewhere", "manager", community_ids=(estate.home,))
    assert estate.get("elsewhere", "/looks").json["items"] == []


def test_no_history_tells_it(estate: "Estate") -> None:
    ticket = estate.file(phone=OTHER)
    assert OTHER not in estate.get("manager", f"/tickets/{ticket['id']}/history").text


@pytest.mark.parametrize("phone", ["", "call me", "1234", "1" * 31, "＋8613800000000", 13800000000])
def test_what_is_no_number_is_refused_by_name(estate: "Estate", phone: object) -> None:
    assert fields_of(estate.post("resident", "/tickets", {"description": "漏水", "phone": phone})) == {"phone"}
