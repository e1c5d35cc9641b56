"""What every HTTP application of ours promises: access, problems, one effect per key, tags, pages, fields."""

import io
import json
import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import kit_demo
import pytest
from flask_smorest import Blueprint
from kit_demo import outbox_table, parcels
from sqlalchemy import func, select, text

from services.kit import identity
from services.kit.database import transaction
from services.kit.errors import Invalid, Unauthenticated
from services.kit.http import access, create_app, public, read_cursor, write_cursor
from services.kit.http.access import declared
from services.kit.testing import actor, bearer


def count(engine, table) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def post(client, words="hello", who=None, **headers):
    """Post a parcel; `key` becomes the Idempotency-Key."""
    sent = bearer(who or actor())
    if "key" in headers:
        sent["Idempotency-Key"] = headers.pop("key")
    return client.post("/parcels", json={"words": words}, headers=sent | headers)


def is_problem(response, status: int, code: str) -> dict:
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


def test_a_parcel_is_left_with_its_event(client, worker):
    answer = post(client, "  一个包裹 📦 ")
    assert answer.status_code == 201
    assert answer.get_json()["words"] == "一个包裹 📦"
    assert count(worker, parcels) == count(worker, outbox_table) == 1


# Errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "title"), [("zh-CN", "没有找到"), ("en", "Not Found"), ("fr, zh;q=0.5", "没有找到")]
)
def test_a_problem_speaks_the_callers_language(client, locale, title):
    for path in ("/nowhere", "/no/such/path"):
        answer = client.get(path, headers={"Accept-Language": locale})
        assert is_problem(answer, 404, "not_found")["title"] == title


def test_without_a_header_a_problem_speaks_the_callers_own_language(client):
    chinese = post(client, "refuse", actor(locale="zh-CN"))
    assert is_problem(chinese, 409, "conflict")["detail"] == "放不下。"
    assert chinese.headers["Content-Language"] == "zh-CN"
    english = post(client, "refuse", actor(locale="en"))
    assert english.get_json()["detail"] == "It does not fit."
    assert english.get_json()["free"] == 0


def test_the_wrong_method_is_told_which_are_right(client):
    answer = client.delete("/parcels", headers=bearer(actor()))
    is_problem(answer, 405, "invalid")
    assert "POST" in answer.headers["Allow"]


def test_too_large_a_body_is_413(client):
    answer = post(client, "x" * 5000)
    is_problem(answer, 413, "invalid")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 400),
        (b'{"words": "x"}', "text/plain", 422),
        (b"\xff", "application/json", 400),
        (b"[" * 3000, "application/json", 400),
        (b'{"words": ' + b"1" * 4000 + b"}", "application/json", 422),
        (b'{"words": "x", "count": NaN}', "application/json", 422),
        (b'{"words": "x", "count": 1e999}', "application/json", 422),
        (b'{"words": "x", "count": 1.5}', "application/json", 422),
        (b'["words"]', "application/json", 422),
        (b"null", "application/json", 422),
        (b'{"words": null}', "application/json", 422),
        (b'{"words": "x", "\\ud800": 1}', "application/json", 422),
        (b'{"words": "x", "unknown": 1}', "application/json", 422),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem_and_leaves_nothing(client, worker, body, kind, status):
    headers = {**bearer(actor(locale="en")), "Content-Type": kind}
    for locale in ("zh", "en"):
        answer = client.post("/parcels", data=body, headers={**headers, "Accept-Language": locale})
        is_problem(answer, status, "invalid")
        json.loads(answer.data)
    assert count(worker, parcels) == 0


def test_every_wrong_field_is_named_in_the_callers_language(client):
    headers = {**bearer(actor()), "Accept-Language": "zh-CN"}
    answer = client.post("/parcels", json={"count": "x", "more": 1}, headers=headers)
    errors = {error["field"]: error["detail"] for error in is_problem(answer, 422, "invalid")["errors"]}
    assert errors == {"words": "缺少必填项。", "count": "应为整数。", "more": "没有这个字段。"}


def test_an_unknown_query_field_is_named(client):
    answer = client.get("/parcels?size=3", headers=bearer(actor(locale="en")))
    assert is_problem(answer, 422, "invalid")["errors"][0]["field"] == "size"


