"""Rounds: every checkpoint is ticked off by who walks there, and one that failed files its repair once."""

import io
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import ProgrammingError
from werkzeug.test import TestResponse

from services.kit import testing
from services.kit.database import transaction
from services.tickets.models import tickets
from tests.tickets.planned import HOUR, MONDAY, made, nothing_due, recorded, worked
from tests.tickets.refusals import fields_of, is_problem
from tests.tickets.walking import jpeg

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NOW = MONDAY + 2 * HOUR + timedelta(minutes=5)
POINTS: list[dict[str, Any]] = [
    {"name": "东门", "instruction": "看门锁", "repair_code": "equipment-maintenance"},
    {"name": "水泵房", "code": "PUMP-7"},
]


@pytest.fixture(autouse=True)
def _nothing_due_before(worker_engine: Engine) -> None:
    nothing_due(worker_engine)


def walking(estate: "Estate", engine: Engine, points: list[dict[str, Any]]) -> dict[str, Any]:
    """File a round and bring its crew to where it starts; returns its ticket."""
    plan = made(
        estate, kind="patrol_round", catalogue_code="patrol", title="夜间巡更", location="园区", checkpoints=points
    )
    worked(engine, MONDAY + HOUR)
    ticket = estate.get("dispatcher", f"/tickets/{recorded(engine, plan)[-1]['ticket_id']}").json
    with testing.at(MONDAY + 2 * HOUR):
        for verb in ("claim", "depart", "arrive"):
            ticket = estate.step("crew", ticket, verb)
    return dict(ticket)


def tick(estate: "Estate", ticket: dict[str, Any], n: int, name: str = "crew", **body: Any) -> TestResponse:
    with testing.at(NOW):
        return estate.post(name, f"/tickets/{ticket['id']}/checkpoints/{n}", {"result": "ok", **body})


def round_of(estate: "Estate", ticket: dict[str, Any], name: str = "manager") -> dict[str, Any]:
    return dict(estate.get(name, f"/tickets/{ticket['id']}/checkpoints").json)


def test_a_round_is_complete_when_every_checkpoint_is(estate: "Estate", worker_engine: Engine) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    seen = round_of(estate, ticket, "crew")
    assert [(point["n"], point["name"], point["needs_code"]) for point in seen["items"]] == [
        (1, "东门", False), (2, "水泵房", True),
    ]  # fmt: skip
    assert "PUMP-7" not in str(seen)
    assert (seen["open"], seen["failed"], seen["occurs_at"]) == (2, 0, "2031-03-03T01:00:00+00:00")
    assert tick(estate, ticket, 1, note="锁好").json["ticked_by_name"] is None
    with testing.at(NOW):
        estate.step("crew", ticket, "start")
        early = estate.post("crew", f"/tickets/{ticket['id']}/complete")
    is_problem(early, 409)
    assert early.json["checkpoints"] == [{"n": 2, "name": "水泵房"}]
    assert fields_of(tick(estate, ticket, 2)) == {"code"}
    assert fields_of(tick(estate, ticket, 2, code="PUMP-8")) == {"code"}
    assert tick(estate, ticket, 2, code="PUMP-7").status_code == 200
    with testing.at(NOW):
        assert estate.step("crew", ticket, "complete")["status"] == "completed"
    done = round_of(estate, ticket)
    assert (done["open"], done["items"][0]["ticked_by_name"], done["items"][0]["note"]) == (0, "crew badge", "锁好")
    is_problem(tick(estate, ticket, 1), 409)


