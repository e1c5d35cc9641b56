"""A community attains a need level only while no level up to it misses its targets, and hears what blocks the next."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from services.kit import testing
from services.tickets.queries.reports.attainment import _verdict
from services.tickets.sla.targets import JUDGED
from tests.tickets import recounting
from tests.tickets.month import BURST, second_community, told, worked

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NOW = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)


def attained(estate: "Estate", name: str = "manager", **query: str) -> dict[str, dict[str, Any]]:
    """Read the report as it was at NOW, by community."""
    with testing.at(NOW):
        answer = estate.get(name, f"/reports/attainment?{urlencode(query)}")
    assert answer.status_code == 200, answer.json
    return {place["community_id"]: place for place in (answer.json or {})["communities"]}


def job(
    estate: "Estate", level: int, *, late: bool = False, ago: timedelta = timedelta(hours=12), **where: Any
) -> None:
    """Let a job of a need level be done in time or, having been answered in time, too late."""
    with testing.at(NOW):
        done = 600 if late else 20
        ticket = told(
            estate, BURST, timedelta(hours=12), (1, "manager", "acknowledge"), *worked("crew", 2, done), **where
        )
    with estate.engine.begin() as db:  # What a level is about is triage's; here only its number matters.
        for table in ("tickets", "clocks"):
            key = "id" if table == "tickets" else "ticket_id"
            db.execute(text(f"UPDATE {table} SET need_level = :n WHERE {key} = :id"), {"n": level, "id": ticket["id"]})


def jobs(estate: "Estate", level: int, number: int, **how: Any) -> None:
    """Let so many such jobs be done."""
    for _ in range(number):
        job(estate, level, **how)


def level_of(place: dict[str, Any], level: int) -> dict[str, Any]:
    """Return one level of a community."""
    return next(each for each in place["levels"] if each["need_level"] == level)


def test_without_evidence_nothing_is_attained_and_nothing_missed(estate: "Estate") -> None:
    place = attained(estate)[estate.community_id]
    assert (place["attained_level"], {level["verdict"] for level in place["levels"]}) == (0, {"no_evidence"})
    assert place["blocked_by"]["need_level"] == 1
    assert "最少" in place["blocked_by"]["sentence"]["zh-CN"] or "至少" in place["blocked_by"]["sentence"]["zh-CN"]
    assert "no evidence" in place["blocked_by"]["sentence"]["en"]
    job(estate, 1)  # Three clocks in time, where the policy wants five decided.
    level = level_of(attained(estate)[estate.community_id], 1)
    assert (level["verdict"], level["decided"], level["met_share"]) == ("no_evidence", 3, 1.0)


def test_a_level_is_attained_while_none_below_it_is_missed(estate: "Estate") -> None:
    for level in (1, 2, 4):
        jobs(estate, level, 2)
    place = attained(estate)[estate.community_id]
    assert place["attained_level"] == 4
    assert [level["verdict"] for level in place["levels"]] == ["met", "met", "no_evidence", "met", "no_evidence"]
    assert (place["blocked_by"]["need_level"], place["blocked_by"]["verdict"]) == (5, "no_evidence")
    jobs(estate, 2, 5, late=True)
    place = attained(estate)[estate.community_id]
    assert (place["attained_level"], place["blocked_by"]["need_level"]) == (1, 2)
    assert [level["verdict"] for level in place["levels"]][:4] == ["met", "missed", "no_evidence", "met"]


def test_what_blocks_the_next_level_is_named_with_its_numbers_and_tickets(estate: "Estate") -> None:
    jobs(estate, 1, 2)
    jobs(estate, 1, 5, late=True)
    found = attained(estate)[estate.community_id]
    blocked = found["blocked_by"]
    assert (found["attained_level"], blocked["need_level"], blocked["clock"]) == (0, 1, "resolve")
    assert (blocked["decided"], blocked["met_share"], blocked["needed_share"]) == (7, pytest.approx(2 / 7), 0.95)
    assert "28.6%" in blocked["sentence"]["en"]
    assert "28.6%" in blocked["sentence"]["zh-CN"]
    with testing.at(NOW):
        assert len(recounting.follow(estate, blocked["tickets"])) == 5


def test_one_kind_that_is_missed_is_not_hidden_by_the_others(estate: "Estate") -> None:
    jobs(estate, 3, 33)
    jobs(estate, 3, 4, late=True)
    level = level_of(attained(estate)[estate.community_id], 3)
    assert level["met_share"] > level["needed_share"] == 0.9
    assert level["clocks"]["resolve"]["met_share"] < 0.9
    assert level["verdict"] == "missed"


def test_what_is_open_and_overdue_from_before_the_period_counts_as_missed(estate: "Estate") -> None:
    jobs(estate, 1, 3)
    with testing.at(NOW - timedelta(days=20)):
        for _ in range(2):
            estate.file(BURST)
    since = (NOW - timedelta(days=10)).isoformat()
    level = level_of(attained(estate, **{"from": since})[estate.community_id], 1)
    assert level["verdict"] == "missed"
    for kind in ("acknowledge", "attend", "resolve"):
        figures = level["clocks"][kind]
        assert (figures["met"], figures["breached"], figures["open_overdue"], figures["carried_over"]) == (3, 2, 2, 2)
        with testing.at(NOW):
            assert len(recounting.follow(estate, figures["carried_over_tickets"])) == 2
    assert level_of(attained(estate, to=since)[estate.community_id], 1)["decided"] == 6


def test_a_level_leads_to_every_job_it_counts_once_whichever_of_its_clocks_count(estate: "Estate") -> None:
    jobs(estate, 1, 3)
    jobs(estate, 1, 2, late=True)
    jobs(estate, 2, 1)
    with testing.at(NOW - timedelta(days=20)):
        late = {estate.file(BURST)["id"] for _ in range(2)}
    since = (NOW - timedelta(days=10)).isoformat()
    level = level_of(attained(estate, **{"from": since})[estate.community_id], 1)
    assert (level["decided"], level["decided_in_period"], level["carried_over"]) == (21, 15, 6)
    listed = {}
    for name, of in level["behind"].items():
        with testing.at(NOW):
            listed[name] = recounting.follow(estate, of["link"])
        assert of["tickets"] == len(listed[name])
    assert {name: len(tickets) for name, tickets in listed.items()} == {"decided_in_period": 5, "carried_over": 2}
    assert listed["carried_over"] == late
    whole = level_of(attained(estate)[estate.community_id], 1)
    assert (whole["decided"], whole["decided_in_period"], whole["carried_over"]) == (21, 21, 0)
    assert whole["behind"].keys() == {"decided_in_period"}
    with testing.at(NOW):
        assert (
            recounting.follow(estate, whole["behind"]["decided_in_period"]["link"])
            == late | listed["decided_in_period"]
        )


def verdicts(place: dict[str, Any]) -> list[str]:
    """Return what is said of each level of a community, from the first."""
    return [level["verdict"] for level in place["levels"]]


def test_a_few_open_and_overdue_are_enough_to_miss_a_level(estate: "Estate") -> None:
    """Four clocks of one job nobody came to are fewer than the five a level needs to be met."""
    jobs(estate, 5, 3)
    assert attained(estate)[estate.community_id]["attained_level"] == 5
    with testing.at(NOW - timedelta(hours=12)):
        estate.file("闻到燃气味")
    place = attained(estate)[estate.community_id]
    danger = next(level for level in place["levels"] if level["clocks"]["make_safe"]["decided"])
    assert (danger["decided"], danger["open_overdue"], danger["verdict"]) == (4, 4, "missed")
    assert (place["attained_level"], place["blocked_by"]["need_level"]) == (0, danger["need_level"])
    assert danger["clocks"]["make_safe"]["verdict"] == "missed"


def test_every_job_of_a_rare_kind_come_too_late_is_not_hidden_by_many_others(estate: "Estate") -> None:
    with testing.at(NOW):
        for _ in range(4):
            told(estate, "闻到燃气味", timedelta(hours=12), (1, "manager", "acknowledge"), (2, "crew", "claim"),
                 (3, "crew", "start"), (600, "crew", "make-safe", {"note": "已关阀"}))  # fmt: skip
    with estate.engine.begin() as db:  # As if resolved in time: only what made it safe came too late.
        in_time = "UPDATE clocks SET state = 'met', stopped_at = started_at"
        there = {"c": estate.community_id}
        db.execute(text(f"{in_time} WHERE kind = 'resolve' AND community_id = :c"), there)
    jobs(estate, 2, 40)
    level = level_of(attained(estate)[estate.community_id], 2)
    assert level["met_share"] > level["needed_share"]
    rare = level["clocks"]["make_safe"]
    assert (rare["decided"], rare["breached"], rare["open_overdue"], rare["verdict"]) == (4, 4, 0, "missed")
    assert level["verdict"] == "missed"
    blocked = attained(estate)[estate.community_id]["blocked_by"]
    assert (blocked["clock"], blocked["decided"]) == ("make_safe", 4)


def test_what_more_could_still_mend_is_no_evidence_yet(estate: "Estate") -> None:
    """One of five met would be 0.8: too little for the 0.85 of the fifth level, and one of a hundred would not be."""
    assert _verdict({"decided": 1, "breached": 1, "open_overdue": 0, "met_share": 0.0}, 0.85, 5) == "missed"
    assert _verdict({"decided": 1, "breached": 1, "open_overdue": 0, "met_share": 0.0}, 0.8, 5) == "no_evidence"
    assert _verdict({"decided": 1, "breached": 1, "open_overdue": 1, "met_share": 0.0}, 0.8, 5) == "missed"
    assert _verdict({"decided": 4, "breached": 0, "open_overdue": 0, "met_share": 1.0}, 0.95, 5) == "no_evidence"
    assert _verdict({"decided": 5, "breached": 0, "open_overdue": 0, "met_share": 1.0}, 0.95, 5) == "met"
    assert _verdict({"decided": 100, "breached": 1, "open_overdue": 1, "met_share": 0.99}, 0.95, 5) == "met"
    assert _verdict({"decided": 0, "breached": 0, "open_overdue": 0, "met_share": None}, 1.0, 5) == "no_evidence"


def test_the_level_without_gaps_is_said_beside(estate: "Estate") -> None:
    assert attained(estate)[estate.community_id]["without_gaps"] == 0
    for level in (1, 2, 4):
        jobs(estate, level, 2)
    place = attained(estate)[estate.community_id]
    assert (place["attained_level"], place["without_gaps"]) == (4, 2)
    jobs(estate, 3, 2)
    assert attained(estate)[estate.community_id]["without_gaps"] == 4
    jobs(estate, 5, 2)
    place = attained(estate)[estate.community_id]
    assert (place["attained_level"], place["without_gaps"], place["blocked_by"]) == (5, 5, None)


def test_an_override_lifts_no_missed_level(estate: "Estate") -> None:
    with testing.at(NOW - timedelta(hours=12)):
        late = [estate.file(BURST) for _ in range(6)]
    before = verdicts(attained(estate)[estate.community_id])
    with testing.at(NOW):
        for ticket in late:
            estate.step("dispatcher", ticket, "override", {"reason": "像是社交", "need_level": 5}, If_Match="*")
    place = attained(estate)[estate.community_id]
    assert verdicts(place) == before == ["missed", *["no_evidence"] * 4]
    assert (place["attained_level"], level_of(place, 1)["open_overdue"], level_of(place, 5)["decided"]) == (0, 18, 0)


def test_every_level_is_what_history_says(estate: "Estate") -> None:
    community, home = second_community(estate)
    jobs(estate, 1, 3)
    jobs(estate, 1, 1, late=True, home=home)
    with estate.engine.connect() as db:
        every = recounting.told(db, estate.organisation_id, NOW)
    places = attained(estate)
    assert set(places) == {community, estate.community_id}
    for place in places.values():
        for level in place["levels"]:
            for kind in JUDGED:
                clocks = [
                    clock
                    for one in every
                    for clock in one.judged
                    if (one.row["community_id"], recounting.said_at(one, clock, "need_level"), clock.kind)
                    == (place["community_id"], level["need_level"], kind)
                ]
                again = recounting.figures(clocks)
                names = ("met", "breached", "open_overdue", "decided", "met_share")
                assert [level["clocks"][kind][name] for name in names] == [again[name] for name in names]


def test_a_manager_sees_the_levels_of_their_communities_only(estate: "Estate", new_estate: Any) -> None:
    community, _ = second_community(estate)
    estate.join("local", "manager", community_ids=(community,))
    assert attained(estate, "local").keys() == {community}
    assert attained(estate, "local", community_id=estate.community_id) == {}
    assert attained(estate, community_id=community).keys() == {community}
    assert not attained(new_estate()).keys() & {community, estate.community_id}