def test_an_unexpected_error_is_a_500_that_says_nothing_of_our_insides(client, worker):
    answer = post(client, "crash", actor(locale="en"))
    is_problem(answer, 500, "unavailable")
    assert "insides" not in answer.text
    assert count(worker, parcels) == count(worker, outbox_table) == 0


def test_an_absent_database_is_503_with_retry_after(demo_settings):
    nowhere = replace(demo_settings, database_url="postgresql://a:b@127.0.0.1:9/x")
    client = kit_demo.make_app(nowhere).test_client()
    answer = post(client)
    is_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    assert client.get("/metrics").status_code == 200


def test_a_query_that_takes_too_long_is_503(client):
    answer = client.get("/slow-query")
    is_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]


def test_a_refusal_that_may_pass_is_503_with_retry_after(client):
    assert post(client, "away").headers["Retry-After"]


# Access ----------------------------------------------------------------------------------------------------------


def test_a_route_that_declares_no_access_is_not_served(demo_settings):
    blueprint = Blueprint("careless", __name__)
    blueprint.route("/careless", methods=["GET"])(lambda: "open to all")
    client = create_app(demo_settings, [blueprint], title="x", prefix="").test_client()
    assert client.get("/careless", headers=bearer(actor())).status_code == 500


def test_every_route_of_the_demo_declares_its_access(demo_settings):
    app = kit_demo.make_app(demo_settings)
    undeclared = [
        rule.endpoint for rule in app.url_map.iter_rules() if declared(app.view_functions[rule.endpoint]) is None
    ]
    assert undeclared == []


@pytest.mark.parametrize("roles", [(), ("wizard",)])
def test_access_needs_roles_we_know(roles):
    with pytest.raises(ValueError, match="roles"):
        access(*roles)


def test_a_role_that_may_not_is_refused_before_its_input_is_read(client):
    answer = client.post("/parcels", data=b"{", headers=bearer(actor("manager")))
    is_problem(answer, 403, "forbidden")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer x.y.z", "Bearer \xe9\xff", "Bearer " + "A" * 5000]
)
def test_without_a_token_of_ours_nobody_is_let_in(client, header):
    answer = client.get("/parcels", headers={} if header is None else {"Authorization": header})
    is_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_header_that_claims_to_be_somebody_is_nothing(client):
    answer = client.get("/parcels", headers={"X-User": "admin1", "X-Role": "admin"})
    assert answer.status_code == 401


def test_a_public_route_ignores_even_a_broken_token(client):
    assert client.get("/nowhere", headers={"Authorization": "Bearer x"}).status_code == 404


def test_nobody_sees_what_is_not_theirs(client):
    mine, theirs = actor(), actor()
    post(client, "mine", mine)
    seen = client.get("/parcels", headers=bearer(mine)).get_json()
    assert [parcel["words"] for parcel in seen] == ["mine"]
    assert client.get("/parcels", headers=bearer(theirs)).get_json() == []


def test_the_database_itself_hides_other_tenants_and_shows_nothing_without_a_scope(client, web):
    mine = actor()
    post(client, "mine", mine)
    with transaction(web, mine) as db:
        assert len(db.execute(select(parcels)).all()) == 1
    with transaction(web, actor()) as db:
        assert db.execute(select(parcels)).all() == []
    with transaction(web) as db:
        assert db.execute(select(parcels)).all() == []
    with pytest.raises(Exception, match="row-level security"), transaction(web, actor()) as db:
        db.execute(parcels.insert().values(id=actor().id, organisation_id=mine.organisation_id, words="theirs"))