def test_a_failed_checkpoint_files_one_repair(estate: "Estate", worker_engine: Engine) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    assert fields_of(tick(estate, ticket, 1, result="failed")) == {"note"}
    answers: list[TestResponse] = []
    ready = threading.Barrier(4)

    def failing() -> None:
        ready.wait()
        headers = testing.bearer(estate.people["crew"])
        answers.append(
            estate.client.application.test_client().post(
                f"/api/v1/tickets/{ticket['id']}/checkpoints/1",
                json={"result": "failed", "note": "门锁坏了"},
                headers=headers,
            )
        )

    walkers = [threading.Thread(target=failing) for _ in range(4)]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    won = next(answer.json for answer in answers if answer.status_code == 200)
    lost = next(answer.json for answer in answers if answer.status_code == 409)
    assert lost["repair_ticket_id"] == won["repair_ticket_id"]
    repair = estate.get("dispatcher", f"/tickets/{won['repair_ticket_id']}").json
    assert (repair["about_ticket_id"], repair["catalogue_code"]) == (ticket["id"], "equipment-maintenance")
    assert repair["description"] == "东门：门锁坏了"
    with worker_engine.connect() as db:
        about = tickets.c.about_ticket_id == ticket["id"]
        assert db.execute(select(func.count()).select_from(tickets).where(about)).scalar_one() == 1
    assert round_of(estate, ticket)["failed"] == 1
    notes = [entry["note"] for entry in estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"]]
    assert repair["number"] in str(notes[-1])


def test_a_checkpoint_told_later_has_its_own_time_and_a_refusal_says_both(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    seen, sent = NOW - timedelta(minutes=3), NOW - timedelta(seconds=1)
    said = {"acted_at": seen.isoformat(), "sent_at": sent.isoformat()}
    moment = datetime.fromisoformat(tick(estate, ticket, 1, **said).json["ticked_at"])
    assert moment == NOW - (sent - seen)
    assert fields_of(tick(estate, ticket, 1, acted_at=seen.isoformat())) == {"sent_at"}
    tick(estate, ticket, 1, result="failed", note="门锁坏了", **said)
    again = tick(estate, ticket, 1, result="failed", note="门锁坏了", **said)
    is_problem(again, 409)
    assert again.json["why"] == "already_done"
    with testing.at(NOW):
        estate.step("dispatcher", ticket, "release", {"reason": "换人"})
    gone = tick(estate, ticket, 2, code="PUMP-7", **said)
    is_problem(gone, 403)
    assert (gone.json["why"], gone.json["ticket"]["status"]) == ("not_yours", "acknowledged")
    assert gone.json["wanted"]["acted_at"] == seen.isoformat()


def test_a_mind_may_change_from_well_to_broken_only(estate: "Estate", worker_engine: Engine) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    assert tick(estate, ticket, 1).json["result"] == "ok"
    assert tick(estate, ticket, 1, result="failed", note="再看坏了").json["result"] == "failed"
    is_problem(tick(estate, ticket, 1), 409)


def test_a_photo_must_be_of_the_round(estate: "Estate", worker_engine: Engine) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    headers = testing.bearer(estate.people["crew"])
    sent = {"photo": (io.BytesIO(jpeg()), "a.jpg")}
    photo = estate.client.post(f"/api/v1/tickets/{ticket['id']}/photos", data=sent, headers=headers).json["id"]
    assert fields_of(tick(estate, ticket, 1, photo_id=testing.fresh())) == {"photo_id"}
    assert tick(estate, ticket, 1, photo_id=photo).json["photo_id"] == photo


def test_only_who_walks_the_round_ticks_it_off(
    estate: "Estate", new_estate: Callable[[], "Estate"], worker_engine: Engine
) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    for name in ("colleague", "dispatcher", "manager", "resident", "admin"):
        is_problem(tick(estate, ticket, 1, name), 403)
    other = new_estate()
    is_problem(other.post("crew", f"/tickets/{ticket['id']}/checkpoints/1", {"result": "ok"}), 404)
    is_problem(other.get("manager", f"/tickets/{ticket['id']}/checkpoints"), 404)
    is_problem(estate.get("resident", f"/tickets/{ticket['id']}/checkpoints"), 403)
    for n in (0, 3, 99999999999):
        is_problem(tick(estate, ticket, n), 404)


def test_nothing_is_ticked_off_before_somebody_is_there(estate: "Estate", worker_engine: Engine) -> None:
    plan = made(estate, kind="cleaning_round", catalogue_code="cleaning-shared", checkpoints=POINTS)
    worked(worker_engine, MONDAY + HOUR)
    ticket = {"id": recorded(worker_engine, plan)[0]["ticket_id"]}
    is_problem(tick(estate, ticket, 1), 403)
    with testing.at(NOW):
        estate.step("crew", ticket, "claim")
    is_problem(tick(estate, ticket, 1), 409)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("result", ("fine", None, 1, "")),
        ("note", ("", 5, "x" * 1001, "a\x00b")),
        ("photo_id", ("x", 5)),
        ("code", ("", 5, "x" * 121)),
        ("unknown", (1,)),
    ],
)
def test_a_bad_tick_is_refused_by_the_field(
    estate: "Estate", worker_engine: Engine, field: str, values: tuple[Any, ...]
) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    for value in values:
        answer = tick(estate, ticket, 1, **{field: value})
        is_problem(answer, 422)
        assert fields_of(answer) == {field}


