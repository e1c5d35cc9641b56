"""What new terms would do is said before they are written: stricter and looser, by hours that differ, beside packs."""

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from services.kit import testing
from services.tickets.sla import packs
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

MONDAY_TEN = datetime(2026, 9, 7, 2, tzinfo=UTC)
WEEKEND_TOO = {day: [["08:00", "20:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def path(estate: "Estate", what: str) -> str:
    """Return the path of one of a community's terms."""
    return f"/communities/{estate.community_id}/{what}"


def policy_of(estate: "Estate") -> dict[str, Any]:
    """Return the policy in force, to be changed."""
    return copy.deepcopy(estate.get("manager", path(estate, "policy")).json["document"])


def previewed(estate: "Estate", what: str, body: Any) -> Any:
    """Preview as the manager, which must succeed."""
    answer = estate.post("manager", path(estate, f"{what}/preview"), body)
    assert answer.status_code == 200, answer.json
    return answer.json


def changes(told: Any) -> dict[tuple[str, str, str], str]:
    """Return how targets change, by their place."""
    return {(one["sla_class"], one["urgency"], one["clock"]): one["change"] for one in told["targets"]}


def test_a_policy_says_which_targets_become_stricter_and_which_looser(estate: "Estate") -> None:
    document = policy_of(estate)
    routine = document["classes"]["standard"]["routine"]
    routine["attend"] = {"seconds": 86_400, "basis": "clock"}
    routine["resolve"] = {"days": 30, "basis": "working"}
    routine["callback"] = {"days": 2, "basis": "clock"}
    document["classes"]["standard"]["urgent"]["attend"]["source"] = "our own"
    with testing.at(MONDAY_TEN):
        told = previewed(estate, "policy", {"document": document})
        due = {one["clock"]: (one["due_before"], one["due_after"]) for one in told["targets"]}
    routine_of = ("standard", "routine")
    assert changes(told) == {
        (*routine_of, "attend"): "stricter",
        (*routine_of, "resolve"): "looser",
        (*routine_of, "callback"): "new",
        ("standard", "urgent", "attend"): "otherwise",
    }
    assert due["callback"][0] is None
    assert due["callback"][1].startswith("2026-09-09T02:00:00")
    assert (told["same"], told["rules"], told["packs"], told["settings"]) == (False, [], [], [])
    # Nothing was written, whatever was asked.
    assert policy_of(estate) != document


def test_what_a_policy_leaves_as_it_is_changes_nothing(estate: "Estate") -> None:
    told = previewed(estate, "policy", {"document": policy_of(estate)})
    assert (told["same"], told["targets"], told["settings"]) == (True, [], [])


def test_settings_are_compared_with_their_defaults(estate: "Estate") -> None:
    settings = estate.get("manager", path(estate, "policy")).json["settings"]
    assert (settings["switches"]["day"], settings["longest_back_seconds"]) == ("same_time", 86_400)
    document = policy_of(estate)
    document["acts"] = {"longest_back_seconds": 86_400}
    document["pauses"]["parts"]["longest_seconds"] = 60
    document["switches"]["at_due"] = "breached"
    told = previewed(estate, "policy", {"document": document})
    assert {one["field"]: (one["before"], one["after"]) for one in told["settings"]} == {
        "pauses.parts": (1_209_600, 60),
        "switches.at_due": ("met", "breached"),
    }


def test_a_pack_says_where_it_counts_instead_of_the_table(estate: "Estate") -> None:
    told = previewed(estate, "packs/cn_lift_city", {"on": True})
    asks = [one for one in told["beside"] if one["pack"] == "cn_lift_city"]
    # Half an hour is what the table asks in an emergency anyhow.
    assert [(one["urgency"], one["clock"], one["target"]["seconds"]) for one in asks] == [
        ("urgent", "attend", 1800),
        ("routine", "attend", 1800),
    ]
    assert all(one["source"] and one["table"]["seconds"] > 1800 for one in asks)
    assert [(one["code"], one["change"]) for one in told["packs"]] == [("cn_lift_city", "new")]
    assert told["targets"] == []
    assert estate.get("manager", path(estate, "policy")).json["packs"] == []


def test_a_looser_table_does_not_loosen_what_a_pack_asks(estate: "Estate") -> None:
    estate.ask("PUT", "manager", path(estate, "packs/cn_lift_city"), If_Match="*")
    document = policy_of(estate)
    document["classes"]["life_safety"]["emergency"]["attend"] = {"seconds": 7200, "basis": "clock"}
    told = previewed(estate, "policy", {"document": document})
    assert changes(told) == {("life_safety", "emergency", "attend"): "looser"}
    asks = next(one for one in told["beside"] if one["pack"] and one["urgency"] == "emergency")
    assert (asks["target"]["seconds"], asks["table"]["seconds"]) == (1800, 7200)
    off = previewed(estate, "packs/cn_lift_city", {"on": False})
    assert [one["change"] for one in off["packs"]] == ["gone"]
    assert not any(one["pack"] for one in off["beside"])


def test_a_calendar_says_when_what_is_filed_now_would_be_due(estate: "Estate") -> None:
    with testing.at(MONDAY_TEN):
        estate.file()
        told = previewed(estate, "calendar", {"document": {"tz": "Asia/Shanghai", "hours": WEEKEND_TOO}})
    assert changes(told)[("standard", "routine", "resolve")] == "stricter"
    assert all(one["after"]["basis"] == "working" for one in told["targets"])
    assert told["week_seconds"]["after"] == 7 * 12 * 3600
    assert (told["version"], told["keeping"]) == ("1", 1)
    assert estate.get("manager", path(estate, "calendar")).json["version"] == 1


@pytest.mark.parametrize(
    ("what", "document", "field"),
    [
        ("calendar", {"tz": "Asia/Shanghai", "hours": {"mon": [["18:00", "08:00"]]}}, "document.hours.mon"),
        ("calendar", {"tz": "Mars/Here", "hours": WEEKEND_TOO}, "document.tz"),
        ("policy", {"version": "x", "classes": {}}, "document.classes.life_safety"),
    ],
)
def test_a_preview_refuses_what_writing_refuses(estate: "Estate", what: str, document: Any, field: str) -> None:
    answer = estate.post("manager", path(estate, f"{what}/preview"), {"document": document})
    is_problem(answer, 422)
    assert fields_of(answer) == {field}
    written = estate.put("manager", path(estate, what), {"document": document, "note": "a"}, If_Match="*")
    assert fields_of(written) == {field}


def test_a_pack_nobody_ships_or_has_cannot_be_looked_at(estate: "Estate") -> None:
    is_problem(estate.post("manager", path(estate, "packs/none/preview"), {"on": True}), 404)
    is_problem(estate.post("manager", path(estate, "packs/cn_lift_city/preview"), {"on": False}), 404)
    is_problem(estate.post("crew", path(estate, "packs/cn_lift_city/preview"), {"on": True}), 403)


def test_every_version_is_listed_with_who_wrote_it_and_why(estate: "Estate") -> None:
    document = policy_of(estate)
    document["pauses"]["parts"]["longest_seconds"] = 60
    longer = {"document": {"tz": "Asia/Shanghai", "hours": WEEKEND_TOO}, "note": "周末也上班"}
    assert estate.put("manager", path(estate, "calendar"), longer, If_Match="*").status_code == 200
    stricter = {"document": document, "note": "少等"}
    assert estate.put("manager", path(estate, "policy"), stricter, If_Match="*").status_code == 200
    first = estate.get("crew", path(estate, "terms?limit=2"))
    told = [(one["kind"], one["version"], one["note"], one["author_name"]) for one in first.json["items"]]
    assert told == [("policy", "own-1", "少等", "manager badge"), ("calendar", "2", "周末也上班", "manager badge")]
    rest = first.headers["Link"].partition("<")[2].partition(">")[0].removeprefix("/api/v1")
    assert [(one["kind"], one["version"]) for one in estate.get("crew", rest).json["items"]] == [("calendar", "1")]
    is_problem(estate.get("crew", f"/communities/{'0' * 8}-0000-7000-8000-{'0' * 12}/terms"), 404)
    is_problem(estate.get("resident", path(estate, "terms")), 403)


def test_every_shipped_pack_can_be_looked_at(estate: "Estate") -> None:
    for code in packs.documents():
        told = previewed(estate, f"packs/{code}", {"on": True})
        assert [one["code"] for one in told["packs"]] == [code]
