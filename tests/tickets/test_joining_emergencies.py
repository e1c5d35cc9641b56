"""An emergency is never taken along by what is none: somebody is called to it, whatever it was said to be a case of."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select

from services.tickets.models import outbox
from tests.tickets.joint import is_true
from tests.tickets.refusals import is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

GAS = "家里燃气泄漏，很浓的煤气味"


def called_to(engine: Engine, ticket: dict[str, Any]) -> list[str]:
    """Return whom the event of its filing calls."""
    wanted = select(outbox).where(outbox.c.subject == ticket["id"], outbox.c.type == "ticket.filed.v1")
    with engine.connect() as db:
        return list(db.execute(wanted).mappings().one()["data"]["crew_ids"])


def test_an_emergency_is_filed_beside_what_is_none(estate: "Estate", worker_engine: Engine) -> None:
    fitter = estate.join("fitter", "crew", skills=("gas",))
    bulb = estate.file("走廊灯泡坏了，有点暗", "dispatcher", community_id=estate.community_id)
    assert bulb["urgency"] != "emergency"
    gas = estate.file(GAS, join=bulb["id"])
    assert (gas["urgency"], gas["joined_to"]) == ("emergency", None)
    assert fitter.id in called_to(worker_engine, gas)


def test_an_emergency_is_joined_to_another_and_calls_nobody_anew(estate: "Estate", worker_engine: Engine) -> None:
    fitter = estate.join("fitter", "crew", skills=("gas",))
    first = estate.file(GAS, "dispatcher", community_id=estate.community_id)
    second = estate.file(GAS, join=first["id"])
    assert second["joined_to"] == first["id"]
    assert fitter.id in called_to(worker_engine, first)
    assert called_to(worker_engine, second) == []


def test_the_desk_is_told_why_an_emergency_is_not_joined(estate: "Estate") -> None:
    bulb = estate.file("走廊灯泡坏了，有点暗", "dispatcher", community_id=estate.community_id)
    gas = estate.file(GAS)
    refused = estate.post("dispatcher", f"/tickets/{gas['id']}/join", {"to": bulb["id"]})
    is_problem(refused, 409)
    assert refused.json["urgency_now"] == bulb["urgency"]


BULB = "走廊灯泡坏了，有点暗"
DANGER = {"catalogue_code": "gas-leak", "urgency": "emergency", "reason": "是燃气泄漏"}


def actions_of(estate: "Estate", ticket: dict[str, Any]) -> list[str]:
    return [one["action"] for one in estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"]]


def test_what_turns_out_to_be_a_danger_stands_by_itself_again(estate: "Estate", worker_engine: Engine) -> None:
    bulb = estate.file(BULB, "dispatcher", community_id=estate.community_id)
    mine = estate.file(BULB, join=bulb["id"])
    estate.step("crew", bulb, "claim")
    urgent = estate.step("dispatcher", mine, "override", {"urgency": "urgent", "reason": "两层都暗"}, If_Match="*")
    assert urgent["joined_to"] == bulb["id"], "only danger to life is called to by itself"
    danger = estate.step("dispatcher", mine, "override", DANGER, If_Match="*")
    assert (danger["joined_to"], danger["urgency"], danger["owner"]["desk"]) == (None, "emergency", "dispatch")
    assert actions_of(estate, mine)[-3:] == ["override", "part", "release"]
    is_true(worker_engine, danger)


def test_what_was_joined_to_an_emergency_that_is_none_stands_by_itself_again(
    estate: "Estate", worker_engine: Engine
) -> None:
    first = estate.file(GAS, "dispatcher", community_id=estate.community_id)
    second = estate.file(GAS, join=first["id"])
    lower = {"catalogue_code": "lift-fault", "urgency": "routine", "reason": "不是燃气"}
    estate.step("dispatcher", first, "override", lower, If_Match="*")
    after = estate.get("dispatcher", f"/tickets/{second['id']}").json
    assert (after["joined_to"], after["urgency"]) == (None, "emergency")
    assert actions_of(estate, second)[-2:] == ["part", "release"]
    is_true(worker_engine, second)
