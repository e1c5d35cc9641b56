"""From a ticket's history alone: which terms it ran by when, and what its clocks say under them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.tickets import service_levels
from services.tickets.books import Books
from services.tickets.sla.clocks import BREACHED, MET, RUNNING, VOID, Clock
from services.tickets.sla.policy import Policy, read_policy, standard_document, standard_policy

COMMUNITY = "01a20000-0000-7000-8000-000000000001"
OPEN = {"tz": "Asia/Shanghai", "hours": {day: [["08:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
SHORT = {"tz": "Asia/Shanghai", "hours": {"mon": [["09:00", "10:00"]]}}
MONDAY = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)  # nine in the morning there
FILED = {
    "catalogue_code": "water-leak-pipe",
    "sla_class": "standard",
    "work_type": "repair",
    "need_level": 1,
    "urgency": "urgent",
    "circumstances": [],
    "community_id": COMMUNITY,
    "channel": "api",
    "policy_version": standard_policy().version,
    "calendar_version": 1,
}


def softer(hours: int) -> Policy:
    """Return a policy of its own that gives everything urgent and ordinary so many hours to be done."""
    document = standard_document() | {"version": "own-1"}
    document["classes"]["standard"]["urgent"]["resolve"] = {"seconds": hours * 3600, "basis": "clock"}
    return read_policy(document)


LIBRARY = Books(
    {standard_policy().version: standard_policy(), "own-1": softer(100)},
    {1: service_levels.calendar_of(OPEN), 2: service_levels.calendar_of(SHORT)},
)


def entry(minutes: float, action: str, status: str, role: str = "crew", **data: Any) -> dict[str, Any]:
    at = MONDAY + timedelta(minutes=minutes)
    return {"at": at, "action": action, "status": status, "actor_id": role, "actor_role": role, "data": data}


def filed(**changes: Any) -> dict[str, Any]:
    return entry(0, "file", "filed", "resident", **{**FILED, **changes})


def moved(minutes: float, action: str = "override", **changes: list[Any]) -> dict[str, Any]:
    return entry(minutes, action, "acknowledged", "manager", changes=changes)


def clocks(*entries: Mapping[str, Any], hours: float) -> dict[tuple[str, int], Clock]:
    asof = MONDAY + timedelta(hours=hours)
    found = service_levels.clocks_of(entries, COMMUNITY, LIBRARY, asof)
    return {(clock.kind, clock.generation): clock for clock in found}


def stored(*entries: Mapping[str, Any], hours: float) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the rows to store, by kind and generation."""
    ticket = {"id": "x", "organisation_id": "o", "filed_at": MONDAY, "community_id": COMMUNITY}
    judged = service_levels.judged_of(entries, COMMUNITY, LIBRARY, MONDAY + timedelta(hours=hours))
    return {(row["kind"], row["generation"]): row for row in service_levels.rows_of(judged, ticket, entries, [])}


def test_a_ticket_runs_by_the_terms_in_its_first_entry() -> None:
    due = clocks(filed(), hours=1)["resolve", 1].due_at
    assert due == MONDAY + timedelta(hours=24)
    assert clocks(filed(policy_version="own-1"), hours=1)["resolve", 1].due_at == MONDAY + timedelta(hours=100)


def test_an_entry_from_before_the_ledger_takes_the_rest_from_its_item() -> None:
    old = {name: FILED[name] for name in ("catalogue_code", "need_level", "urgency", "channel", "policy_version")}
    assert clocks(entry(0, "file", "filed", "resident", **old), hours=1) == clocks(filed(), hours=1)


def test_a_softer_urgency_counts_from_opening_and_forgives_no_breach() -> None:
    to_routine = moved(60 * 3, urgency=["urgent", "routine"])
    before = clocks(filed(), to_routine, hours=2.5)
    after = clocks(filed(), to_routine, hours=4)
    assert before["attend", 1].state == BREACHED
    assert after["attend", 1].state == BREACHED
    assert after["attend", 1].breached_at == MONDAY + timedelta(hours=2)
    assert after["resolve", 1].basis == "working"


@pytest.mark.parametrize("hours", [1, 2.9, 3, 4, 30, 500])
def test_what_was_true_at_a_moment_is_told_the_same_whatever_came_later(hours: float) -> None:
    story = [
        filed(),
        moved(60 * 3, urgency=["urgent", "routine"]),
        moved(60 * 5, "reevaluate", policy_version=[standard_policy().version, "own-1"]),
        entry(60 * 6, "complete", "completed"),
    ]
    at = MONDAY + timedelta(hours=hours)
    known = [row for row in story if row["at"] <= at]
    asof = clocks(*story, hours=hours)
    assert asof == clocks(*known, hours=hours)