# One effect ------------------------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_answer_and_one_effect(client, worker):
    who = actor()
    first, second = (post(client, "once", who, key='"k-1"') for _ in range(2))
    assert first.data == second.data
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.headers["Location"] == second.headers["Location"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count(worker, parcels) == count(worker, outbox_table) == 1


def test_a_quoted_and_a_bare_key_are_the_same(client, worker):
    who = actor()
    assert post(client, "once", who, key='"k"').data == post(client, "once", who, key="k").data
    assert count(worker, parcels) == 1


def test_the_same_key_with_another_body_is_refused(client, worker):
    who = actor()
    post(client, "once", who, key='"k"')
    is_problem(post(client, "twice", who, key='"k"'), 422, "invalid")
    assert count(worker, parcels) == 1


@pytest.mark.parametrize("key", ["", '""', "键", '"a', "a b", '"' + "x" * 256 + '"', "x" * 256])
def test_a_key_that_is_none_is_refused_by_name(client, key):
    answer = post(client, "x", key=key.encode().decode("latin-1"))
    assert is_problem(answer, 422, "invalid")["errors"][0]["field"] == "Idempotency-Key"


def test_another_person_organisation_or_route_may_use_the_same_key(client, worker):
    who = actor()
    neighbour = actor(organisation_id=who.organisation_id)
    bodies = {post(client, "x", one, key='"k"').data for one in (who, neighbour, actor())}
    assert len(bodies) == 3
    form = {"file": (io.BytesIO(b"x"), "x")}
    answer = client.post("/uploads", data=form, headers={**bearer(who), "Idempotency-Key": '"k"'})
    assert answer.status_code == 201
    assert count(worker, parcels) == 3


def test_a_key_still_at_work_is_a_conflict_and_its_answer_can_be_had_afterwards(client, worker):
    who, answers = actor(), []
    other = client.application.test_client()

    def slow() -> None:
        answers.append(post(other, "slow", who, key='"k"'))

    thread = threading.Thread(target=slow)
    thread.start()
    conflicts = 0
    while thread.is_alive() and not conflicts:
        with worker.connect() as connection:
            locked = connection.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).scalar_one()
        if locked:
            answer = post(client, "slow", who, key='"k"')
            conflicts += answer.status_code == 409
    thread.join()
    assert conflicts == 1
    assert answers[0].status_code == 201
    assert post(client, "slow", who, key='"k"').data == answers[0].data
    assert count(worker, parcels) == 1


@pytest.mark.parametrize(("words", "status"), [("refuse", 409), ("crash", 500), ("away", 503)])
def test_what_was_rolled_back_may_be_tried_again_with_the_same_key(client, worker, words, status):
    who = actor()
    assert post(client, words, who, key='"k"').status_code == status
    assert post(client, words, who, key='"k"').status_code == status
    assert count(worker, parcels) == count(worker, outbox_table) == 0
    assert post(client, "works", who, key='"k"').status_code == 201


def test_a_form_sent_again_with_another_boundary_is_the_same_request(client):
    headers = {**bearer(actor()), "Idempotency-Key": '"k"'}

    def send(content: bytes, **more):
        form = {"file": (io.BytesIO(content), "a.jpg"), "words": "x", **more}
        return client.post("/uploads", data=form, headers=headers)

    first, second, other = send(b"one"), send(b"one"), send(b"two")
    assert first.status_code == 201, first.text
    assert first.get_json()["size"] == 3
    assert first.data == second.data
    is_problem(other, 422, "invalid")
    is_problem(send(b"one", words2="y"), 422, "invalid")


def test_several_files_of_one_name_are_told_apart(client):
    headers = {**bearer(actor()), "Idempotency-Key": '"k"'}
    form = lambda last: {"file": [(io.BytesIO(b"one"), "a"), (io.BytesIO(last), "b")]}  # noqa: E731
    assert client.post("/uploads", data=form(b"two"), headers=headers).status_code == 201
    assert client.post("/uploads", data=form(b"two"), headers=headers).status_code == 201
    assert client.post("/uploads", data=form(b"six"), headers=headers).status_code == 422


# Tags, pages, fields ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "status", "version"),
    [('"v3"', 200, 3), ('W/"v3"', 200, 3), ("*", 200, None), (None, 428, None), ('"3"', 422, None), ("v3", 422, None)],
)
def test_an_edit_says_which_version_it_read(client, tag, status, version):
    who = actor("crew")
    headers = bearer(who) | ({"If-Match": tag} if tag else {})
    answer = client.put(f"/parcels/{who.id}", headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert answer.get_json() == {"version": version}
        assert answer.headers["ETag"] == '"v4"'


def test_pages_follow_each_other_without_gap_or_overlap(client):
    who = actor()
    for number in range(7):
        post(client, str(number), who)
    seen, path = [], "/parcels?limit=3"
    while path:
        answer = client.get(path, headers=bearer(who))
        seen += [parcel["words"] for parcel in answer.get_json()]
        link = answer.headers.get("Link")
        path = link.partition(">")[0].lstrip("<") if link else None
    assert sorted(seen) == [str(number) for number in range(7)]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e9", "99999999999999999999"])
def test_a_page_size_out_of_range_is_refused(client, limit):
    is_problem(client.get(f"/parcels?limit={limit}", headers=bearer(actor())), 422, "invalid")


CURSOR = write_cursor(["0190-x"])


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "====", "%00", "a" * 501, CURSOR[:-3], CURSOR + "!", "é", write_cursor([1]), write_cursor(["a", "b"]),
     write_cursor([None]), write_cursor(["a\x00b"]), "bnVsbA", "e30", "W10", "W1tbW1tbW10"],
)  # fmt: skip
def test_a_garbled_cursor_is_refused_by_name(client, cursor):
    answer = client.get("/parcels", query_string={"after": cursor}, headers=bearer(actor()))
    assert is_problem(answer, 422, "invalid")["errors"][0]["field"] == "after"