def test_a_later_change_of_the_plan_leaves_a_filed_round_alone(estate: "Estate", worker_engine: Engine) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    plan_id = round_of(estate, ticket)["plan_id"]
    with testing.at(NOW):
        changed = estate.ask("PATCH", "manager", f"/plans/{plan_id}", {"checkpoints": [{"name": "屋顶"}]}, If_Match="*")
    assert [point["name"] for point in changed.json["checkpoints"]] == ["屋顶"]
    assert [point["name"] for point in round_of(estate, ticket)["items"]] == ["东门", "水泵房"]


def test_the_database_lets_nobody_tick_in_anothers_name(
    estate: "Estate", worker_engine: Engine, web_engine: Engine
) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    forged = "UPDATE ticket_checkpoints SET result = 'ok', ticked_at = now(), ticked_by = :who WHERE ticket_id = :id"
    for name, who in (("crew", "colleague"), ("manager", "manager")):
        words = {"who": estate.people[who].id, "id": ticket["id"]}
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            transaction(web_engine, estate.people[name]) as db,
        ):
            db.execute(text(forged), words)
    with transaction(web_engine, estate.people["resident"]) as db:
        assert db.execute(text("SELECT count(*) FROM ticket_checkpoints")).scalar_one() == 0


@pytest.mark.parametrize("read", ["PUMP-7", "pump-7", " PUMP-7 ", "https://desk.example/q/PUMP-7", "/q/pump-7/?utm=x"])
def test_a_label_is_read_as_it_is_typed_or_scanned(estate: "Estate", worker_engine: Engine, read: str) -> None:
    ticket = walking(estate, worker_engine, POINTS)
    found = estate.get("crew", f"/jobs/checkpoints?{urlencode({'code': read})}").json["items"]
    assert [(one["ticket_id"], one["n"], one["name"]) for one in found] == [(ticket["id"], 2, "水泵房")]
    assert tick(estate, ticket, 2, code=read).status_code == 200


def test_only_who_walks_a_round_finds_its_checkpoint_by_a_label(estate: "Estate", worker_engine: Engine) -> None:
    ticket = walking(estate, worker_engine, [*POINTS, {"name": "水泵房后门", "code": "PUMP-7"}])
    asked = "/jobs/checkpoints?code=PUMP-7"
    assert estate.get("crew", "/jobs/checkpoints?code=PUMP-8").json["items"] == []
    assert estate.get("colleague", asked).json["items"] == []
    is_problem(estate.get("resident", asked), 403)
    assert fields_of(estate.get("crew", "/jobs/checkpoints")) == {"code"}
    assert tick(estate, ticket, 2, code="PUMP-7").status_code == 200
    found = estate.get("crew", asked).json["items"]
    assert [one["n"] for one in found] == [3, 2]
    assert all("code" not in one for one in found)
