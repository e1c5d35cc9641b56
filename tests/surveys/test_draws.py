"""Who is called: by lot with the stated probability, or always for a stated reason, and never by a crew's choice."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from services.kit.testing import bearer, fresh
from services.surveys import commands
from services.surveys.drawing import Chance, Sampling, at_completion, of_the_silent, system_chance
from services.surveys.models import draws, return_visits
from tests.surveys.conftest import AT_ONCE, Desk, Ticket
from tests.surveys.offices import MakeOffice, Office, always, never

RULE = {"phone_percent": 50, "silent_percent": 100, "silent_after_days": 3}


@pytest.fixture
def new_office(client: FlaskClient, desk: Desk) -> MakeOffice:
    """Return a function that founds an office."""
    return lambda **changes: Office(client, desk, **changes)


@pytest.fixture
def office(new_office: MakeOffice) -> Office:
    """Return this test's own office."""
    return new_office()


def of_sequence(*values: float) -> Chance:
    """Return a chance that gives these numbers in turn."""
    given = iter(values)
    return lambda: next(given)


@pytest.mark.parametrize("percent", [0, 1, 20, 50, 100])
def test_the_system_s_lot_falls_as_often_as_is_stated(percent: int) -> None:
    times = 20_000
    fallen = sum(at_completion(Sampling(phone_percent=percent), "repair", "routine", system_chance).drawn
                 for _ in range(times))  # fmt: skip
    expected = times * percent / 100
    # Six standard deviations: once in five hundred million runs it lies outside without being wrong.
    assert abs(fallen - expected) <= 6 * math.sqrt(times * percent / 100 * (1 - percent / 100))


def test_the_lot_falls_below_its_probability_and_not_at_it() -> None:
    chance = of_sequence(0.0, 0.1999, 0.2, 0.9)
    assert [at_completion(Sampling(), "repair", "routine", chance).drawn for _ in range(4)] == [
        True, True, False, False,
    ]  # fmt: skip
    silent = of_the_silent(Sampling(silent_percent=30), of_sequence(0.29))
    assert (silent.drawn, silent.drawn_with, silent.round, silent.reason) == (True, 0.3, "silence", "silent")


def test_three_hundred_completions_are_drawn_as_stated_and_each_draw_is_kept(office: Office) -> None:
    for _ in range(300):
        office.completed(chance=system_chance)
    kept = office.draws()
    assert len(kept) == 300
    assert {(draw.round, float(draw.drawn_with), draw.method, draw.reason) for draw in kept} == {
        ("completion", 0.2, "system_random", "random")
    }
    fallen = sum(draw.drawn for draw in kept)
    assert abs(fallen - 60) <= 6 * math.sqrt(300 * 0.2 * 0.8)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"work_type": "complaint"}, "complaint"), ({"urgency": "emergency"}, "emergency")],
)
def test_complaints_and_emergencies_are_always_called_about(
    office: Office, changes: dict[str, Any], reason: str
) -> None:
    ticket = office.completed(chance=never, **changes)
    (call,), (draw,) = office.calls(ticket), office.draws()
    assert (call.reason, float(call.drawn_with)) == (reason, 1.0)
    assert (draw.reason, draw.method, float(draw.drawn_with), draw.drawn) == (reason, "always", 1.0, True)


def test_a_completion_told_twice_is_drawn_once(office: Office) -> None:
    ticket = office.completed(chance=never)
    for _ in range(5):
        office.desk.hear(ticket.completed(crew_id=office.people["crew"].id), chance=always)
    (draw,) = office.draws()
    assert (draw.drawn, office.calls(ticket)) == (False, [])


def test_who_completed_it_has_no_part_in_the_draw(office: Office) -> None:
    """Whatever a crew does at completion, the lot gets the same numbers and falls the same way."""
    for chance in (0.1, 0.5):
        office.completed(chance=of_sequence(chance), crew_id=fresh())
        office.completed(chance=of_sequence(chance), crew_id=None, need_level=5, urgency="urgent")
    assert [draw.drawn for draw in office.draws()] == [True, True, False, False]


def test_a_visit_that_is_over_before_it_began_is_not_drawn(office: Office) -> None:
    ticket = Ticket(fresh(), office.organisation_id)
    office.desk.hear(ticket.reopened(version=7), ticket.completed(version=6), chance=always)
    assert office.draws() == []