def test_a_cursor_holds_what_the_database_can_compare():
    moment, thing = datetime(2026, 1, 2, tzinfo=UTC), uuid.uuid4()
    cursor = write_cursor([moment, thing, 5])
    assert read_cursor(cursor, datetime, uuid.UUID, int) == (moment, thing, 5)
    assert read_cursor(None, int) is None
    for wrong in ([2**63], [True], ["1"]):
        with pytest.raises(Invalid):
            read_cursor(write_cursor(wrong), int)
    with pytest.raises(Invalid):
        read_cursor(write_cursor(["2026-01-02T00:00:00"]), datetime)


@pytest.mark.parametrize(
    "words",
    ["a\x00b", "a\nb", "\x1b[2J", "\x7f", "\x85", "\ud83d", "a\u2028b", "", "   ", "\u202e", "x" * 41, 5, ["a"], {}],
)
def test_words_nobody_could_read_are_refused_by_name(client, worker, words):
    body = json.dumps({"words": words})
    headers = {**bearer(actor()), "Content-Type": "application/json"}
    answer = client.post("/parcels", data=body, headers=headers)
    assert is_problem(answer, 422, "invalid")["errors"][0]["field"] == "words"
    assert count(worker, parcels) == 0


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("👨‍👩‍👧 家", "👨‍👩‍👧 家"),
        ("\u202d+86 138\u202c", "+86 138"),
        ("x" * 40, "x" * 40),
        ("漏" * 40, "漏" * 40),
        ("  a  ", "a"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_words_of_people_are_kept(client, words, kept):
    assert post(client, words).get_json()["words"] == kept


def test_prose_may_have_lines(client):
    sent = {"words": "x", "note": "one\ntwo\u2028three\t\r\n"}
    assert client.post("/parcels", json=sent, headers=bearer(actor())).status_code == 201
    sent["note"] = "a\x0bb"
    assert client.post("/parcels", json=sent, headers=bearer(actor())).status_code == 422


# Document and observation ----------------------------------------------------------------------------------------


def test_the_document_is_generated_with_access_problems_and_keys(client):
    document = client.get("/openapi.json").get_json()
    leave = document["paths"]["/parcels"]["post"]
    assert leave["x-roles"] == ["crew", "resident"]
    assert leave["security"] == [{"bearer": []}]
    assert leave["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
    assert any(parameter["name"] == "Idempotency-Key" for parameter in leave["parameters"])
    assert document["paths"]["/nowhere"]["get"]["security"] == []
    assert document == client.get("/openapi.json").get_json(), "asking twice changes nothing"


def test_a_request_id_is_kept_when_it_is_one_and_made_when_it_is_not(client):
    given = client.get("/nowhere", headers={"X-Request-ID": "abcdef-123"})
    assert given.headers["X-Request-ID"] == "abcdef-123"
    made = client.get("/nowhere", headers={"X-Request-ID": 'a b"<script>'})
    assert "<" not in made.headers["X-Request-ID"]


def test_metrics_count_requests(client):
    client.get("/nowhere")
    text = client.get("/metrics").text
    assert 'doorstep_http_requests_total{endpoint="parcels.nowhere",service="kitdemo",status="404"}' in text


def test_the_current_actor_is_asked_for_only_where_there_is_one(client):
    with client.application.test_request_context("/"), pytest.raises(Unauthenticated):
        identity.current_actor()
    assert callable(public)
