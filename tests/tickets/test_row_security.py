"""The database's own check: raw SQL as the web role sees only what the person may, and changes no history."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from services.kit import testing
from services.kit.database import transaction
from services.kit.identity import Actor
from services.tickets import writing
from tests.tickets.walking import jpeg

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

OF_TICKETS = ("history", "remarks", "clocks", "photos", "firings")
EVERYTHING = (
    "tickets", *OF_TICKETS, "refilings", "idempotency_keys", "communities", "calendars", "policies", "buildings",
    "units", "people",
)  # fmt: skip


def lived_in(estate: "Estate", engine: Engine) -> str:
    """Leave a row in every table, and return the ticket's id."""
    ticket = estate.file(name="resident")
    path = f"/tickets/{ticket['id']}"
    terms = f"/communities/{estate.community_id}/policy"
    document = {**estate.get("manager", terms).json["document"], "pauses": {}}
    assert estate.put("manager", terms, {"document": document, "note": "a"}, If_Match="*").status_code == 200
    code = "elevator" if ticket["topic"] != "elevator" else "repair"
    items = estate.get("dispatcher", "/catalogue").json["items"]
    other = next(item["code"] for item in items if item["topic"] == code)
    estate.post("dispatcher", f"{path}/override", {"reason": "更正", "catalogue_code": other}, If_Match='"v1"')
    estate.post("dispatcher", f"{path}/comments", {"body": "内部", "visible": False}, Idempotency_Key='"a"')
    estate.post("resident", f"{path}/comments", {"body": "公开"}, Idempotency_Key='"a"')
    headers = testing.bearer(estate.people["resident"])
    estate.client.post(f"/api/v1{path}/photos", data={"photo": (io.BytesIO(jpeg()), "a.jpg")}, headers=headers)
    with engine.begin() as worker:
        worker.execute(
            text(
                "INSERT INTO firings (ticket_id, kind, generation, level, organisation_id, true_at)"
                " VALUES (:ticket, 'attend', 1, 1, :organisation, now())"
            ),
            {"ticket": ticket["id"], "organisation": estate.organisation_id},
        )
    return str(ticket["id"])


