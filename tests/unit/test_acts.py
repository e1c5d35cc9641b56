"""Acts told later: whatever a phone's clock says, they count from within the bounds, and history proves it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.tickets import acts, ledger, service_levels
from services.tickets.acts import Phone, told_later
from services.tickets.running_terms import MOVES_CLOCKS
from services.tickets.sla.clocks import MET, Clock
from services.tickets.sla.policy import read_policy, standard_document, standard_policy
from tests.unit.test_ledger import COMMUNITY, LIBRARY, MONDAY, filed

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DAY = timedelta(days=1)
seconds = st.integers(-3 * 86_400, 3 * 86_400).map(lambda number: timedelta(seconds=number))
wrong = st.timedeltas(timedelta(days=-9000), timedelta(days=9000))
# Each step of a working day: verb, status after it, minutes since the step before, how long until it was told.
WORK = (("claim", "claimed"), ("depart", "on_the_way"), ("arrive", "on_site"), ("start", "in_progress"))
REST = (("pause", "waiting"), ("resume", "in_progress"), ("make_safe", "in_progress"), ("complete", "completed"))
gaps = st.lists(st.integers(0, 600), min_size=8, max_size=8)


def phone(ago: timedelta, sent: datetime, wrong_by: timedelta = timedelta()) -> Phone:
    return Phone(sent - ago + wrong_by, sent + wrong_by)


@PATIENT
@given(st.sampled_from(sorted(MOVES_CLOCKS)), seconds, seconds, wrong, wrong)
def test_a_phone_s_clock_is_never_believed(
    action: str, ago: timedelta, since: timedelta, wrong_by: timedelta, otherwise: timedelta
) -> None:
    not_before = MONDAY - abs(since)
    found = [told_later(action, phone(ago, MONDAY, by), MONDAY, not_before, DAY) for by in (wrong_by, otherwise)]
    assert found[0].done_at == found[1].done_at
    assert [act.said["acted"]["bound"] for act in found][0] == found[1].said["acted"]["bound"]
    (act, _), recorded = found, found[0].said["acted"]
    assert not_before <= act.done_at <= act.heard_at
    assert MONDAY - act.done_at <= DAY
    if recorded["bound"] not in (None, acts.PREVIOUS_STEP):
        assert act.done_at == act.heard_at
    if recorded["bound"] is None:
        assert act.done_at == MONDAY - ago
    assert recorded["skew_ms"] == -wrong_by // timedelta(milliseconds=1)


def a_day(
    between: list[int], late: list[int], wrong_by: timedelta
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return one day's history as told with signal, and as told later, each step in order."""
    at_once, later = [{**filed(), "seq": 1}], [{**filed(), "seq": 1}]
    done = heard = MONDAY
    for number, ((action, status), gap, lag) in enumerate(zip((*WORK, *REST), between, late, strict=True), start=2):
        done += timedelta(minutes=gap)
        heard = max(heard, done + timedelta(minutes=lag))
        data = {"waiting_reason": "parts", "until": (heard + DAY).isoformat()} if action == "pause" else {}
        row = {"seq": number, "action": action, "status": status, "actor_id": "crew", "actor_role": "crew"}
        at_once.append({**row, "at": done, "data": data})
        said = Phone(done + wrong_by, heard + wrong_by)
        act = told_later(action, said, heard, acts.latest_of(later, MOVES_CLOCKS), DAY)
        later.append({**row, "at": heard, "data": {**data, **act.said}})
    return at_once, later


def judged(entries: list[dict[str, Any]], asof: datetime) -> dict[tuple[str, int], Clock]:
    found = service_levels.clocks_of(entries, COMMUNITY, LIBRARY, asof)
    return {(clock.kind, clock.generation): clock for clock in found}


