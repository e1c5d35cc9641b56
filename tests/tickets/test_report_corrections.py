"""Correcting, handing over, cancelling and promising anew make no figure better than what happened."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.kit import clock, testing
from services.tickets import timers
from services.tickets.models import clocks
from tests.tickets.month import BURST, corrected, minutes, promising, told, worked
from tests.tickets.recounting import follow
from tests.tickets.test_report import report

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def groups(estate: "Estate", grouping: str, **query: str) -> dict[str | None, dict[str, Any]]:
    """Read the report's groups by their key."""
    return {group["key"]: group for group in report(estate, group_by=grouping, **query)["groups"]}


def whole(estate: "Estate") -> dict[str, Any]:
    """Read the report about everything as one group."""
    return dict(report(estate, group_by="organisation")["groups"][0])


def sweep(engine: Engine) -> None:
    """Let the timers notice all that is due."""
    timers.fire_due(engine, lambda: None)


@pytest.mark.parametrize("swept", [False, True])
def test_an_override_moves_no_missed_deadline_to_another_need_level(
    estate: "Estate", worker_engine: Engine, swept: bool
) -> None:
    late = told(estate, BURST, minutes(2000), (3, "crew", "claim"))
    if swept:
        sweep(worker_engine)
    estate.step("dispatcher", late, "override", corrected(), If_Match="*")
    levels = groups(estate, "need_level")
    for kind in ("attend", "resolve"):
        first, third = levels["1"]["clocks"][kind], levels["3"]["clocks"][kind]
        assert (first["breached"], first["overridden"], third["decided"]) == (1, 1, 0)
        assert follow(estate, first["tickets"]["breached"]) == {late["id"]}
        assert follow(estate, third["tickets"]["breached"]) == set()
    assert levels["1"]["clocks"]["acknowledge"]["met"] == 1
    assert (levels["1"]["filed"], levels["3"]["filed"]) == (0, 1), "as a whole it is what it is now"
    assert levels["3"]["flawless"]["flawed"] == 1
    total = report(estate, need_level="1")["total"]["clocks"]["attend"]
    assert (total["breached"], total["overridden"]) == (1, 1)


def test_what_was_met_or_never_corrected_is_not_overridden(estate: "Estate") -> None:
    told(estate, BURST, minutes(2000), (3, "crew", "claim"))
    in_time = told(estate, BURST, minutes(30), *worked("crew", 2, 10))
    estate.step("resident", in_time, "reopen", {"reason": "还在漏"})
    estate.step("dispatcher", in_time, "override", corrected(), If_Match="*")
    found = whole(estate)["clocks"]
    assert found["attend"]["breached"] == 1
    assert {figures["overridden"] for figures in found.values()} == {0}


@pytest.mark.parametrize("swept", [False, True])
def test_an_assignment_charges_no_colleague_with_what_was_late_before(
    estate: "Estate", worker_engine: Engine, swept: bool
) -> None:
    late = told(estate, BURST, minutes(100), (3, "crew", "claim"))
    if swept:
        sweep(worker_engine)
    colleague = estate.people["colleague"].id
    estate.step("dispatcher", late, "assign", {"to": colleague})
    crews = groups(estate, "crew")
    theirs, mine = crews[estate.people["crew"].id]["clocks"], crews[colleague]["clocks"]
    assert (theirs["attend"]["breached"], theirs["acknowledge"]["met"]) == (1, 1)
    assert (mine["attend"]["decided"], mine["acknowledge"]["decided"], mine["resolve"]["open_in_time"]) == (0, 0, 1)
    assert follow(estate, theirs["attend"]["tickets"]["breached"]) == {late["id"]}
    assert follow(estate, mine["attend"]["tickets"]["breached"]) == set()