def seen(engine: Engine, who: Actor | None, table: str) -> int:
    """Count the rows of a table in somebody's scope."""
    with transaction(engine, who) as db:
        return int(db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_an_empty_scope_sees_nothing(estate: "Estate", web_engine: Engine, worker_engine: Engine) -> None:
    lived_in(estate, worker_engine)
    for table in EVERYTHING:
        assert seen(web_engine, None, table) == 0, table


def test_staff_see_their_organisations_rows(estate: "Estate", web_engine: Engine, worker_engine: Engine) -> None:
    lived_in(estate, worker_engine)
    for table in EVERYTHING:
        assert seen(web_engine, estate.people["dispatcher"], table) > 0, table


@pytest.mark.parametrize("role", ["resident", "crew", "dispatcher", "manager", "admin"])
def test_another_organisation_sees_nothing(
    estate: "Estate", new_estate: Callable[[], "Estate"], web_engine: Engine, worker_engine: Engine, role: str
) -> None:
    ticket_id = lived_in(estate, worker_engine)
    stranger = new_estate().people[role]
    with transaction(web_engine, stranger) as db:
        for table in EVERYTHING:
            found = db.execute(
                text(f"SELECT count(*) FROM {table} WHERE organisation_id = :organisation"),
                {"organisation": estate.organisation_id},
            )
            assert found.scalar_one() == 0, table
        changed = db.execute(text("UPDATE tickets SET urgency = 'routine' WHERE id = :id"), {"id": ticket_id})
        assert changed.rowcount == 0


def test_a_neighbour_sees_nothing_of_a_ticket(estate: "Estate", web_engine: Engine, worker_engine: Engine) -> None:
    lived_in(estate, worker_engine)
    for table in ("tickets", *OF_TICKETS, "idempotency_keys", "refilings"):
        assert seen(web_engine, estate.people["neighbour"], table) == 0, table
    assert seen(web_engine, estate.people["neighbour"], "units") == 1


def test_staff_of_other_communities_see_nothing_of_a_ticket(
    estate: "Estate", web_engine: Engine, worker_engine: Engine
) -> None:
    lived_in(estate, worker_engine)
    far = estate.join("far", "manager", community_ids=(testing.fresh(),))
    for table in ("tickets", *OF_TICKETS):
        assert seen(web_engine, far, table) == 0, table


def test_a_resident_never_sees_an_internal_remark(estate: "Estate", web_engine: Engine, worker_engine: Engine) -> None:
    lived_in(estate, worker_engine)
    with transaction(web_engine, estate.people["resident"]) as db:
        assert db.execute(text("SELECT body FROM remarks WHERE kind = 'comment'")).scalars().all() == ["公开"]


@pytest.mark.parametrize("role", ["", "system", "Resident", "nobody"])
def test_a_role_nobody_knows_sees_no_ticket(
    estate: "Estate", web_engine: Engine, worker_engine: Engine, role: str
) -> None:
    lived_in(estate, worker_engine)
    who = replace(estate.people["admin"], role=role)
    for table in ("tickets", *OF_TICKETS):
        assert seen(web_engine, who, table) == 0, table


def test_a_key_is_its_own_persons(estate: "Estate", web_engine: Engine, worker_engine: Engine) -> None:
    lived_in(estate, worker_engine)
    assert seen(web_engine, estate.people["resident"], "idempotency_keys") == 1
    assert seen(web_engine, estate.people["manager"], "idempotency_keys") == 0


FORBIDDEN = (
    "UPDATE history SET status = 'closed'",
    "DELETE FROM history",
    "TRUNCATE history",
    "DELETE FROM tickets",
    "UPDATE firings SET level = 0",
    "DELETE FROM firings",
    "INSERT INTO firings (ticket_id, kind, generation, level, organisation_id, true_at)"
    " VALUES (gen_random_uuid(), 'attend', 1, 0, gen_random_uuid(), now())",
    "SELECT * FROM outbox",
    "UPDATE outbox SET published_at = now()",
    "DELETE FROM outbox",
    "SELECT * FROM inbox",
    "DELETE FROM remarks",
    "UPDATE remarks SET visible = true",
    "UPDATE people SET role = 'admin'",
    "DELETE FROM idempotency_keys",
    "UPDATE photos SET ticket_id = gen_random_uuid()",
    "ALTER TABLE history DISABLE TRIGGER ALL",
    "CREATE TABLE mine (id int)",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_web_role_has_no_such_right(estate: "Estate", web_engine: Engine, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied|must be owner"),
        transaction(web_engine, estate.people["admin"]) as db,
    ):
        db.execute(text(statement))


@pytest.mark.parametrize("column", writing.NEVER_CHANGES)
@pytest.mark.parametrize("name", ["crew", "manager"])
def test_nobody_changes_what_was_asked_where_and_when(
    estate: "Estate", web_engine: Engine, column: str, name: str
) -> None:
    """A row cannot be given to another organisation either."""
    estate.file()
    with (
        pytest.raises(ProgrammingError, match="permission denied for table tickets"),
        transaction(web_engine, estate.people[name]) as db,
    ):
        db.execute(text(f"UPDATE tickets SET {column} = {column}"))


def test_the_worker_changes_words_only_while_erasing(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.file()
    for column in ("title", "description", "location", "words_salt"):
        with pytest.raises(ProgrammingError, match="append-only"), worker_engine.begin() as db:
            db.execute(text(f"UPDATE tickets SET {column} = 'x' WHERE id = :id"), {"id": ticket["id"]})
    with pytest.raises(ProgrammingError, match="permission denied"), worker_engine.begin() as db:
        db.execute(text("UPDATE tickets SET requester_id = id WHERE id = :id"), {"id": ticket["id"]})


TERMS = (
    "UPDATE communities SET calendar_version = 9, policy_version = 'own-9' WHERE id = :id",
    "INSERT INTO calendars (community_id, version, organisation_id, document) VALUES (:id, 9, :organisation, '{}')",
    "INSERT INTO policies (version, community_id, organisation_id, document) VALUES ('9', :id, :organisation, '{}')",
)


@pytest.mark.parametrize("statement", TERMS)
@pytest.mark.parametrize("name", ["resident", "crew", "dispatcher", "admin", "far manager"])
def test_only_a_manager_of_the_community_writes_its_terms(
    estate: "Estate", web_engine: Engine, statement: str, name: str
) -> None:
    far = estate.join("far manager", "manager", community_ids=(testing.fresh(),))
    who = far if name == "far manager" else estate.people[name]
    with pytest.raises(ProgrammingError, match="row-level security|managers'"), transaction(web_engine, who) as db:
        db.execute(text(statement), {"id": estate.community_id, "organisation": estate.organisation_id})


@pytest.mark.parametrize("table", ["calendars", "policies"])
def test_no_version_is_ever_changed(estate: "Estate", worker_engine: Engine, web_engine: Engine, table: str) -> None:
    for statement in (f"UPDATE {table} SET document = '{{}}'", f"DELETE FROM {table}"):
        with pytest.raises(ProgrammingError, match="permission denied|append-only"), worker_engine.begin() as db:
            db.execute(text(statement))
        who = estate.people["manager"]
        with pytest.raises(ProgrammingError, match="permission denied"), transaction(web_engine, who) as db:
            db.execute(text(statement))


def test_the_worker_erases_no_history_either(worker_engine: Engine) -> None:
    for statement in ("DELETE FROM history", "UPDATE history SET data = '{}'", "DELETE FROM firings"):
        with pytest.raises(ProgrammingError, match="permission denied|append-only"), worker_engine.begin() as db:
            db.execute(text(statement))
