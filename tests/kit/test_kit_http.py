"""What every HTTP application of ours promises: access, problems, a document, and what can be observed."""

import io
import json
from dataclasses import replace

import kit_demo
import pytest
from asking import count, is_problem, post
from flask_smorest import Blueprint
from kit_demo import outbox_table, parcels
from sqlalchemy import select

from services.kit import identity
from services.kit.database import transaction
from services.kit.errors import Unauthenticated
from services.kit.http import access, create_app, public
from services.kit.http.access import declared
from services.kit.testing import actor, bearer


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


@pytest.mark.parametrize("arrived", [b"", b'{"words"', b'{"words": "x"}'])
def test_a_body_that_ends_early_is_refused_and_not_taken_for_the_whole(client, worker, arrived):
    answer = client.post(
        "/parcels",
        input_stream=io.BytesIO(arrived),
        content_type="application/json",
        headers=bearer(actor(locale="en")),
        # The server ends the stream itself, and says nothing when it ends it early.
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": "15"},
    )
    is_problem(answer, 400, "invalid")
    assert count(worker, parcels) == 0


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 400),
        (b'{"words": "x"}', "text/plain", 415),
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
