"""Community events: the last place has one winner, the next in turn moves up; volunteers' hours need the desk."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from services.kit import testing
from services.kit.database import transaction
from services.kit.erasures import Erasure
from services.tickets.erasing_plans import erase_planned
from tests.tickets.planned import body as plan_body
from tests.tickets.planned import told
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NOW = datetime(2031, 3, 3, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def body(estate: "Estate", **changes: Any) -> dict[str, Any]:
    return {
        "community_id": estate.community_id,
        "title": "中秋联欢",
        "description": "一起赏月。",
        "location": "中心花园",
        "starts_at": "2031-03-10T19:00:00+08:00",
        "ends_at": "2031-03-10T21:00:00+08:00",
        "capacity": 2,
    } | changes


def announced(estate: "Estate", **changes: Any) -> str:
    """Announce an event and return its path."""
    with testing.at(NOW):
        answer = estate.post("dispatcher", "/events", body(estate, **changes))
    assert answer.status_code == 201, answer.json
    return f"/events/{answer.json['id']}"


def asked(estate: "Estate", name: str, path: str, sent: Any = None, at: datetime = NOW) -> Any:
    with testing.at(at):
        return estate.post(name, path, sent)


def neighbours(estate: "Estate", count: int) -> list[str]:
    names = [f"neighbour {n}" for n in range(count)]
    for name in names:
        estate.join(name, "resident", unit_ids=(estate.home,))
    return names


def test_the_last_place_has_one_winner(estate: "Estate", worker_engine: Engine) -> None:
    path, names = announced(estate, capacity=3), neighbours(estate, 8)
    ready = threading.Barrier(len(names))

    def sign_up(name: str) -> None:
        client = estate.client.application.test_client()
        ready.wait()
        client.post(f"/api/v1{path}/sign-up", json={}, headers=testing.bearer(estate.people[name]))

    people = [threading.Thread(target=sign_up, args=(name,)) for name in names]
    for person in people:
        person.start()
    for person in people:
        person.join()
    view = estate.get("manager", path).json
    assert (view["taken"], view["waiting"], view["capacity"]) == (3, 5, 3)
    listed = estate.get("dispatcher", f"{path}/sign-ups").json["items"]
    # Whoever came first has a place: nobody on the waiting list was before them.
    assert [one["place"] for one in listed] == ["coming"] * 3 + ["waiting"] * 5


def test_who_waited_longest_moves_up(estate: "Estate", worker_engine: Engine) -> None:
    path, names = announced(estate, capacity=1), neighbours(estate, 3)
    places = [asked(estate, name, f"{path}/sign-up").json["my_place"] for name in names]
    assert places == ["coming", "waiting", "waiting"]
    assert asked(estate, names[1], f"{path}/sign-up").json["my_place"] == "waiting"
    assert asked(estate, names[0], f"{path}/withdraw").json["my_place"] == "withdrawn"
    assert [estate.get(name, path).json["my_place"] for name in names] == ["withdrawn", "coming", "waiting"]
    promoted = [("event.promoted.v1", estate.people[names[1]].id)]
    assert told(worker_engine, path.removeprefix("/events/")) == promoted
    # Who comes back stands at the end.
    assert asked(estate, names[0], f"{path}/sign-up").json["my_place"] == "waiting"
    with testing.at(NOW):
        wider = estate.ask("PATCH", "manager", path, {"capacity": 2}, If_Match='"v1"')
    assert (wider.json["taken"], wider.json["waiting"]) == (2, 1)
    assert estate.get(names[2], path).json["my_place"] == "coming"
    with testing.at(NOW):
        less = estate.ask("PATCH", "manager", path, {"capacity": 1}, If_Match='"v2"')
        assert fields_of(less) == {"capacity"}
        is_problem(estate.ask("PATCH", "manager", path, {"capacity": 3}), 428)
        is_problem(estate.ask("PATCH", "manager", path, {"capacity": 3}, If_Match='"v1"'), 412)
    is_problem(asked(estate, "neighbour", f"{path}/withdraw"), 409)


def test_signing_up_ends_and_an_event_can_be_called_off(estate: "Estate", worker_engine: Engine) -> None:
    path = announced(estate, sign_up_until="2031-03-09T20:00:00+08:00")
    assert asked(estate, "resident", f"{path}/sign-up", at=NOW).status_code == 200
    is_problem(asked(estate, "neighbour", f"{path}/sign-up", at=NOW + 7 * DAY), 409)
    assert asked(estate, "manager", f"{path}/cancel").json["state"] == "cancelled"
    cancelled = [("event.cancelled.v1", estate.people["resident"].id)]
    assert told(worker_engine, path.removeprefix("/events/")) == cancelled
    for name, verb in (("neighbour", "sign-up"), ("resident", "withdraw"), ("manager", "cancel")):
        is_problem(asked(estate, name, f"{path}/{verb}"), 409)


def test_who_signed_up_is_told_of_another_time_or_place(estate: "Estate", worker_engine: Engine) -> None:
    path = announced(estate, capacity=1)
    for name in ("resident", "neighbour"):
        assert asked(estate, name, f"{path}/sign-up").status_code == 200
    heard = [("event.moved.v1", estate.people[name].id) for name in ("resident", "neighbour")]
    with testing.at(NOW):
        for version, (changes, times) in enumerate(
            (
                ({"description": "带上茶杯"}, 0),
                ({"location": "活动室"}, 1),
                ({"location": "活动室", "title": "茶话会"}, 1),
                ({"starts_at": "2031-03-10T16:00:00+08:00", "ends_at": "2031-03-10T18:00:00+08:00"}, 2),
            ),
            start=1,
        ):
            answer = estate.ask("PATCH", "dispatcher", path, changes, If_Match=f'"v{version}"')
            assert answer.status_code == 200, answer.json
            assert told(worker_engine, path.removeprefix("/events/")) == heard * times


def test_who_came_is_recorded_once_it_began(estate: "Estate") -> None:
    path = announced(estate)
    asked(estate, "resident", f"{path}/sign-up")
    came = {"person_id": estate.people["resident"].id, "attended": True}
    is_problem(asked(estate, "dispatcher", f"{path}/attendance", came), 409)
    begun = NOW + 8 * DAY
    assert asked(estate, "dispatcher", f"{path}/attendance", came, begun).json["attended"] == 1
    other = {**came, "person_id": estate.people["neighbour"].id}
    assert fields_of(asked(estate, "dispatcher", f"{path}/attendance", other, begun)) == {"person_id"}
    assert estate.get("manager", f"{path}/sign-ups").json["items"][0]["attended"] is True


def test_events_are_listed_those_to_come_and_those_that_are_over(estate: "Estate") -> None:
    later = announced(estate, starts_at="2031-03-12T19:00:00+08:00", ends_at="2031-03-12T21:00:00+08:00")
    sooner = announced(estate)
    with testing.at(NOW):
        first = estate.get("resident", "/events?limit=1")
        assert [f"/events/{item['id']}" for item in first.json["items"]] == [sooner]
        more = first.headers["Link"].split(">")[0].lstrip("<").removeprefix("/api/v1")
        assert [f"/events/{item['id']}" for item in estate.get("resident", more).json["items"]] == [later]
        assert estate.get("crew", "/events?past=true").json["items"] == []
    with testing.at(NOW + 30 * DAY):
        over = estate.get("resident", "/events?past=true").json["items"]
    assert [f"/events/{item['id']}" for item in over] == [later, sooner]


def test_events_are_their_communitys_and_sign_ups_ones_own(
    estate: "Estate", new_estate: Callable[[], "Estate"], web_engine: Engine
) -> None:
    path = announced(estate)
    asked(estate, "resident", f"{path}/sign-up")
    other = new_estate()
    estate.join("far", "manager", community_ids=(testing.fresh(),))
    estate.join("elsewhere", "resident", unit_ids=(other.home,))
    for who, name in ((other, "resident"), (other, "manager"), (estate, "far"), (estate, "elsewhere")):
        is_problem(who.get(name, path), 404)
        verb = "sign-up" if who.people[name].role == "resident" else "cancel"
        is_problem(asked(who, name, f"{path}/{verb}"), 404)
        assert who.get(name, "/events").json["items"] == []
    is_problem(estate.get("resident", f"{path}/sign-ups"), 403)
    for name, seen in (("resident", 1), ("neighbour", 0), ("crew", 0), ("manager", 1), ("far", 0)):
        with transaction(web_engine, estate.people[name]) as db:
            assert db.execute(text("SELECT count(*) FROM sign_ups")).scalar_one() == seen, name
    # A resident may lock an event to sign up for it, and change nothing of it.
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction(web_engine, estate.people["resident"]) as db,
    ):
        db.execute(text("UPDATE gatherings SET capacity = 9999"))


@pytest.mark.parametrize("name", ["resident", "crew", "admin"])
def test_events_are_announced_by_the_desk(estate: "Estate", name: str) -> None:
    path = announced(estate)
    for answer in (
        asked(estate, name, "/events", body(estate)),
        asked(estate, name, f"{path}/cancel"),
        asked(estate, name, f"{path}/attendance", {"person_id": testing.fresh(), "attended": True}),
        estate.ask("PATCH", name, path, {"title": "x"}, If_Match="*"),
        estate.get(name, "/volunteers"),
    ):
        is_problem(answer, 403)
    is_problem(asked(estate, "manager", f"{path}/sign-up"), 403)


BAD: dict[str, tuple[Any, ...]] = {
    "community_id": ("x", None, testing.fresh()),
    "title": ("", None, "x" * 121, 5),
    "description": ("", None),
    "location": ("", None, "a\nb"),
    "need_level": (1, 2, 6, "3", True),
    "starts_at": ("soon", "2031-03-02T09:00:00+08:00", "9999-12-31T23:59:59-23:59", None),
    "ends_at": ("2031-03-10T18:00:00+08:00", None),
    "sign_up_until": ("2031-03-11T19:00:00+08:00", "x"),
    "capacity": (0, -1, 10_001, "2", True, None, 1.5),
    "unknown": (1,),
}


@pytest.mark.parametrize("field", BAD)
def test_a_bad_event_is_refused_by_the_field(estate: "Estate", field: str) -> None:
    for value in BAD[field]:
        answer = asked(estate, "dispatcher", "/events", body(estate, **{field: value}))
        is_problem(answer, 422)
        assert field in fields_of(answer), (value, answer.json)


def test_volunteers_offer_skills_and_hours_count_when_confirmed(estate: "Estate") -> None:
    offered = asked(estate, "resident", "/volunteers", {"skills": ["teaching", "arts"], "note": "周末"})
    assert [skill["name"]["en"] for skill in offered.json["skills"]] == ["Music and arts", "Teaching and tutoring"]
    given = {"on_date": "2031-03-02", "minutes": 90, "what": "辅导作业"}
    hours = asked(estate, "resident", "/volunteers/hours", given).json
    assert (hours["state"], hours["on_date"]) == ("recorded", "2031-03-02")
    mine = estate.get("resident", "/volunteers/me").json
    assert (mine["confirmed_minutes"], mine["waiting_minutes"]) == (0, 90)
    path = f"/volunteers/hours/{hours['id']}/decision"
    is_problem(asked(estate, "resident", path, {"confirmed": True}), 403)
    assert asked(estate, "dispatcher", path, {"confirmed": True}).json["state"] == "confirmed"
    is_problem(asked(estate, "manager", path, {"confirmed": True}), 409)
    more = asked(estate, "manager", "/volunteers/hours", {**given, "person_id": estate.people["resident"].id}).json
    declined = f"/volunteers/hours/{more['id']}/decision"
    assert fields_of(asked(estate, "manager", declined, {"confirmed": False})) == {"reason"}
    assert asked(estate, "manager", declined, {"confirmed": False, "reason": "重复"}).json["state"] == "declined"
    listed = estate.get("manager", "/volunteers?skill=arts").json["items"]
    assert [(one["confirmed_minutes"], one["waiting_minutes"]) for one in listed] == [(90, 0)]
    assert estate.get("manager", "/volunteers?skill=sports").json["items"] == []
    assert [one["state"] for one in estate.get("resident", "/volunteers/hours").json["items"]] == [
        "declined", "confirmed",
    ]  # fmt: skip
    assert asked(estate, "resident", "/volunteers", {"skills": []}).json["skills"] == []
    assert estate.get("resident", "/volunteers/me").json["confirmed_minutes"] == 90


def test_bad_hours_are_refused_by_the_field(estate: "Estate") -> None:
    given = {"on_date": "2031-03-02", "minutes": 90, "what": "辅导作业"}
    assert fields_of(asked(estate, "resident", "/volunteers/hours", given)) == {"person_id"}
    asked(estate, "resident", "/volunteers", {"skills": ["teaching"]})
    bad: dict[str, tuple[Any, ...]] = {
        "on_date": ("2031-03-04", "2029-01-01", "x", None),
        "minutes": (0, 1441, "5", True, None),
        "what": ("", None, "x" * 201),
        "event_id": (testing.fresh(), "x"),
        "unknown": (1,),
    }
    for field, values in bad.items():
        for value in values:
            answer = asked(estate, "resident", "/volunteers/hours", {**given, field: value})
            is_problem(answer, 422)
            assert field in fields_of(answer), (field, value, answer.json)
    others = {**given, "person_id": estate.people["neighbour"].id}
    is_problem(asked(estate, "resident", "/volunteers/hours", others), 403)
    for wrong in ([], "teaching", ["flying"], [3], ["teaching"] * 99):
        answer = asked(estate, "neighbour", "/volunteers", {"skills": wrong})
        assert answer.status_code == (200 if wrong == [] else 422), answer.json


def test_volunteers_are_seen_by_themselves_and_their_desk(
    estate: "Estate", new_estate: Callable[[], "Estate"], web_engine: Engine
) -> None:
    asked(estate, "resident", "/volunteers", {"skills": ["teaching"]})
    given = {"on_date": "2031-03-02", "minutes": 90, "what": "辅导作业"}
    hours = asked(estate, "resident", "/volunteers/hours", given).json
    far = estate.join("far", "manager", community_ids=(testing.fresh(),))
    stranger = new_estate()
    assert stranger.get("manager", "/volunteers").json["items"] == []
    is_problem(asked(stranger, "manager", f"/volunteers/hours/{hours['id']}/decision", {"confirmed": True}), 404)
    blind = (estate.people["neighbour"], estate.people["crew"], estate.people["admin"], far, None)
    for who in (*blind, stranger.people["manager"]):
        with transaction(web_engine, who) as db:
            for table in ("volunteers", "volunteer_hours"):
                assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, (table, who)
    # Nobody confirms their own hours, whatever they send.
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction(web_engine, estate.people["resident"]) as db,
    ):
        db.execute(text("UPDATE volunteer_hours SET state = 'confirmed', decided_at = now()"))


def test_erasing_a_resident_leaves_none_of_their_words(estate: "Estate", worker_engine: Engine) -> None:
    who, secret = estate.people["resident"], "奶奶的秘密"
    with testing.at(NOW):
        care = {"kind": "care_visit", "catalogue_code": "care-visit-elder", "unit_id": estate.home}
        plan = plan_body(
            estate, **care, resident_id=who.id, description=secret, title=secret, checkpoints=[{"name": secret}]
        )
        assert estate.post("dispatcher", "/plans", plan).status_code == 201
    asked(estate, "resident", f"{announced(estate)}/sign-up")
    asked(estate, "resident", "/volunteers", {"skills": ["teaching"], "note": secret})
    given = {"on_date": "2031-03-02", "minutes": 90, "what": secret}
    assert asked(estate, "resident", "/volunteers/hours", given).status_code == 201
    erasure = Erasure(testing.fresh(), estate.organisation_id, who.id, who.unit_ids)
    with worker_engine.begin() as db:
        counts = erase_planned(db, erasure, [], "—")
    assert counts == {
        "plans": 1, "plan_checkpoints": 1, "ticket_checkpoints": 0, "sign_ups": 1, "volunteers": 1,
        "volunteer_hours": 1, "announcement_readers": 0,
    }  # fmt: skip
    with worker_engine.connect() as db:
        for table in ("plans", "plan_checkpoints", "sign_ups", "volunteers", "volunteer_hours"):
            found = text(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE :secret")
            assert db.execute(found, {"secret": f"%{secret}%"}).scalar_one() == 0, table
