"""Erasing a resident from the tickets: nothing of theirs is left in any row or file, and history still verifies."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError

from doorstep import replay, verification
from doorstep.personal import found_in
from services.contracts import to_event
from services.contracts.gateway import PersonErased
from services.kit import erasures, migrate, testing
from services.kit.errors import Unavailable
from services.tickets import handlers, pictures
from services.tickets.erasing import ERASED, erase_person, remove_photos
from services.tickets.models import erasure_passes, photo_removals
from services.tickets.settings import TicketsSettings
from tests.tickets.walking import jpeg

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NAME, PHONE = "慕容雪见", "13955501234"


def told(estate: "Estate", name: str = "resident", **changes: Any) -> Any:
    who = estate.people[name]
    fact = PersonErased(account_id=who.id, erasure_id=testing.fresh(), unit_ids=who.unit_ids)
    event = to_event(fact, organisation_id=estate.organisation_id, subject=who.id, at=datetime.now(UTC))
    with estate.engine.begin() as db:
        handlers.handle(db, [event])
    return fact


def photograph(estate: "Estate", ticket: dict[str, Any], name: str = "resident") -> str:
    answer = estate.client.post(
        f"/api/v1/tickets/{ticket['id']}/photos",
        data={"photo": (io.BytesIO(jpeg()), f"{NAME}.jpg")},
        headers=testing.bearer(estate.people[name]),
    )
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def lived(estate: "Estate") -> dict[str, Any]:
    """Let a resident leave their name and telephone number wherever words are taken."""
    ticket = estate.file(
        f"我是{NAME}，电话{PHONE}，厨房水管漏水", title=f"{NAME}家漏水", location=f"{NAME}家厨房",
    )  # fmt: skip
    path = f"/tickets/{ticket['id']}"
    estate.post("resident", f"{path}/comments", {"body": f"请打{PHONE}"}, Idempotency_Key=f'"{PHONE}"')
    estate.post("dispatcher", f"{path}/comments", {"body": f"{NAME}来电", "visible": False}, Idempotency_Key='"a"')
    change = {"reason": f"{NAME}说明了", "catalogue_code": "repair.electrical_fault"}
    codes = [item["code"] for item in estate.get("dispatcher", "/catalogue").json["items"]]
    change["catalogue_code"] = next(code for code in codes if code != ticket["catalogue_code"])
    assert estate.post("dispatcher", f"{path}/override", change, If_Match="*").status_code == 200
    photograph(estate, ticket)
    photograph(estate, ticket, "dispatcher")
    until = (datetime.now(UTC) + timedelta(days=90)).isoformat()
    record = {
        "salutation": {"zh-CN": f"{NAME}女士"},
        "circumstances": [{"kind": "illness", "until": until, "consent": {}}],
        "equipment": [
            {"kind": "other", "model": f"{NAME}的鱼缸", "installed_on": "2024-05-01", "life_months": 60}
        ],
    }  # fmt: skip
    answer = estate.ask("PATCH", "resident", f"/households/{estate.home}", record, If_Match="*")
    assert answer.status_code == 200, answer.json
    for verb in ("claim", "depart", "arrive", "start"):
        estate.step("crew", ticket, verb)
    estate.step("crew", ticket, "complete", {"note": f"已当面告知{NAME}"})
    estate.step("resident", ticket, "reopen", {"reason": f"{NAME}：还在漏"})
    return ticket


def left(server_url: str) -> list[str]:
    return [str(one) for one in found_in(server_url, "tickets", [NAME, PHONE]).where]


def photo_files(settings: TicketsSettings) -> list[Path]:
    return list((settings.kit.home / "photos").rglob("*.jpg"))


def try_to_delete(engine: Engine, table: str, erasure_id: str) -> None:
    with engine.begin() as db:
        db.execute(text("SELECT set_config('doorstep.erasure', :id, true)"), {"id": erasure_id})
        db.execute(text(f"DELETE FROM {table}"))


def test_nothing_is_left_in_any_row_or_file(
    estate: "Estate", settings: TicketsSettings, worker_engine: Engine, server_url: str
) -> None:
    ticket = lived(estate)
    assert {place.partition(".")[0] for place in left(server_url)} >= {
        "tickets", "remarks", "refilings", "idempotency_keys", "households", "household_equipment",
    }  # fmt: skip
    before = len(photo_files(settings))
    told(estate)
    assert left(server_url) == []
    store = pictures.open_store(settings.kit.home, None, None)
    assert remove_photos(worker_engine, store) == 2
    assert remove_photos(worker_engine, store) == 0
    assert len(photo_files(settings)) == before - 4, "each whole, and as pages show it"
    seen = estate.get("dispatcher", f"/tickets/{ticket['id']}").json
    assert (seen["title"], seen["description"], seen["location"], seen["because"]) == (ERASED, ERASED, None, [])
    assert seen["status"] == "reopened"


def test_history_verifies_and_replays_afterwards(estate: "Estate", worker_engine: Engine) -> None:
    ticket = lived(estate)
    told(estate)
    steps = estate.get("dispatcher", f"/tickets/{ticket['id']}/history").json["items"]
    assert [step["note"] for step in steps if step["note"]] == []
    assert sum("remark_sha256" in step["data"] for step in steps) == 5
    with worker_engine.connect().execution_options(isolation_level="REPEATABLE READ") as db:
        problems = [one for one in verification.verify(db, lambda *_: None) if ticket["id"] in one]
        period = replay.Period(organisation_id=estate.organisation_id)
        differing = list(replay.Replay(db, period, lambda *_: None).differing())
    assert (problems, differing) == ([], [])
    case = estate.post("manager", f"/tickets/{ticket['id']}/case-file")
    assert case.status_code in (200, 201, 404, 405)


def test_what_others_of_the_home_wrote_stays_theirs(estate: "Estate", server_url: str) -> None:
    estate.join("spouse", "resident", unit_ids=(estate.home,))
    until = (datetime.now(UTC) + timedelta(days=90)).isoformat()
    for name, kind in (("resident", "illness"), ("spouse", "infant")):
        known = estate.get("spouse", f"/households/{estate.home}").json["circumstances"]
        kept = [{"kind": one["kind"], "until": one["until"]} for one in known]
        wanted = {"circumstances": [*kept, {"kind": kind, "until": until, "consent": {}}], "salutation": {"en": "All"}}
        answer = estate.ask("PATCH", name, f"/households/{estate.home}", wanted, If_Match="*")
        assert answer.status_code == 200, answer.json
    theirs = estate.file("孩子房间的灯坏了", "spouse")
    estate.post("resident", f"/tickets/{theirs['id']}/comments", {"body": f"{NAME}补充"})
    estate.post("spouse", f"/tickets/{theirs['id']}/comments", {"body": "尽快"})
    told(estate)
    assert left(server_url) == []
    record = estate.get("spouse", f"/households/{estate.home}").json
    assert record["salutation"]["en"] == "All"
    assert [one["kind"] for one in record["circumstances"]] == ["infant"]
    assert estate.get("spouse", f"/tickets/{theirs['id']}").json["description"] == "孩子房间的灯坏了"
    words = estate.get("spouse", f"/tickets/{theirs['id']}/comments").json["items"]
    assert [one["body"] for one in words] == ["尽快"]


def test_a_neighbour_and_another_organisation_lose_nothing(estate: "Estate", new_estate: Any) -> None:
    other = new_estate()
    kept = [(estate, estate.file("灯坏了", "neighbour"), "neighbour"), (other, other.file("灯坏了"), "resident")]
    told(estate)
    for place, ticket, name in kept:
        assert place.get(name, f"/tickets/{ticket['id']}").json["description"] == "灯坏了"


def test_twice_is_once_and_late_words_go_in_the_second_pass(
    estate: "Estate", worker_engine: Engine, server_url: str
) -> None:
    fact = told(estate)
    event = to_event(fact, organisation_id=estate.organisation_id, subject=fact.account_id, at=datetime.now(UTC))
    estate.file(f"{NAME}在令牌失效前又提交了一次")
    with worker_engine.begin() as db:
        handlers.handle(db, [event])
    assert left(server_url) != []
    assert erasures.run_due(worker_engine, erasure_passes, erase_person) == 0
    with testing.at(datetime.now(UTC) + erasures.AGAIN_AFTER):
        assert erasures.run_due(worker_engine, erasure_passes, erase_person) >= 1
    assert left(server_url) == []
    with worker_engine.connect() as db:
        wanted = select(erasure_passes).where(erasure_passes.c.erasure_id == fact.erasure_id)
        logged = {row["number"]: row["counts"] for row in db.execute(wanted).mappings()}
    assert logged[2]["tickets"] == 1


@pytest.mark.parametrize("table", ["remarks", "photos", "refilings"])
def test_outside_a_logged_erasure_no_words_go(
    estate: "Estate", worker_engine: Engine, web_engine: Engine, table: str
) -> None:
    lived(estate)
    for engine in (worker_engine, web_engine):
        with pytest.raises(DBAPIError):
            try_to_delete(engine, table, testing.fresh())
    fact = told(estate)
    # A pass that is over opens nothing any more.
    with pytest.raises(DBAPIError):
        try_to_delete(worker_engine, table, fact.erasure_id)


PLANNED = {
    "plans": "INSERT INTO plans (id, organisation_id, community_id, unit_id, location, kind, title, description,"
    " catalogue_code, resident_id, rrule, starts_local, lead_hours, if_missed, late_hours, state, next_at, file_at,"
    " created_by, created_at, changed_by, changed_at, version) VALUES (:id, :organisation, :community, :home, :words,"
    " 'care_visit', :words, :words, 'care.visit', :person, 'FREQ=WEEKLY', '2026-01-01', 1, 'skip', 1, 'active', now(),"
    " now(), :staff, now(), :staff, now(), 1)",
    "plan_checkpoints": "INSERT INTO plan_checkpoints (plan_id, n, organisation_id, name, instruction)"
    " VALUES (:id, 1, :organisation, :words, :words)",
    "ticket_checkpoints": "INSERT INTO ticket_checkpoints (ticket_id, n, organisation_id, name, instruction)"
    " VALUES (:ticket, 1, :organisation, :words, :words)",
    "volunteers": "INSERT INTO volunteers (person_id, organisation_id, community_id, skills, note, offered_at)"
    " VALUES (:person, :organisation, :community, ARRAY[:words], :words, now())",
    "volunteer_hours": "INSERT INTO volunteer_hours (id, organisation_id, community_id, person_id, on_date, minutes,"
    " what, state, recorded_by, recorded_at) VALUES (:id, :organisation, :community, :person, '2026-01-01', 60,"
    " :words, 'recorded', :staff, now())",
}


def test_plans_rounds_and_volunteering_lose_their_words(estate: "Estate", server_url: str) -> None:
    values = {
        "id": testing.fresh(),
        "organisation": estate.organisation_id,
        "community": estate.community_id,
        "home": estate.home,
        "person": estate.people["resident"].id,
        "staff": estate.people["manager"].id,
        "ticket": estate.file()["id"],
        "words": NAME,
    }
    owner = create_engine(migrate.owner_url(server_url, "tickets").replace("postgresql://", "postgresql+psycopg://", 1))
    with owner.begin() as db:
        for statement in PLANNED.values():
            db.execute(text(statement), values)
    assert {place.partition(".")[0] for place in left(server_url)} == set(PLANNED)
    told(estate)
    assert left(server_url) == []
    with owner.begin() as db:
        state = db.execute(text("SELECT state, file_at FROM plans WHERE id = :id"), values).one()
        hours = db.execute(text("SELECT minutes FROM volunteer_hours WHERE id = :id"), values).scalar_one()
    owner.dispose()
    assert (tuple(state), hours) == (("ended", None), 60)


def test_a_store_that_is_away_loses_no_removal(estate: "Estate", worker_engine: Engine, tmp_path: Path) -> None:
    photograph(estate, estate.file())
    told(estate)

    # A folder that is not mounted here.
    with pytest.raises(Unavailable):
        remove_photos(worker_engine, pictures.DiskStore(tmp_path / "photos"))
    with worker_engine.connect() as db:
        theirs = select(photo_removals).where(photo_removals.c.organisation_id == estate.organisation_id)
        assert len(db.execute(theirs).all()) == 1
