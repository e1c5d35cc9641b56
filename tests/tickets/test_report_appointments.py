"""The report on appointments counts what history tells of each, whoever looks, and leads to its tickets."""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from services.kit import testing
from services.kit.intervals import wilson
from tests.tickets.recounting import follow
from tests.tickets.test_appointments_kept import CASES, ENDS, HOUR, NOON, expected, taken, what_became

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

LATER = ENDS + 4 * HOUR
FIGURES = ("kept", "missed", "not_at_home", "replaced", "called_off", "ended", "agreed")


def report(estate: "Estate", **query: str) -> dict[str, Any]:
    with testing.at(LATER):
        answer = estate.get("manager", f"/reports/appointments?{urlencode(query)}")
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def test_it_counts_what_history_tells_by_every_group_and_leads_to_it(estate: "Estate") -> None:
    told = all_stories(estate)
    counted = Counter(became for windows in told.values() for became in windows)
    total = report(estate)["total"]
    assert {name: total[name] for name in FIGURES} == {name: counted[name] for name in FIGURES}
    assert total["appointments"] == sum(counted.values())
    share, n = total["kept_share"], counted["kept"] + counted["missed"]
    assert (share["n"], share["count"], share["share"]) == (n, counted["kept"], counted["kept"] / n)
    assert (share["low"], share["high"]) == pytest.approx(wilson(counted["kept"], n))
    for name in FIGURES:
        tickets = {ticket for ticket, windows in told.items() if name in windows}
        with testing.at(LATER):
            assert follow(estate, total["behind"][name]["link"]) == tickets, name
        assert total["behind"][name]["tickets"] == len(tickets)
    for grouping in ("member", "community", "work_type"):
        groups = report(estate, group_by=grouping)["groups"]
        for name in FIGURES:
            assert sum(group[name] for group in groups) == total[name]
        for behind in (group["behind"]["missed"] for group in groups):
            with testing.at(LATER):
                assert len(follow(estate, behind["link"])) == behind["tickets"]


def all_stories(estate: "Estate") -> dict[str, list[str]]:
    """Let every story of an appointment happen; returns what became of each agreed window, by ticket."""
    found = {}
    for _, done, *_ in CASES:
        ticket = expected(estate)
        for step in done:
            ticket = taken(estate, ticket, *step)
        with testing.at(LATER):
            items = estate.get("manager", f"/tickets/{ticket['id']}/appointments").get_json()["items"]
        found[ticket["id"]] = [one["became"] for one in items if one["agreed_at"]]
    return found


def test_a_visit_is_missed_by_whoever_had_the_job_then(estate: "Estate") -> None:
    ticket = expected(estate)
    with testing.at(ENDS + HOUR):
        estate.step("crew", ticket, "assign", {"to": estate.people["colleague"].id})
    (group,) = report(estate)["groups"]
    assert (group["key"], group["name"], group["missed"]) == (estate.people["crew"].id, "crew badge", 1)


def test_the_period_is_that_of_the_agreement(estate: "Estate") -> None:
    ticket = expected(estate)
    assert what_became(estate, ticket, LATER)[0][0] == "missed"
    assert report(estate, to=NOON.isoformat())["total"]["appointments"] == 0
    assert report(estate, **{"from": NOON.isoformat()})["total"]["missed"] == 1
    assert report(estate, **{"from": (NOON + timedelta(days=1)).isoformat()})["total"]["kept_share"]["share"] is None


def test_it_comes_as_a_table_and_to_managers_alone(estate: "Estate") -> None:
    expected(estate)
    with testing.at(LATER):
        table = estate.get("manager", "/reports/appointments?format=csv")
        assert table.status_code == 200
        assert "未按约上门" in table.get_data(as_text=True)
    for who in ("resident", "crew", "dispatcher"):
        assert estate.get(who, "/reports/appointments").status_code == 403