def test_a_manager_states_the_probability_for_the_organisation_or_one_community(office: Office) -> None:
    usual = office.ask("dispatcher", "GET", "/callbacks/sampling")
    assert (usual.json["phone_percent"], usual.json["version"], usual.headers["ETag"]) == (20, 0, '"v0"')
    assert usual.json["method"] == "system_random"
    assert put(office, "", RULE, '"v0"').json["version"] == 1
    own = f"/{office.community_id}"
    inherited = office.ask("manager", "GET", f"/callbacks/sampling{own}").json
    assert (inherited["phone_percent"], inherited["version"], inherited["since"]) == (50, 0, None)
    assert put(office, own, {**RULE, "phone_percent": 0}, '"v0"').status_code == 200
    office.completed()
    office.completed(community_id=fresh())
    assert [(float(draw.drawn_with), draw.drawn) for draw in office.draws()] == [(0.0, False), (0.5, True)]
    assert put(office, own, {**RULE, "phone_percent": 7}, '"v1"').status_code == 200
    office.completed()
    assert [float(draw.drawn_with) for draw in office.draws()] == [0.0, 0.5, 0.07]


def put(office: Office, path: str, body: dict[str, Any], tag: str | None, name: str = "manager") -> Any:
    signed = bearer(office.people[name])
    headers = signed if tag is None else {**signed, "If-Match": tag}
    return office.client.put(f"/api/v1/callbacks/sampling{path}", json=body, headers=headers)


def test_a_rule_is_changed_knowingly_and_by_managers(office: Office) -> None:
    assert put(office, "", RULE, None).status_code == 428
    assert put(office, "", RULE, '"v3"').status_code == 412
    assert put(office, "", RULE, '"v0"', "dispatcher").status_code == 403
    office.join("local", "manager", community_ids=(office.community_id,))
    assert put(office, "", RULE, '"v0"', "local").status_code == 403
    assert put(office, f"/{fresh()}", RULE, '"v0"', "local").status_code == 404
    assert put(office, f"/{office.community_id}", RULE, '"v0"', "local").status_code == 200
    for name in ("crew", "resident"):
        assert office.ask(name, "GET", "/callbacks/sampling").status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone_percent", 101), ("phone_percent", -1), ("phone_percent", 0.2), ("silent_percent", "20"),
     ("silent_after_days", 0), ("silent_after_days", 61), ("seed", 42), ("phone_percent", True)],
)  # fmt: skip
def test_a_rule_that_cannot_be_used_names_its_field(office: Office, field: str, value: Any) -> None:
    refused = put(office, "", {**RULE, field: value}, '"v0"')
    assert refused.status_code == 422
    assert field in {error["field"] for error in refused.json["errors"]}


def silent(office: Office, chance: Chance) -> int:
    with office.desk.engine.begin() as db:
        return commands.draw_silent_due(db, AT_ONCE, chance)


def let_days_pass(office: Office, ticket: Ticket) -> None:
    with office.desk.engine.begin() as db:
        mine = (return_visits.c.ticket_id == ticket.id) & return_visits.c.silence_due_at.is_not(None)
        db.execute(update(return_visits).where(mine).values(silence_due_at=datetime.now(UTC) - timedelta(minutes=1)))


def test_who_stays_silent_may_be_drawn_once_more(office: Office) -> None:
    lucky, unlucky = office.completed(chance=never), office.completed(chance=never)
    office.desk.invite()
    (visit,) = office.desk.visits(lucky)
    assert visit.silence_due_at - visit.invited_at == timedelta(days=5)
    assert silent(office, always) == 0
    let_days_pass(office, lucky)
    assert silent(office, always) == 1
    let_days_pass(office, unlucky)
    assert silent(office, never) == 1
    assert silent(office, always) == 0
    (call,) = office.calls(lucky)
    assert (call.state, call.reason, float(call.drawn_with)) == ("open", "silent", 0.2)
    assert office.calls(unlucky) == []
    with office.desk.engine.begin() as db:
        rounds = select(draws.c.round, func.count()).where(draws.c.organisation_id == office.organisation_id)
        counted = {row[0]: row[1] for row in db.execute(rounds.group_by(draws.c.round))}
    assert counted == {"completion": 2, "silence": 2}


def test_who_has_answered_or_is_called_already_is_not_drawn_again(office: Office) -> None:
    called, _ = office.call_to_make()
    answered = office.completed(chance=never)
    office.desk.invite()
    token = office.desk.emitted(answered, "survey.invited.v1")[-1].data["link_token"]
    office.client.post(f"/api/v1/surveys/{token}", json={"solved": True})
    for ticket in (called, answered):
        let_days_pass(office, ticket)
    assert silent(office, always) == 2
    assert {draw.round for draw in office.draws()} == {"completion"}
    assert office.calls(answered) == []
