"""The report on service levels says what history says, whether or not a timer ever looked."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from services.kit import clock, testing
from services.tickets.sla.targets import JUDGED
from tests.tickets import recounting
from tests.tickets.month import BURST, lived_through, minutes, promising, told, worked

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

GROUPINGS = ("need_level", "community", "work_type", "crew", "policy", "rule", "item", "month", "organisation")
COUNTS = ("met", "breached", "open_overdue", "open_in_time")
PROMISES = ("kept", "broken", "open", "moved")
# What is checked elsewhere: see test_report_links.
WITHOUT = ("tickets", "carried_over", "tickets_counted", "overridden")


def report(estate: "Estate", name: str = "manager", **query: str) -> dict[str, Any]:
    """Read the report."""
    answer = estate.get(name, f"/reports/sla?{urlencode(query)}")
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def counts(found: dict[str, Any], kind: str) -> dict[str, int]:
    """Return a clock's counts over all groups."""
    return {name: found["total"]["clocks"][kind][name] for name in COUNTS}


def recounted(estate: "Estate", found: dict[str, Any]) -> list[recounting.Told]:
    """Return the tickets of a report's period as history tells them at its moment."""
    with estate.engine.connect() as db:
        every = recounting.told(db, estate.organisation_id, datetime.fromisoformat(found["asof"]))
    since, until = (found[name] and datetime.fromisoformat(found[name]) for name in ("from", "to"))
    return [
        one
        for one in every
        if (since is None or one.row["filed_at"] >= since) and (until is None or one.row["filed_at"] < until)
    ]


def without_links(figures: dict[str, Any]) -> dict[str, Any]:
    """Return figures as they can be counted again."""
    return {name: value for name, value in figures.items() if name not in WITHOUT}


def test_an_empty_report_is_empty_and_not_perfect(estate: "Estate") -> None:
    found = report(estate)
    assert [(group["key"], group["name"]) for group in found["groups"]][:2] == [("1", "physiological"), ("2", "safety")]
    assert len(found["groups"]) == 5
    for group in (*found["groups"], found["total"]):
        assert group["filed"] == 0
        assert set(group["clocks"]) == set(JUDGED)
        for figures in group["clocks"].values():
            assert (figures["met_share"], figures["pause_share"], figures["decided"]) == (None, None, 0)
        assert (group["flawless"]["rate"], group["flawless"]["finished"]) == (None, 0)
        assert [group["promises"][name] for name in PROMISES] == [0, 0, 0, 0]
    for grouping in GROUPINGS[1:]:
        assert report(estate, group_by=grouping)["groups"] == [], grouping


def test_every_figure_is_what_history_says_however_it_is_grouped(estate: "Estate") -> None:
    _, before = lived_through(estate)
    for period in ({}, {"from": before.isoformat()}):
        for grouping in GROUPINGS:
            found = report(estate, group_by=grouping, **period)
            every = recounted(estate, found)
            keys = {recounting.group_key(grouping, one, each) for one in every for each in one.judged}
            shown = {group["key"] for group in found["groups"] if has_clocks(group)}
            assert shown == keys, grouping
            for group in found["groups"]:
                holds(group, every, grouping)
            for kind, figures in found["total"]["clocks"].items():
                again = recounting.figures([c for one in every for c in one.judged if c.kind == kind])
                summed = {name: again[name] for name in (*recounting.EXACT, "decided", "met_share")}
                assert {name: figures[name] for name in summed} == summed


def has_clocks(group: dict[str, Any]) -> bool:
    """Return whether a group has clocks of the period, and is not shown for what was carried over alone."""
    return any(figures[name] for figures in group["clocks"].values() for name in recounting.EXACT)


def holds(group: dict[str, Any], every: list[recounting.Told], grouping: str) -> None:
    """Check one group of a report against its tickets' histories."""
    key = group["key"]
    for kind, figures in group["clocks"].items():
        mine = [
            each
            for one in every
            for each in one.judged
            if each.kind == kind and recounting.group_key(grouping, one, each) == key
        ]
        again = recounting.figures(mine)
        assert without_links(figures) == {name: pytest.approx(value) for name, value in again.items()}, (key, kind)
    if grouping == "rule":
        assert group["flawless"] is group["promises"] is group["resolution"] is None
        return
    again = recounting.wholes([one for one in every if recounting.group_key(grouping, one, None) == key])
    flawless = group["flawless"]
    said = {
        "filed": group["filed"],
        "reopened": group["resolution"]["reopened"],
        "promises": pytest.approx(without_links(group["promises"]), abs=1e-12),
        **{name: pytest.approx(value, abs=1e-12) for name, value in without_links(flawless).items()},
        **{which: group["resolution"][which] for which in ("first", "total")},
    }
    assert said == {name: again[name] for name in said}
    assert set(said) == set(again)


def test_one_month_has_every_kind_of_verdict_and_of_flaw(estate: "Estate") -> None:
    """So that the comparison above compares something."""
    lived_through(estate)
    total = report(estate, group_by="organisation")["groups"][0]
    seen = {name for figures in total["clocks"].values() for name in recounting.EXACT if figures[name]}
    assert seen >= {"met", "breached", "open_overdue", "open_in_time", "void"}
    assert all(total["promises"][name] for name in PROMISES)
    assert all(total["flawless"]["flawed_by"].values())
    assert 0 < total["flawless"]["rate"] < 1
    assert total["resolution"]["first"]["lived"]["p95"] < total["resolution"]["total"]["lived"]["p95"]
    assert total["clocks"]["resolve"]["pause_seconds"] == pytest.approx(5 * 3600)


