"""The report adds up with the tickets, whether or not a timer ever looked."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from services.kit import clock, testing

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

BURST = "水管爆了，水漫到客厅"  # 10 minutes, 1 hour, 8 hours.
COUNTS = ("met", "breached", "open_overdue", "open_in_time")


def report(estate: "Estate", name: str = "manager", **query: str) -> dict[str, Any]:
    """Read the report."""
    answer = estate.get(name, f"/reports/sla?{urlencode(query)}")
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def total(found: dict[str, Any], clock_name: str) -> dict[str, int]:
    """Sum a clock's counts over all levels."""
    return {name: sum(level["clocks"][clock_name][name] for level in found["levels"]) for name in COUNTS}


def filed(estate: "Estate", ago: timedelta, *steps: tuple[timedelta, str, str]) -> dict[str, Any]:
    """File a request a while ago, and take steps so long after it."""
    began = clock.now() - ago
    with testing.at(began):
        ticket = estate.file(BURST)
    for later, name, verb in steps:
        with testing.at(began + later):
            ticket = estate.step(name, ticket, verb)
    return ticket


def minutes(number: int) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=number)


def test_an_empty_report_is_empty_and_not_perfect(estate: "Estate") -> None:
    found = report(estate)
    assert [level["need_level"] for level in found["levels"]] == [1, 2, 3, 4, 5]
    for level in found["levels"]:
        assert level["filed"] == 0
        assert all(share["met_share"] is None for share in level["clocks"].values())
    assert found["promises"] == {"kept": 0, "broken": 0, "open": 0}


def test_figures_add_up_with_the_clocks_of_the_tickets(estate: "Estate") -> None:
    tickets = [
        filed(estate, minutes(1)),
        filed(estate, minutes(700), (minutes(5), "crew", "claim"), (minutes(90), "crew", "start")),
        filed(
            estate, minutes(700), (minutes(20), "crew", "claim"), (minutes(30), "crew", "start"),
            (minutes(60), "crew", "complete"),
        ),
        filed(estate, minutes(700), (minutes(2), "dispatcher", "cancel")),
        filed(estate, minutes(700)),
    ]  # fmt: skip
    found = report(estate)
    assert total(found, "acknowledge") == {"met": 1, "breached": 2, "open_overdue": 1, "open_in_time": 1}
    assert total(found, "attend") == {"met": 1, "breached": 2, "open_overdue": 1, "open_in_time": 1}
    assert total(found, "resolve") == {"met": 1, "breached": 2, "open_overdue": 2, "open_in_time": 1}
    assert sum(level["filed"] for level in found["levels"]) == len(tickets)
    seen = {"met": 0, "breached": 0}
    for ticket in tickets:
        for item in estate.get("manager", f"/tickets/{ticket['id']}/clocks").json["items"]:
            if item["state"] in seen:
                seen[item["state"]] += 1
    shown = [total(found, name) for name in ("acknowledge", "attend", "resolve")]
    assert seen == {name: sum(counts[name] for counts in shown) for name in seen}
    share = next(level for level in found["levels"] if level["filed"])["clocks"]["attend"]
    assert (share["decided"], share["met_share"]) == (3, pytest.approx(1 / 3))


def test_the_period_is_by_filing_and_one_community_can_be_asked_for(estate: "Estate") -> None:
    filed(estate, minutes(3000))
    filed(estate, minutes(10))
    since = (clock.now() - minutes(60)).isoformat()
    assert sum(level["filed"] for level in report(estate, **{"from": since})["levels"]) == 1
    assert sum(level["filed"] for level in report(estate, to=since)["levels"]) == 1
    assert sum(level["filed"] for level in report(estate, community_id=estate.community_id)["levels"]) == 2
    assert sum(level["filed"] for level in report(estate, community_id=testing.fresh())["levels"]) == 0


def test_a_manager_of_another_community_counts_nothing_of_it(estate: "Estate") -> None:
    filed(estate, minutes(10))
    estate.join("far manager", "manager", community_ids=(testing.fresh(),))
    assert sum(level["filed"] for level in report(estate, "far manager")["levels"]) == 0
    for name in ("resident", "crew", "dispatcher"):
        assert estate.get(name, "/reports/sla").status_code == 403


def test_promises_are_kept_broken_or_open(estate: "Estate") -> None:
    began = clock.now() - timedelta(hours=5)
    for promised_after, completed_after in ((60, 30), (60, 90), (60, None), (600, None)):
        with testing.at(began):
            ticket = estate.step("crew", estate.file(BURST), "claim")
            promised = (began + minutes(promised_after)).isoformat()
            ticket = estate.step("crew", ticket, "promise", {"promised_at": promised})
        if completed_after:
            with testing.at(began + minutes(completed_after)):
                for verb in ("start", "complete"):
                    ticket = estate.step("crew", ticket, verb)
    assert report(estate)["promises"] == {"kept": 1, "broken": 2, "open": 1}
