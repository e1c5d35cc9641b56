"""What became of an appointment, told by history alone; and what waits for a time that the household wished."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from doorstep.verification import verify
from services.kit import testing
from services.tickets.appointments import appointments_of
from tests.tickets.busy_desk import sweep
from tests.tickets.case_made import export
from tests.tickets.conftest import signed_in
from tests.tickets.telling import told
from tests.tickets.test_replay import replayed
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# Filed on the day before yesterday at noon in Shanghai; the visit is agreed for two to five o'clock.
NOON = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0) - timedelta(days=2)
BEGINS, ENDS = NOON + 2 * HOUR, NOON + 5 * HOUR
LEAK = "厨房水管漏水"
AWAY: dict[str, str] = {"reason": "access", "note": "敲门无人应答"}


def is_provable(estate: "Estate", engine: Engine, ticket: dict[str, Any]) -> None:
    """Everything that is stored of a ticket follows from its history, by both of the programs that say so."""
    sweep(engine)
    assert replayed(engine, estate)[0] == []
    with engine.connect() as db:
        assert [found for found in verify(db, lambda done, of: None) if ticket["number"] in found] == []


def window(begins: datetime = BEGINS, ends: datetime = ENDS) -> dict[str, str]:
    return {"from": begins.isoformat(), "to": ends.isoformat()}


def seen(ticket: dict[str, Any]) -> dict[str, Any]:
    return {"seen": ticket["appointment"]["version"]} if ticket["appointment"] else {}


def expected(estate: "Estate", wished: bool = False) -> dict[str, Any]:
    """Return a job that the crew has since noon, with a visit from two to five."""
    with testing.at(NOON):
        ticket = estate.step("crew", estate.file(LEAK), "claim")
        ticket = estate.step("resident" if wished else "crew", ticket, "propose", window())
    with testing.at(NOON + 10 * MINUTE):
        return estate.step("crew" if wished else "resident", ticket, "agree", seen(ticket))


def what_became(estate: "Estate", ticket: dict[str, Any], at: datetime) -> list[tuple[str, str | None]]:
    with testing.at(at):
        items = estate.get("resident", f"/tickets/{ticket['id']}/appointments").get_json()["items"]
    return [(one["became"], one["became_at"]) for one in items]


# What was done, each with the hours since noon, who did it and with which words; and what became of it by the evening.
CASES: list[tuple[str, list[tuple[Any, ...]], str, float]] = [
    ("Somebody came in the window.", [(3, "arrive")], "kept", 3),
    ("Work that begins there says that somebody came.", [(4, "start")], "kept", 4),
    ("To the very end of it.", [(5, "arrive")], "kept", 5),
    ("Nobody came.", [], "missed", 5),
    ("Somebody came too late.", [(5.1, "arrive")], "missed", 5),
    ("To be on the way is not to be there.", [(4.9, "depart")], "missed", 5),
    ("Early, and still there as it began.", [(1, "arrive"), (1.5, "start")], "kept", 2),
    ("Early, away again, and not back in time.", [(1, "arrive"), (1.1, "pause", AWAY)], "missed", 5),
    ("Early, away again, and back in time.", [(1, "arrive"), (1.1, "pause", AWAY), (3, "resume")], "kept", 3),
    ("Nobody let them in.", [(3, "arrive"), (3.2, "pause", AWAY)], "not_at_home", 3.2),
    ("They waited, and were let in.", [(3, "arrive"), (3.2, "pause", AWAY), (4, "resume")], "kept", 3),
    ("It went on when the window was over.", [(3, "arrive"), (3.2, "pause", AWAY), (5.5, "resume")],
     "not_at_home", 3.2),
    ("The desk knows that somebody was at home.",
     [(3, "arrive"), (3.2, "pause", AWAY), (3.5, "disallow", {"reason": "监控显示未敲门"}, "dispatcher")], "missed", 5),
    ("There, and a part was lacking.",
     [(3, "arrive"), (3.2, "pause", {"reason": "parts", "note": "缺阀门"})], "kept", 3),
    ("Called off by the desk before it began.", [(1, "call-off")], "called_off", 1),
    ("Called off by the desk while they were waiting.", [(4, "call-off")], "missed", 5),
    ("Called off by the household while it lasted.", [(4, "call-off", {}, "resident")], "called_off", 4),
    ("Called off when it was over.", [(6, "call-off", {}, "resident")], "missed", 5),
    ("Another time was agreed to.", [(1, "agree", {**window(NOON + 26 * HOUR, NOON + 28 * HOUR), "spoken": True})],
     "replaced", 1),
    ("Another time was agreed to when it was over.",
     [(6, "agree", {**window(NOON + 26 * HOUR, NOON + 28 * HOUR), "spoken": True})], "missed", 5),
    ("What is only proposed changes nothing.", [(1, "propose", window(NOON + 26 * HOUR, NOON + 28 * HOUR))],
     "missed", 5),
    ("Taken back before it began.", [(1, "cancel", {}, "resident")], "ended", 1),
    ("Taken back when nobody had come.", [(6, "cancel", {}, "resident")], "missed", 5),
    ("Done before it began.", [(0.5, "start"), (1, "complete")], "ended", 1),
]  # fmt: skip


def taken(
    estate: "Estate", ticket: dict[str, Any], after: float, verb: str, body: Any = None, who: str = "crew"
) -> dict[str, Any]:
    """Take a step so many hours after noon; a pause lasts two hours at the most."""
    said = dict(body or {})
    if verb == "pause":
        said["until"] = (NOON + (after + 2) * HOUR).isoformat()
    if verb in ("propose", "agree", "call-off"):
        said |= seen(ticket)
    with testing.at(NOON + after * HOUR):
        return estate.step(who, ticket, verb, said)


@pytest.mark.parametrize(("sentence", "done", "became", "hours"), CASES, ids=[case[0] for case in CASES])
def test_what_became_of_it(
    estate: "Estate", worker_engine: Engine, sentence: str, done: list[tuple[Any, ...]], became: str, hours: float
) -> None:
    ticket = expected(estate)
    for step in done:
        ticket = taken(estate, ticket, *step)
    assert what_became(estate, ticket, NOON + 9 * HOUR)[0] == (became, (NOON + hours * HOUR).isoformat()), sentence
    is_provable(estate, worker_engine, ticket)


def test_the_verdict_does_not_depend_on_when_somebody_looks(estate: "Estate") -> None:
    ticket = expected(estate)
    assert what_became(estate, ticket, ENDS - MINUTE)[0][0] == "agreed"
    assert [what_became(estate, ticket, ENDS + later * HOUR)[0] for later in (0, 1, 30)] == [
        ("missed", ENDS.isoformat())
    ] * 3


def test_a_phone_that_tells_later_counts_from_when_somebody_was_there(estate: "Estate", worker_engine: Engine) -> None:
    ticket = expected(estate)
    assert what_became(estate, ticket, ENDS + HOUR)[0][0] == "missed"
    with testing.at(ENDS + HOUR):
        estate.step("crew", ticket, "arrive", told(BEGINS + HOUR, ENDS + HOUR))
    assert what_became(estate, ticket, ENDS + 2 * HOUR)[0] == ("kept", (BEGINS + HOUR).isoformat())
    is_provable(estate, worker_engine, ticket)


def clocks(estate: "Estate", ticket: dict[str, Any], at: datetime) -> dict[str, dict[str, Any]]:
    with testing.at(at):
        items = estate.get("manager", f"/tickets/{ticket['id']}/clocks").get_json()["items"]
    return {one["clock"]: one for one in items}


def test_what_is_due_waits_for_the_time_that_the_household_wished_and_both_times_stay_provable(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = expected(estate, wished=True)
    running = clocks(estate, ticket, NOON + HOUR)
    assert [running[kind]["paused_until"] for kind in ("attend", "resolve")] == [ENDS.isoformat()] * 2
    with testing.at(BEGINS + HOUR):
        ticket = estate.step("crew", ticket, "arrive")
    with testing.at(BEGINS + 2 * HOUR):
        ticket = estate.step("crew", ticket, "start")
        ticket = estate.step("crew", ticket, "complete")
    done = clocks(estate, ticket, ENDS)
    assert (done["attend"]["pause_seconds"], done["attend"]["lived_seconds"]) == (170 * 60, 180 * 60)
    assert (done["resolve"]["pause_seconds"], done["resolve"]["lived_seconds"]) == (170 * 60, 240 * 60)
    is_provable(estate, worker_engine, ticket)
    with testing.at(ENDS):
        assert export(estate, ticket)


def test_at_the_crews_wish_nothing_waits(estate: "Estate") -> None:
    running = clocks(estate, expected(estate), NOON + HOUR)
    assert [running[kind]["paused_until"] for kind in ("attend", "resolve")] == [None, None]


def test_what_the_desk_records_of_a_call_gives_no_credit(estate: "Estate") -> None:
    with testing.at(NOON):
        ticket = estate.step("dispatcher", estate.file(LEAK), "agree", {**window(), "spoken": True})
    assert clocks(estate, ticket, NOON + HOUR)["attend"]["paused_until"] is None


def test_the_desk_takes_the_credit_of_a_wish_back_and_it_is_not_given_again(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = expected(estate, wished=True)
    with testing.at(NOON + HOUR):
        ticket = estate.step("dispatcher", ticket, "disallow", {"reason": "师傅当时就能上门"})
    assert clocks(estate, ticket, NOON + HOUR)["attend"]["pause_seconds"] == 0
    assert ticket["appointment"]["agreed"]
    with testing.at(NOON + HOUR):
        ticket = estate.step(
            "resident", ticket, "propose", {**window(NOON + 26 * HOUR, ENDS + 24 * HOUR), **seen(ticket)}
        )
        ticket = estate.step("crew", ticket, "agree", seen(ticket))
    assert clocks(estate, ticket, NOON + 2 * HOUR)["attend"]["paused_until"] is None
    is_provable(estate, worker_engine, ticket)


def test_a_crew_pauses_for_what_is_left_after_a_wish_and_for_no_more(estate: "Estate") -> None:
    with testing.at(NOON):
        ticket = estate.step("crew", estate.file(LEAK), "claim")
        later = NOON + timedelta(days=13)
        ticket = estate.step("resident", ticket, "propose", window(later, later + HOUR))
        ticket = estate.step("crew", ticket, "agree", seen(ticket))
    with testing.at(later):
        ticket = estate.step("crew", ticket, "arrive")
        answer = estate.post("crew", f"/tickets/{ticket['id']}/pause", waiting("resident_choice", days=2))
    assert (answer.status_code, answer.get_json()["left_seconds"]) == (422, 86_400)


def test_a_wish_beyond_what_the_policy_allows_is_agreed_to_and_waits_no_longer_than_that(estate: "Estate") -> None:
    with testing.at(NOON):
        ticket = estate.step("crew", estate.file(LEAK), "claim")
        later = NOON + timedelta(days=30)
        ticket = estate.step("resident", ticket, "propose", window(later, later + HOUR))
        ticket = estate.step("crew", ticket, "agree", seen(ticket))
    assert clocks(estate, ticket, NOON)["attend"]["paused_until"] == (NOON + timedelta(days=14)).isoformat()


def test_whoever_is_there_already_pauses_the_job_themselves(estate: "Estate") -> None:
    with testing.at(NOON):
        ticket = estate.step("crew", estate.step("crew", estate.file(LEAK), "claim"), "arrive")
        ticket = estate.step("resident", ticket, "propose", window())
        ticket = estate.step("crew", ticket, "agree", seen(ticket))
    assert clocks(estate, ticket, NOON + HOUR)["resolve"]["paused_until"] is None


def test_of_many_who_answer_at_once_one_is_heard(estate: "Estate") -> None:
    with testing.at(NOON):
        ticket = estate.step("crew", estate.file(LEAK), "claim")
        ticket = estate.step("crew", ticket, "propose", window())
        version, app = ticket["appointment"]["version"], estate.client.application
        path = f"/api/v1/tickets/{ticket['id']}"
        asked = [
            (who, verb, {**(window(BEGINS + n * HOUR, ENDS + n * HOUR) if verb == "propose" else {}), "seen": version})
            for n in range(4)
            for who, verb in (("resident", "propose"), ("crew", "propose"), ("resident", "agree"))
        ]

        def ask(one: tuple[str, str, dict[str, Any]]) -> int:
            who, verb, body = one
            answer = app.test_client().post(f"{path}/{verb}", json=body, headers=signed_in(estate.people[who]))
            return answer.status_code

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(ask, asked))
    assert sorted(answers) == [200] + [409] * 11


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe"])
def test_a_window_over_a_change_of_the_clocks_is_as_long_as_it_lasts(zone: str) -> None:
    """Nine to noon by the clocks of the place, on days on which an hour is lacking, doubled, or neither."""
    place = ZoneInfo(zone)
    for month, day in ((3, 8), (3, 29), (4, 5), (10, 4), (10, 25), (11, 1), (6, 1)):
        begins = datetime(2026, month, day, 0, 30, tzinfo=place)
        ends = datetime(2026, month, day, 3, 30, tzinfo=place)
        lasts = ends.astimezone(UTC) - begins.astimezone(UTC)
        history = [
            entry(1, "propose", begins, {**window(begins, ends), "by": "desk"}),
            entry(2, "agree", begins, {**window(begins, ends), "by": "desk", "spoken": False, "proposal": 1}),
            entry(3, "arrive", begins.astimezone(UTC) + lasts - MINUTE, {}),
        ]
        (one,) = appointments_of(history, ends + HOUR)
        assert one.became == "kept"
        (one,) = appointments_of(history[:2], ends.astimezone(UTC) - MINUTE)
        assert one.became == "agreed"
        (one,) = appointments_of(history[:2], ends)
        assert one.became == "missed"


def entry(seq: int, action: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    status = "on_site" if action == "arrive" else "claimed"
    return {"seq": seq, "action": action, "at": at, "data": data, "status": status, "actor_role": "crew"}