def test_new_terms_count_only_once_somebody_moves_the_ticket_to_them() -> None:
    version = standard_policy().version
    story = (filed(), moved(60, "reevaluate", policy_version=[version, "own-1"], calendar_version=[1, 2]))
    assert clocks(story[0], hours=2)["resolve", 1].due_at == MONDAY + timedelta(hours=24)
    assert clocks(*story, hours=2)["resolve", 1].due_at == MONDAY + timedelta(hours=100)


def test_a_clock_that_the_new_terms_do_not_have_keeps_its_breach() -> None:
    danger = filed(catalogue_code="gas-leak", sla_class="life_safety", urgency="emergency", need_level=2)
    away = moved(120, sla_class=["life_safety", "standard"], catalogue_code=["gas-leak", "water-leak-pipe"])
    found = clocks(danger, away, hours=3)
    assert found["make_safe", 1].state == BREACHED
    assert found["make_safe", 1].breached_at == MONDAY + timedelta(hours=1)
    assert found["make_safe", 1].stopped_at == away["at"], "it is over, or it would be overdue for ever"


def test_correcting_twice_keeps_the_breach_of_the_first_terms() -> None:
    story = [filed(), moved(60 * 3, urgency=["urgent", "routine"]), moved(60 * 4, urgency=["routine", "urgent"])]
    assert clocks(*story, hours=5)["attend", 1].breached_at == MONDAY + timedelta(hours=2)


def test_a_breach_from_before_is_counted_in_the_hours_of_its_own_target() -> None:
    """The new target counts working hours; the one that was missed counted all of them, and so does its sum."""
    softened = moved(26 * 60, urgency=["urgent", "routine"])
    found = clocks(filed(), softened, hours=30)["resolve", 1]
    assert (found.state, found.basis, found.target_seconds) == (BREACHED, "clock", 86_400)
    assert (found.elapsed_seconds, found.lived_seconds, found.remaining_seconds) == (108_000, 108_000, -21_600)
    assert all(at < found.due_at for at in found.warnings_at if found.due_at)


def test_circumstances_count_from_the_moment_they_are_known() -> None:
    told = moved(10, circumstances=[[], ["only_toilet"]])
    known = clocks(filed(), told, hours=0.5)["attend", 1]
    assert known.rule == "only-toilet-unusable"
    assert known.due_at == MONDAY + timedelta(hours=1)
    assert clocks(filed(), hours=0.5)["attend", 1].rule == "standard"


def test_the_day_of_filing_is_the_communitys_own() -> None:
    document = standard_document() | {"version": "own-2"}
    document["rules"].append(
        {
            "code": "winter",
            "name": {"zh-CN": "冬季", "en": "Winter"},
            "when": {"season": {"from": "11-15", "to": "03-15"}},
            "targets": {"attend": {"seconds": 600, "basis": "clock"}},
        }
    )
    library = replace(LIBRARY, policies={**LIBRARY.policies, "own-2": read_policy(document)})
    late = datetime(2026, 11, 14, 16, 30, tzinfo=UTC)  # the fifteenth has begun there
    for at, rule in ((late, "winter"), (late - timedelta(hours=1), "standard")):
        told = {**filed(policy_version="own-2"), "at": at}
        found = service_levels.clocks_of([told], COMMUNITY, library, at)
        assert {clock.kind: clock.rule for clock in found}["attend"] == rule


def test_nothing_is_told_of_a_ticket_before_it_was_filed() -> None:
    assert clocks(filed(), hours=-1) == {}


def test_a_paused_clock_with_an_end_keeps_its_deadline_in_the_timer() -> None:
    until = MONDAY + timedelta(hours=5)
    story = (
        filed(),
        entry(30, "claim", "claimed"),
        entry(40, "start", "in_progress"),
        entry(60, "pause", "waiting", waiting_reason="parts", until=until.isoformat()),
    )
    rows = stored(*story, hours=1)
    assert rows["resolve", 1]["paused_until"] == until
    assert rows["resolve", 1]["due_at"] == MONDAY + timedelta(hours=28)
    assert rows["resolve", 1]["next_fire_at"] == rows["resolve", 1]["warnings_at"][0]
    assert (rows["resolve", 1]["contract_seconds"], rows["resolve", 1]["pause_seconds"]) == (None, None)
    assert rows["attend", 1]["state"] == MET
    assert rows["attend", 1]["contract_seconds"] == 40 * 60
    assert {row["state"] for row in rows.values()} <= {MET, RUNNING, VOID, "paused"}


