"""Statutory packs: shown with their sources, switched on and off for one community, and never rewritten."""

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from services.kit import testing
from services.tickets import commands
from services.tickets.sla import packs
from services.tickets.sla.policy import STANDARD_VERSION
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

CALENDAR = {"tz": "Asia/Shanghai", "hours": {"mon": [["08:30", "18:00"]]}}
BURST = "水管爆了，水漫到客厅"  # An emergency of repair.
LIFT = "cn_lift_city"


def path(estate: "Estate", what: str) -> str:
    """Return the path of one of a community's terms."""
    return f"/communities/{estate.community_id}/{what}"


def switched(estate: "Estate", code: str, *, on: bool = True, tag: str = "*") -> Any:
    """Switch a pack as the manager, which must succeed, and return the policy."""
    answer = estate.ask("PUT" if on else "DELETE", "manager", path(estate, f"packs/{code}"), If_Match=tag)
    assert answer.status_code == 200, answer.json
    return answer


def rules_of(estate: "Estate", ticket: dict[str, Any]) -> set[str]:
    """Return whose targets a ticket's clocks run by."""
    return {item["rule"] for item in estate.get("manager", f"/tickets/{ticket['id']}/clocks").json["items"]}


def test_every_rule_of_every_pack_says_where_it_stands_and_how_sure_that_is(estate: "Estate") -> None:
    items = estate.get("crew", "/packs").json["items"]
    assert {item["code"] for item in items} == set(packs.load())
    assert {"CN", "GB", "HK", "US"} <= {item["country"] for item in items}
    for item in items:
        assert set(item["name"]) == {"zh-CN", "en"}
        for rule in item["rules"]:
            assert rule["source"], item["code"]
            assert rule["confidence"] in ("A", "B"), item["code"]
            assert set(rule["name"]) == {"zh-CN", "en"}


@pytest.mark.parametrize("code", sorted(packs.documents()))
def test_every_pack_can_be_switched_on_and_off_again(estate: "Estate", code: str) -> None:
    on = switched(estate, code)
    assert (on.json["packs"], on.json["version"]) == ([code], "own-1")
    assert switched(estate, code).json["version"] == "own-1", "it is on already"
    off = switched(estate, code, on=False, tag=on.headers["ETag"])
    assert (off.json["packs"], off.json["version"]) == ([], "own-2")
    missing = estate.delete("manager", path(estate, f"packs/{code}"), If_Match="*")
    is_problem(missing, 404)


def test_a_pack_sets_targets_for_what_is_filed_from_then_on(estate: "Estate") -> None:
    before = estate.file(BURST)
    answer = switched(estate, "uk_awaab_2025").json
    assert answer["running"]["older"] == 1
    after = estate.file(BURST)
    assert (before["policy_version"], after["policy_version"]) == (STANDARD_VERSION, "own-1")
    assert "uk_awaab_2025/emergency-hazard" in rules_of(estate, after) - rules_of(estate, before)
    estate.step("manager", before, "reevaluate", {"reason": "启用规则包"}, If_Match="*")
    assert rules_of(estate, before) == rules_of(estate, after)


def test_a_pack_is_switched_by_the_version_that_was_read(estate: "Estate") -> None:
    is_problem(estate.put("manager", path(estate, f"packs/{LIFT}"), {}), 428)
    tag = estate.get("manager", path(estate, "policy")).headers["ETag"]
    switched(estate, LIFT, tag=tag)
    is_problem(estate.put("manager", path(estate, "packs/uk_awaab_2025"), {}, If_Match=tag), 412)
    is_problem(estate.delete("manager", path(estate, f"packs/{LIFT}"), If_Match=tag), 412)
    is_problem(estate.put("manager", path(estate, "packs/no_such"), {}, If_Match="*"), 404)


def test_of_two_managers_who_switch_packs_at_once_one_reads_again(app: Flask, estate: "Estate") -> None:
    estate.join("second", "manager")
    tag = estate.get("manager", path(estate, "policy")).headers["ETag"]
    together = threading.Barrier(2)

    def switch(name: str, code: str) -> tuple[str, int]:
        headers = {**testing.bearer(estate.people[name]), "If-Match": tag}
        together.wait(5)
        answer = app.test_client().put(f"/api/v1{path(estate, f'packs/{code}')}", headers=headers)
        return code, answer.status_code

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(switch, "manager", LIFT), pool.submit(switch, "second", "uk_awaab_2025")
        came_to = {status: code for code, status in (first.result(20), second.result(20))}
    assert set(came_to) == {200, 412}
    assert estate.get("manager", path(estate, "policy")).json["packs"] == [came_to[200]]
    switched(estate, came_to[412])
    assert set(estate.get("manager", path(estate, "policy")).json["packs"]) == {LIFT, "uk_awaab_2025"}


def test_packs_of_two_places_exclude_one_another(estate: "Estate") -> None:
    switched(estate, LIFT)
    answer = estate.put("manager", path(estate, "packs/cn_lift_elsewhere"), {}, If_Match="*", Accept_Language="en")
    is_problem(answer, 409)
    assert LIFT in answer.json["detail"]
    assert estate.get("manager", path(estate, "policy")).json["packs"] == [LIFT]


def test_a_pack_stays_as_it_ships_when_the_policy_around_it_changes(estate: "Estate") -> None:
    document = switched(estate, LIFT).json["document"]
    kept = {**document, "pauses": {"parts": {"longest_seconds": 60}}}
    answer = estate.put("manager", path(estate, "policy"), {"document": kept, "note": "a"}, If_Match="*")
    assert (answer.status_code, answer.json["packs"]) == (200, [LIFT])
    softer = copy.deepcopy(kept)
    softer["packs"][0]["rules"][0]["targets"]["attend"]["seconds"] = 86_400
    refusal = estate.put("manager", path(estate, "policy"), {"document": softer, "note": "a"}, If_Match="*")
    is_problem(refusal, 422)
    assert fields_of(refusal) == {"document.packs[0]"}


def test_a_pack_counts_for_its_community_alone(estate: "Estate") -> None:
    other_id = testing.fresh()
    with estate.engine.begin() as db:
        commands.add_places(db, estate.organisation_id, [commands.Place(other_id, "玉兰苑", CALENDAR, {})])
    switched(estate, LIFT)
    other = estate.get("manager", f"/communities/{other_id}/policy").json
    assert (other["version"], other["packs"]) == (STANDARD_VERSION, [])
    answer = estate.put("manager", f"/communities/{other_id}/packs/uk_awaab_2025", {}, If_Match="*").json
    assert (answer["version"], answer["packs"]) == ("own-2", ["uk_awaab_2025"])
    assert estate.get("manager", path(estate, "policy")).json["version"] == "own-1"