@PATIENT
@given(gaps, gaps, wrong)
def test_a_day_without_signal_is_judged_as_one_with_it_but_for_what_others_must_know(
    between: list[int], late: list[int], wrong_by: timedelta
) -> None:
    at_once, later = a_day(between, late, wrong_by)
    asof = max(at_once[-1]["at"], later[-1]["at"]) + DAY
    with_signal, without = judged(at_once, asof), judged(later, asof)
    assert with_signal.keys() == without.keys()
    believed = all(entry["data"].get("acted", {}).get("bound") is None for entry in later)
    for key, clock in without.items():
        if key[0] == "callback":
            assert clock.started_at == later[-1]["at"]
        elif believed and key[0] != "resolve":
            assert replace(clock, known_at=None) == with_signal[key]
        elif believed:  # The pause gives less credit than one that could be seen, and never more.
            assert clock.pause_seconds <= with_signal[key].pause_seconds
            assert (clock.state == MET) <= (with_signal[key].state == MET)
            assert clock.stopped_at == with_signal[key].stopped_at


@PATIENT
@given(gaps, st.lists(st.integers(0, 3000), min_size=8, max_size=8), wrong)
def test_what_timers_fire_between_what_is_heard_is_known_to_history_afterwards(
    between: list[int], late: list[int], wrong_by: timedelta
) -> None:
    _, later = a_day(between, late, wrong_by)
    ticket = {"id": "x", "organisation_id": "o", "filed_at": MONDAY, "community_id": COMMUNITY}
    fired: list[dict[str, Any]] = []
    ends = [*(entry["at"] for entry in later[1:]), later[-1]["at"] + 9 * DAY]
    for number, end in enumerate(ends, start=1):
        told = later[:number]
        while True:  # As timers do: what is due, one level after the other, until the next step is heard of.
            gone = {ledger.level_of(one) for one in fired}
            rows = ledger.rows_of(ticket, told, LIBRARY, gone)
            due = [row for row in rows if row["next_fire_at"] is not None and row["next_fire_at"] < end]
            if not due:
                break
            for row in due:
                level = {"kind": row["kind"], "generation": row["generation"], "level": row["next_level"]}
                fired.append({**level, "true_at": row["next_fire_at"]})
        assert ledger.unknown_firings(fired, told, COMMUNITY, LIBRARY) == []
    assert len({ledger.level_of(one) for one in fired}) == len(fired)
    assert list(ledger.untrue_acts(later, LIBRARY)) == []


@pytest.mark.parametrize("name", ["moment", "done_at", "skew_ms", "bound", "acted_at", "sent_at"])
def test_an_act_that_counts_from_elsewhere_is_found(name: str) -> None:
    _, later = a_day([10] * 8, [60] * 8, timedelta())
    acted = later[3]["data"]["acted"]
    acted[name] = {"skew_ms": 5, "bound": "previous_step"}.get(name, (MONDAY + timedelta(minutes=1)).isoformat())
    assert {seq for seq, *_ in ledger.untrue_acts(later, LIBRARY)} >= {later[3]["seq"]}


def test_a_breach_belongs_to_whoever_had_the_job_by_the_act_s_own_time() -> None:
    _, later = a_day([100, 1, 1, 1, 1, 1, 1, 1], [1380] * 8, timedelta())
    rows = ledger.rows_of({"id": "x", "organisation_id": "o", "filed_at": MONDAY, "community_id": COMMUNITY}, later,
                          LIBRARY, set())  # fmt: skip
    assert {row["crew_id"] for row in rows if row["kind"] == "resolve"} == {"crew"}


@pytest.mark.parametrize(
    ("acts_said", "refused"),
    [
        ({"longest_back_seconds": 0}, False),
        ({"longest_back_seconds": 7 * 86_400}, False),
        ({"longest_back_seconds": 7 * 86_400 + 1}, True),
        ({"longest_back_seconds": -1}, True),
        ({"longest_back_seconds": 1.5}, True),
        ({"longest_back_seconds": True}, True),
        ({}, True),
        ({"longest_back_seconds": 5, "more": 1}, True),
        (None, True),
    ],
)
def test_a_policy_says_how_far_back_an_act_counts(acts_said: Any, refused: bool) -> None:
    document = {**standard_document(), "acts": acts_said}
    if refused:
        with pytest.raises(ValueError, match="acts"):
            read_policy(document)
    else:
        assert read_policy(document).longest_back == acts_said["longest_back_seconds"]


def test_the_standard_policy_believes_a_day() -> None:
    assert standard_policy().longest_back == 86_400
    assert MONDAY.tzinfo is UTC