def told_of(rows: Mapping[tuple[str, int], Mapping[str, Any]], column: str) -> dict[str, Any]:
    """Return what a column says of the first clock of each kind."""
    return {kind: row[column] for (kind, generation), row in rows.items() if generation == 1}


def test_a_breach_counts_under_the_need_level_it_was_a_breach_of() -> None:
    to_social = moved(60 * 3, need_level=[1, 5], work_type=["repair", "community"])
    before, after = stored(filed(), hours=2.5), stored(filed(), to_social, hours=4)
    assert told_of(before, "need_level")["attend"] == 1
    assert (after["attend", 1]["state"], after["attend", 1]["need_level"]) == (BREACHED, 1)
    assert (after["attend", 1]["work_type"], after["resolve", 1]["work_type"]) == ("repair", "community")
    assert after["resolve", 1]["need_level"] == 5, "it still runs in time"


def test_a_stopped_clock_counts_under_what_was_true_when_it_stopped() -> None:
    version = standard_policy().version
    story = (
        filed(),
        entry(5, "claim", "claimed", "crew"),
        entry(10, "start", "in_progress", "crew"),
        moved(20, "reevaluate", policy_version=[version, "own-1"]),
        moved(30, need_level=[1, 3]),
        entry(40, "complete", "completed", "crew"),
    )
    rows = stored(*story, hours=9)
    assert {kind: told_of(rows, "policy_version")[kind] for kind in ("acknowledge", "attend", "resolve")} == {
        "acknowledge": version,
        "attend": version,
        "resolve": "own-1",
    }
    assert {kind: told_of(rows, "need_level")[kind] for kind in ("attend", "resolve")} == {"attend": 1, "resolve": 3}


def test_a_clock_that_new_terms_end_counts_under_the_old_ones() -> None:
    danger = filed(catalogue_code="gas-leak", sla_class="life_safety", urgency="emergency", need_level=2)
    changes = {"sla_class": ["life_safety", "standard"], "catalogue_code": ["gas-leak", "water-leak-pipe"]}
    for minutes, state in ((5, VOID), (120, BREACHED)):
        row = stored(danger, moved(minutes, need_level=[2, 1], **changes), hours=3)["make_safe", 1]
        assert (row["state"], row["need_level"]) == (state, 2)


def test_what_is_late_by_corrected_terms_alone_counts_under_those() -> None:
    """Taken for something social at first: what it was is what the deadline was missed of."""
    social = filed(sla_class="engagement", work_type="community", need_level=3, urgency="routine")
    changes = {"sla_class": ["engagement", "standard"], "urgency": ["routine", "urgent"], "need_level": [3, 1]}
    row = stored(social, moved(60 * 3, **changes), hours=4)["attend", 1]
    assert (row["breached_at"], row["need_level"]) == (MONDAY + timedelta(hours=2), 1)


def test_a_job_handed_over_charges_nobody_with_what_was_late_before() -> None:
    story = [
        filed(),
        entry(5, "claim", "claimed", "first"),
        entry(130, "assign", "assigned", "dispatcher", to="second"),
        entry(140, "start", "in_progress", "second"),
        entry(150, "complete", "completed", "second"),
        entry(200, "reopen", "reopened", "resident", owner_id="second"),
        entry(210, "release", "acknowledged", "second"),
        entry(220, "escalate", "assigned", "dispatcher", to="boss"),
    ]
    held = [told_of(stored(*story[:n], hours=9), "crew_id") for n in (1, 2, 3, 5)]
    assert [rows["attend"] for rows in held] == [None, "first", "first", "first"]
    assert [rows["acknowledge"] for rows in held] == [None, "first", "first", "first"]
    # It still runs: it is whose the job is now, until it is done.
    in_time = [stored(*story[:n], hours=4)["resolve", 1]["crew_id"] for n in (1, 2, 3, 5, 8)]
    assert in_time == [None, "first", "second", "second", "second"]
    again = [stored(*story[:n], hours=4)["resolve", 2]["crew_id"] for n in (6, 7, 8)]
    assert again == ["second", None, "boss"]


def test_a_reopening_from_before_it_said_whose_it_was_gives_the_job_back_to_whoever_completed_it() -> None:
    story = (
        filed(),
        entry(5, "claim", "claimed", "first"),
        entry(9, "complete", "completed", "first"),
        entry(20, "reopen", "reopened", "resident"),
    )
    assert stored(*story, hours=1)["resolve", 2]["crew_id"] == "first"
