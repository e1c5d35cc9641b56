"""A community attains a need level only while no level up to it misses its targets, and hears what blocks the next."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from services.kit import testing
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
                    if (one.row["community_id"], one.row["need_level"], clock.kind)
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