def test_a_timer_that_looks_late_charges_whoever_had_the_job_when_it_was_due(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = told(estate, BURST, minutes(100), (3, "crew", "claim"))
    sweep(worker_engine)
    wanted = select(clocks.c.crew_id, clocks.c.state).where(
        clocks.c.ticket_id == ticket["id"], clocks.c.kind == "attend"
    )
    with worker_engine.connect() as db:
        noticed = db.execute(wanted).one()
    estate.step("crew", ticket, "release", {"reason": "下班"})
    estate.step("colleague", ticket, "claim")
    with worker_engine.connect() as db:
        assert db.execute(wanted).one() == noticed == (estate.people["crew"].id, "breached")


def test_a_job_that_came_too_late_is_flawed_whatever_becomes_of_it(estate: "Estate") -> None:
    told(estate, BURST, minutes(300), (200, "dispatcher", "cancel"))
    told(estate, BURST, minutes(300), (200, "dispatcher", "decline", {"reason": "不属于物业"}))
    told(estate, BURST, minutes(200))
    told(estate, BURST, minutes(100), *worked("crew", 3, 30), (40, "resident", "reopen", {"reason": "还在漏"}))
    told(estate, BURST, minutes(100), (5, "crew", "claim"), (6, "crew", "promise", promising(1)))
    told(estate, BURST, minutes(60), (2, "resident", "cancel"))  # Withdrawn in time: nothing to say of it.
    told(estate, BURST, minutes(1))  # Nothing wrong yet, and not finished: not counted yet.
    told(estate, BURST, minutes(60), *worked("crew", 3, 30))
    found = whole(estate)["flawless"]
    assert {name: found[name] for name in ("finished", "counted", "flawless", "flawed", "undecided")} == {
        "finished": 1,
        "counted": 6,
        "flawless": 1,
        "flawed": 5,
        "undecided": 0,
    }
    assert found["rate"] == pytest.approx(1 / 6)
    assert found["flawed_by"] == {"missed_clock": 4, "broken_promise": 1, "was_reopened": 1, "unhappy": 0}
    for name in ("counted", "flawed"):
        assert len(follow(estate, found["tickets"][name])) == found[name]


def test_promises_moved_again_and_again_are_counted(estate: "Estate") -> None:
    moved = [(10 + 5 * n, "crew", "promise", promising(10)) for n in range(6)]
    done = (200, "crew", "complete")
    slipping = told(estate, BURST, minutes(300), (2, "crew", "claim"), (3, "crew", "start"), *moved,
                    (60, "crew", "promise", promising(500)), done)  # fmt: skip
    told(estate, BURST, minutes(300), (2, "crew", "claim"), (3, "crew", "promise", promising(500)),
         (4, "crew", "start"), done)  # fmt: skip
    promises = whole(estate)["promises"]
    assert {name: promises[name] for name in ("kept", "broken", "open", "moved")} == {
        "kept": 2,
        "broken": 1,  # The sixth was due at 45 minutes, and the next one came at 60.
        "open": 0,
        "moved": 5,
    }
    assert follow(estate, promises["tickets"]["moved"]) == {slipping["id"]}


def test_a_job_missed_twice_is_two_clocks_and_one_ticket(estate: "Estate") -> None:
    reopen = [(620, "resident", "reopen", {"reason": "还在漏"}), (630, "crew", "claim"), (635, "crew", "start")]
    twice = told(estate, BURST, minutes(3000), *worked("crew", 3, 600), *reopen, (1500, "crew", "complete"))
    once = told(estate, BURST, minutes(3000), *worked("colleague", 3, 600))
    found = report(estate, group_by="crew")
    for figures, tickets in (
        (found["total"], {twice["id"], once["id"]}),
        (next(g for g in found["groups"] if g["key"] == estate.people["crew"].id), {twice["id"]}),
    ):
        resolve = figures["clocks"]["resolve"]
        assert (resolve["breached"], resolve["tickets_counted"]["breached"]) == (len(tickets) + 1, len(tickets))
        assert resolve["tickets_counted"]["decided"] == len(tickets)
        assert follow(estate, resolve["tickets"]["breached"]) == tickets
        assert figures["clocks"]["attend"]["tickets_counted"]["met"] == figures["clocks"]["attend"]["met"]


def test_one_need_level_asked_for_is_the_one_shown(estate: "Estate") -> None:
    told(estate, BURST, minutes(10))
    found = report(estate, need_level="1", group_by="need_level")
    assert [group["key"] for group in found["groups"]] == ["1"]
    assert [group["filed"] for group in found["groups"]] == [1]
    assert [group["key"] for group in report(estate, need_level="4", group_by="need_level")["groups"]] == ["4"]
    assert [group["key"] for group in report(estate, need_level="none", group_by="need_level")["groups"]] == [None]


@pytest.mark.parametrize("ago", [5, 3000])
def test_a_cancelled_job_has_no_first_resolution(estate: "Estate", ago: float) -> None:
    ticket = told(estate, BURST, minutes(ago), (ago - 1, "dispatcher", "cancel"))
    said = (estate.get("manager", f"/tickets/{ticket['id']}/clocks").json or {})["resolution"]
    assert (said["first_contract_seconds"], said["first_lived_seconds"]) == (None, None)
    assert whole(estate)["resolution"]["first"]["lived"]["n"] == 0


def test_a_run_that_new_terms_began_anew_is_no_first_resolution(estate: "Estate") -> None:
    """Where the policy counts from the switch, the run before it ended, and nothing was resolved."""
    etag = estate.get("manager", f"/communities/{estate.community_id}/policy").headers["ETag"]
    document = (estate.get("manager", f"/communities/{estate.community_id}/policy").json or {})["document"]
    body = {"document": document | {"switches": {"switched_policy": "from_switch"}}, "note": "从变更起算"}
    answer = estate.put("manager", f"/communities/{estate.community_id}/policy", body, If_Match=etag)
    assert answer.status_code == 200, answer.json
    began = clock.now() - timedelta(hours=3)
    with testing.at(began):
        ticket = estate.file(BURST)
        estate.step("crew", ticket, "claim")
    with testing.at(began + minutes(20)):
        milder = {"reason": "没那么急", "urgency": "urgent"}
        estate.step("dispatcher", ticket, "override", milder, If_Match="*")
        estate.step("crew", ticket, "start")
    with testing.at(began + minutes(50)):
        estate.step("crew", ticket, "complete")
    said = (estate.get("manager", f"/tickets/{ticket['id']}/clocks").json or {})["resolution"]
    assert said["first_lived_seconds"] == pytest.approx(50 * 60)
    assert said["first_contract_seconds"] == pytest.approx(30 * 60)
    first = whole(estate)["resolution"]["first"]
    assert (first["lived"]["n"], first["lived"]["p50"]) == (1, pytest.approx(50 * 60))
    assert first["contract"]["p50"] == pytest.approx(30 * 60)
