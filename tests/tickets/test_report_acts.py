"""The report on acts told later adds up with history: who, what, by how much, and what the bounds made of it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine

from services.kit import testing
from tests.tickets.busy_desk import sweep
from tests.tickets.refusals import is_problem
from tests.tickets.telling import DAY, HOUR, MINUTE, NOON, act, claimed

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def acts_told(estate: "Estate", **query: str) -> dict[str, Any]:
    with testing.at(NOON + 3 * DAY):
        answer = estate.get("manager", f"/reports/acts?{urlencode(query)}")
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def test_who_told_how_much_later_and_how_often(estate: "Estate", worker_engine: Engine) -> None:
    ticket, other = claimed(estate), claimed(estate)
    sweep(worker_engine)
    act(estate, ticket, "arrive", NOON + 20 * MINUTE, NOON + 3 * HOUR, wrong_by=timedelta(days=400))
    act(estate, ticket, "start", NOON + 30 * MINUTE, NOON + 3 * HOUR + MINUTE)
    act(estate, other, "arrive", NOON - DAY - 2 * HOUR, NOON + HOUR)
    act(estate, other, "comments", NOON + 5 * MINUTE, NOON + 2 * HOUR, body="在路上")
    found = acts_told(estate)
    (crew,) = found["groups"]
    assert (crew["key"], crew["name"]) == (estate.people["crew"].id, "crew badge")
    assert {name: crew[name] for name in ("acts", "tickets", "counted_back", "too_long_ago", "when_heard")} == {
        "acts": 4, "tickets": 2, "counted_back": 2, "too_long_ago": 1, "when_heard": 1,
    }  # fmt: skip
    assert crew["known_late"] == 1  # There within the hour, as nobody knew when the hour was over.
    assert crew["backdated_seconds"] == 160 * 60 + 151 * 60
    assert (crew["longest_seconds"], crew["largest_skew_seconds"]) == (160 * 60, 400 * 86_400)
    assert {group["key"]: group["acts"] for group in acts_told(estate, group_by="action")["groups"]} == {
        "arrive": 2, "start": 1, "comment": 1,
    }  # fmt: skip
    for grouping in ("community", "work_type"):
        assert acts_told(estate, group_by=grouping)["total"]["acts"] == 4
    later = {"from": (NOON + 150 * MINUTE).isoformat()}
    assert acts_told(estate, **later)["total"]["acts"] == 2


def test_the_tickets_behind_it_are_listed(estate: "Estate") -> None:
    ticket, _ = claimed(estate), claimed(estate)
    act(estate, ticket, "arrive", NOON + 20 * MINUTE, NOON + 3 * HOUR)
    found = acts_told(estate)
    for figures in (found["total"], found["groups"][0]):
        link = figures["behind"]["counted_back"]["link"]
        assert [item["id"] for item in estate.get("manager", link.removeprefix("/api/v1")).json["items"]] == [
            ticket["id"]
        ]
    anybody = estate.get("manager", "/tickets?told_later=any").json["items"]
    assert [item["id"] for item in anybody] == [ticket["id"]]
    colleague = estate.people["colleague"].id
    assert estate.get("manager", f"/tickets?told_later={colleague}").json["items"] == []
    is_problem(estate.get("manager", "/tickets?told_later=somebody"), 422)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_it_is_a_table_too(estate: "Estate", locale: str) -> None:
    act(estate, claimed(estate), "arrive", NOON + 20 * MINUTE, NOON + 3 * HOUR)
    answer = estate.get("manager", "/reports/acts?format=csv&group_by=action", Accept_Language=locale)
    text = answer.data.decode("utf-8-sig")
    assert ("补报操作" if locale == "zh-CN" else "Acts told later") in text.splitlines()[0]
    assert ("到场" if locale == "zh-CN" else "arrive") in text


def test_it_is_for_managers(estate: "Estate") -> None:
    for name in ("crew", "dispatcher", "resident"):
        is_problem(estate.get(name, "/reports/acts"), 403)
