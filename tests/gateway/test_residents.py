"""Residents come by a table: every bad row is named before anything is written, and twice sent changes nothing."""

import io
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, func, select

from gateway import models
from services.kit.tables import Sheet, as_csv, as_xlsx
from services.kit.testing import fresh
from tests.gateway.conftest import Answer, FakeService, Organisation, bearer, json_answer, sign_in

HEADING = ["房屋编码", "登录名", "电子邮箱", "手机", "语言"]


@pytest.fixture
def admin(client: FlaskClient, organisation: Organisation) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("admin")["login"]))


@pytest.fixture
def places(services: dict[str, FakeService]) -> dict[str, dict[str, Any]]:
    """A register of two homes and a closed one, and a notify service that sends everything."""
    community = fresh()
    units = {
        code: {"code": code, "id": fresh(), "community_id": community, "closed": code == "A-9"}
        for code in ("A-1", "A-2", "A-9")
    }

    def find(asked: dict[str, Any]) -> Answer:
        assert asked["path"] == "/api/v1/units/find"
        return json_answer({"items": [units[code] for code in orjson.loads(asked["body"])["codes"] if code in units]})

    def send(asked: dict[str, Any]) -> Answer:
        items = orjson.loads(asked["body"])["items"]
        return json_answer({"by_mail": True, "items": [{"person_id": "", "queued": True} for _ in items]})

    services["tickets"].answer, services["notify"].answer = find, send
    return units


def mark() -> str:
    return fresh()[-12:]


def post(client: FlaskClient, by: dict[str, str], data: bytes, *, dry: bool = False, **headers: str) -> Any:
    file = {"file": (io.BytesIO(data), "residents")}
    path = f"/api/v1/residents/imports?dry_run={str(dry).lower()}"
    return client.post(path, data=file, headers={**by, "Accept-Language": "en", **headers})


def sheet(*rows: list[Any]) -> bytes:
    return as_xlsx(Sheet("住户", HEADING, rows))


def accounts(worker: Engine, organisation: Organisation) -> list[dict[str, Any]]:
    table = models.accounts
    wanted = select(table).where(table.c.organisation_id == organisation.id, table.c.role == "resident")
    with worker.connect() as db:
        return [dict(row) for row in db.execute(wanted.order_by(table.c.id)).mappings()]


def test_a_table_opens_accounts_and_invites_whoever_is_in_it(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, worker: Engine,
    places: dict[str, dict[str, Any]], services: dict[str, FakeService],
) -> None:  # fmt: skip
    one, two = mark(), mark()
    table = sheet(["A-1", one, f"{one}@example.org", None, "英文"], ["A-2", two, None, "13800138000", None])
    look = post(client, admin, table, dry=True).get_json()
    assert (look["applied"], look["new"], look["findings"], look["letters"]) == (False, 2, [], None)
    assert accounts(worker, organisation) == []
    done = post(client, admin, table)
    assert done.status_code == 200, done.text
    assert done.get_json()["letters"] == {"sent": 1, "unsent": 0, "because": None}
    first, second = accounts(worker, organisation)
    assert (first["login"], first["locale"], first["unit_ids"]) == (one, "en", [places["A-1"]["id"]])
    assert (second["login"], second["locale"], second["password_hash"]) == (two, "zh-CN", "")
    assert first["community_ids"] == [places["A-1"]["community_id"]]
    (letter,) = orjson.loads(services["notify"].asked[0]["body"])["items"]
    assert (letter["email"], letter["person_id"], letter["locale"]) == (f"{one}@example.org", first["id"], "en")
    shown = client.get("/api/v1/invitations?state=open", headers=admin).get_json()["items"]
    assert {(row["login"], bool(row["sent_at"])) for row in shown} == {(one, True), (two, False)}


def test_the_same_table_again_changes_nothing_and_sends_nothing(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, worker: Engine,
    places: dict[str, dict[str, Any]], services: dict[str, FakeService],
) -> None:  # fmt: skip
    table = sheet(["A-1", mark(), "li@example.org", None, None])
    post(client, admin, table)
    before = accounts(worker, organisation)
    again = post(client, admin, table).get_json()
    assert (again["new"], again["unchanged"], again["letters"]["sent"]) == (0, 1, 0)
    assert accounts(worker, organisation) == before
    assert len(services["notify"].asked) == 1


def test_letters_that_could_not_go_out_go_out_when_the_table_is_sent_again(
    client: FlaskClient, admin: dict[str, str], places: dict[str, dict[str, Any]], services: dict[str, FakeService]
) -> None:
    table = sheet(["A-1", mark(), "li@example.org", None, None])
    sends = services["notify"].answer
    services["notify"].answer = lambda _asked: json_answer({}, 503)
    first = post(client, admin, table).get_json()
    assert (first["new"], first["letters"]["sent"], first["letters"]["unsent"]) == (1, 0, 1)
    assert "Print the link" in first["letters"]["because"]
    services["notify"].answer = sends
    assert post(client, admin, table).get_json()["letters"]["sent"] == 1


def test_somebody_with_two_homes_is_one_person_and_may_get_another_later(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, worker: Engine,
    places: dict[str, dict[str, Any]],
) -> None:  # fmt: skip
    login = mark()
    assert post(client, admin, sheet(["A-1", login, None, None, None])).get_json()["new"] == 1
    both = post(client, admin, sheet(["A-1", login, None, None, None], ["A-2", login, None, None, None]))
    assert (both.get_json()["new"], both.get_json()["more_homes"]) == (0, 1)
    (account,) = accounts(worker, organisation)
    assert account["unit_ids"] == [places["A-1"]["id"], places["A-2"]["id"]]
    assert account["revision"] == 2