def test_what_is_overdue_counts_although_no_timer_ran_and_from_the_very_moment(estate: "Estate") -> None:
    began = datetime(2026, 11, 9, 3, 0, tzinfo=UTC)
    with testing.at(began):
        estate.file(BURST)
    with testing.at(began + minutes(10)):
        assert counts(report(estate), "acknowledge") == dict.fromkeys(COUNTS, 0) | {"open_in_time": 1}
    with testing.at(began + minutes(10) + timedelta(microseconds=1)):
        late = counts(report(estate), "acknowledge")
    assert late == {"met": 0, "breached": 1, "open_overdue": 1, "open_in_time": 0}


def test_what_was_filed_before_the_period_and_is_overdue_always_shows(estate: "Estate") -> None:
    told(estate, BURST, minutes(3000))
    told(estate, BURST, minutes(10))
    since = (clock.now() - minutes(60)).isoformat()
    found = report(estate, **{"from": since})
    resolve = found["total"]["clocks"]["resolve"]
    assert (found["total"]["filed"], resolve["open_in_time"], resolve["breached"]) == (1, 1, 0)
    assert resolve["carried_over"]["open_overdue"] == 1
    assert len(recounting.follow(estate, resolve["carried_over"]["tickets"])) == 1
    group = next(group for group in found["groups"] if group["filed"])
    assert group["clocks"]["resolve"]["carried_over"]["open_overdue"] == 1
    assert report(estate)["total"]["clocks"]["resolve"]["carried_over"] is None
    empty = report(estate, **{"from": clock.now().isoformat()})["total"]["clocks"]["resolve"]
    assert (empty["decided"], empty["met_share"], empty["carried_over"]["open_overdue"]) == (0, None, 1)


def test_reopening_after_a_breach_keeps_both(estate: "Estate") -> None:
    reopen = [(620, "resident", "reopen", {"reason": "还在漏"}), (630, "crew", "claim"), (635, "crew", "start")]
    told(estate, BURST, minutes(2000), *worked("crew", 3, 600), *reopen, (700, "crew", "complete"))
    total = report(estate, group_by="organisation")["groups"][0]
    assert (total["clocks"]["resolve"]["breached"], total["clocks"]["resolve"]["met"]) == (1, 1)
    times = total["resolution"]
    assert times["first"]["lived"]["p50"] == pytest.approx(600 * 60)
    assert times["total"]["lived"]["p50"] == pytest.approx(700 * 60)
    assert times["total"]["contract"]["p50"] == pytest.approx(680 * 60)
    assert (times["reopened"], total["flawless"]["flawed_by"]["was_reopened"]) == (1, 1)


def test_a_promise_made_again_after_it_was_broken_stays_broken(estate: "Estate") -> None:
    steps = [(2, "crew", "claim"), (5, "crew", "promise", promising(10)), (30, "crew", "promise", promising(60))]
    told(estate, BURST, minutes(300), *steps, (40, "crew", "start"), (50, "crew", "complete"))
    in_time = [(2, "crew", "claim"), (5, "crew", "promise", promising(60)), (30, "crew", "promise", promising(90))]
    told(estate, BURST, minutes(300), *in_time, (40, "crew", "start"), (50, "crew", "complete"))
    promises = report(estate)["total"]["promises"]
    assert {name: promises[name] for name in PROMISES} == {"kept": 2, "broken": 1, "open": 0, "moved": 1}


def test_the_period_is_by_filing_and_one_community_can_be_asked_for(estate: "Estate") -> None:
    told(estate, BURST, minutes(3000))
    told(estate, BURST, minutes(10))
    since = (clock.now() - minutes(60)).isoformat()
    assert report(estate, **{"from": since})["total"]["filed"] == 1
    assert report(estate, to=since)["total"]["filed"] == 1
    assert report(estate, community_id=estate.community_id)["total"]["filed"] == 2
    assert report(estate, community_id=testing.fresh())["total"]["filed"] == 0


def test_a_manager_of_another_community_counts_nothing_of_it(estate: "Estate") -> None:
    told(estate, BURST, minutes(100), (3, "crew", "claim"), (5, "crew", "promise", promising(10)))
    estate.join("far manager", "manager", community_ids=(testing.fresh(),))
    for name, filed in (("far manager", 0), ("manager", 1), ("admin", 1)):
        total = report(estate, name, group_by="organisation")["total"]
        assert (total["filed"], total["promises"]["broken"]) == (filed, filed)
        assert sum(figures["decided"] for figures in total["clocks"].values()) == 2 * filed
    for name in ("resident", "crew", "dispatcher"):
        for path in ("sla", "pauses", "attainment"):
            assert estate.get(name, f"/reports/{path}").status_code == 403


def test_months_begin_where_the_community_is(estate: "Estate") -> None:
    evening = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)  # One in the morning of the first, in Shanghai.
    with testing.at(evening):
        estate.file(BURST)
    asked = {"group_by": "month", "to": "2026-12-01T00:00:00Z"}
    assert [group["key"] for group in report(estate, **asked)["groups"]] == ["2026-10"]
    there = report(estate, community_id=estate.community_id, **asked)["groups"]
    assert [group["key"] for group in there] == ["2026-11"]
    assert len(recounting.follow(estate, there[0]["tickets"])) == 1