def test_every_bad_row_is_named_and_nothing_is_written(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, other_organisation: Organisation,
    worker: Engine, places: dict[str, dict[str, Any]],
) -> None:  # fmt: skip
    staff, stranger, twice = organisation.open("crew")["login"], other_organisation.open()["login"], mark()
    table = sheet(
        ["A-1", mark(), None, None, None],
        ["B-7", mark(), None, None, None],
        ["A-9", mark(), None, None, None],
        [None, mark(), None, None, None],
        ["A-1", None, None, None, None],
        ["A-1", "张三", None, None, None],
        ["A-1", mark(), "nobody", None, None],
        ["A-1", None, None, "a number", None],
        ["A-1", mark(), None, None, "français"],
        ["A-1", staff, None, None, None],
        ["A-1", stranger, None, None, None],
        ["A-1", twice, None, None, None],
        ["A-1", twice, None, None, None],
        ["A-2", twice, "other@example.org", None, None],
        ["=A1", mark(), None, None, None],
    )
    wanted = [
        (3, "unit_code"), (4, "unit_code"), (5, "unit_code"), (6, "login"), (7, "login"), (8, "email"), (9, "phone"),
        (10, "language"), (11, "login"), (12, "login"), (14, None), (15, "email"), (16, "unit_code"),
    ]  # fmt: skip
    for dry, status in ((True, 200), (False, 422)):
        answer = post(client, admin, table, dry=dry)
        assert answer.status_code == status
        assert [(one["row"], one["column"]) for one in answer.get_json()["findings"]] == wanted
    chinese = post(client, admin, table, dry=True, **{"Accept-Language": "zh-CN"}).get_json()["findings"]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in one["detail"]) for one in chinese)
    assert accounts(worker, organisation) == []


def test_a_file_that_is_no_table_is_refused_by_name(client: FlaskClient, admin: dict[str, str]) -> None:
    for data in (b"", b"\x89PNG\x00", b"login\r\na\r\n", b"PK\x03\x04 nothing"):
        answer = post(client, admin, data)
        assert answer.status_code == 422
        assert [one["field"] for one in answer.get_json()["errors"]] == ["file"]
    path, kind = "/api/v1/residents/imports", "multipart/form-data; boundary=x"
    large = client.post(path, data=b"x" * 7_000_000, content_type=kind, headers=admin)
    assert large.status_code == 413
    many = as_csv(Sheet("x", HEADING, [["A-1", f"u{number}", None, None, None] for number in range(1001)]))
    assert "1000" in post(client, admin, many).get_json()["detail"]


def test_a_manager_imports_within_reach_and_others_not_at_all(
    client: FlaskClient, organisation: Organisation, places: dict[str, dict[str, Any]], services: dict[str, FakeService]
) -> None:
    ours = places["A-1"]["community_id"]
    by = bearer(sign_in(client, organisation.open("manager", community_ids=[ours])["login"]))
    assert post(client, by, sheet(["A-1", mark(), None, None, None])).get_json()["new"] == 1
    assert services["tickets"].asked[0]["headers"]["authorization"] == by["Authorization"], "it decides what is theirs"
    for role in ("resident", "crew", "dispatcher"):
        other = bearer(sign_in(client, organisation.open(role)["login"]))
        assert post(client, other, b"").status_code == 403
        assert client.get("/api/v1/residents/template", headers=other).status_code == 403


def test_a_silent_register_changes_nothing(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, worker: Engine,
    services: dict[str, FakeService],
) -> None:  # fmt: skip
    services["tickets"].answer = lambda _asked: json_answer({}, 500)
    assert post(client, admin, sheet(["A-1", mark(), None, None, None])).status_code == 503
    assert accounts(worker, organisation) == []


def test_a_retry_gets_the_first_answer(
    client: FlaskClient, admin: dict[str, str], places: dict[str, dict[str, Any]], worker: Engine
) -> None:
    table = sheet(["A-1", mark(), None, None, None])
    answers = [post(client, admin, table, **{"Idempotency-Key": "once"}).get_json() for _ in range(2)]
    assert [one["new"] for one in answers] == [1, 1]


def test_the_template_can_be_filled_in_and_read(
    client: FlaskClient, admin: dict[str, str], places: dict[str, dict[str, Any]]
) -> None:
    answer = client.get("/api/v1/residents/template", headers={**admin, "Accept-Language": "zh-CN"})
    book = load_workbook(io.BytesIO(answer.get_data()))
    assert [cell.value for cell in book.active[1]] == HEADING
    book.active.append(["A-1", mark(), None, None, None])
    out = io.BytesIO()
    book.save(out)
    assert post(client, admin, out.getvalue(), dry=True).get_json()["new"] == 1
    english = client.get("/api/v1/residents/template?format=csv", headers={**admin, "Accept-Language": "en"})
    assert english.get_data().decode("utf-8-sig").startswith('"Unit code","Login"')


def test_a_thousand_residents_are_imported_in_one_go(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, worker: Engine,
    places: dict[str, dict[str, Any]],
) -> None:  # fmt: skip
    base = mark()
    table = as_csv(Sheet("x", HEADING, [["A-1", f"{base}{number}", None, None, None] for number in range(1000)]))
    assert post(client, admin, table).get_json()["new"] == 1000
    table_of = models.invitations
    with worker.connect() as db:
        wanted = select(func.count()).where(table_of.c.organisation_id == organisation.id)
        assert db.execute(wanted).scalar_one() == 1000
