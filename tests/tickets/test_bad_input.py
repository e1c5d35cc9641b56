"""Bad input gets a clear answer: a problem that names the field, never a 5xx, and nothing half-written."""

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from services.kit import testing

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

HALF = "\ud800"
NO_TEXT = (17, True, 1.5, [], {}, ["a"], "a\x00b", "a\x07b", "a\x1bb", "\x7f", "\x85", HALF, f"a{HALF}b")
NO_LINE = (*NO_TEXT, "a\nb", "a\u2028b", "a\tb")
NO_CHOICE = (17, True, None, [], {}, "", "no such", "EMERGENCY", HALF, "\x00")
NO_ID = (17, True, [], {}, "", "no id", "0" * 31, "0" * 33, HALF, "' OR 1=1 --", "\x00" * 16)
NO_FLAG = (0, 1, 17, "yes", "true", [], {}, "", 0.0)
NO_LEVEL = (0, 6, -1, 10**30, -(10**30), 2**31, 1.5, True, "1", "x", [], {}, float("inf"), float("nan"))
NO_MOMENT = (
    17, True, [], {}, "", "tomorrow", "2027-01-01", "2027-01-01T10:00:00", "2027-13-01T10:00:00Z",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", HALF, 10**30,
)  # fmt: skip
UNKNOWN = ("unknown", "organisation_id", "status", "owner_id", "Description", "описание", HALF, "a.b", "", "__proto__")

FIELDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "/tickets": {
        "description": (*NO_TEXT, "", "   ", "\u3000\n", "长" * 5001),
        "title": (*NO_LINE, "", " ", "t" * 121),
        "catalogue_code": (*NO_LINE, "", "no-such-item", "x" * 61),
        "unit_id": NO_ID,
        "community_id": NO_ID,
        "location": (*NO_LINE, "", "t" * 201),
        "urgency": tuple(bad for bad in NO_CHOICE if bad is not None),
        "channel": NO_CHOICE,
        "on_behalf_of": NO_ID,
    },
    "/triage": {"text": (*NO_TEXT, None, "", "x" * 5001)},
    "/tickets/{id}/release": {"reason": (*NO_TEXT, None, "", " ", "x" * 1001)},
    "/tickets/{id}/assign": {"to": (*NO_ID, None), "note": (*NO_TEXT, "", "x" * 1001)},
    "/tickets/{id}/pause": {"reason": (*NO_CHOICE, "other"), "note": (*NO_TEXT, "x" * 1001)},
    "/tickets/{id}/complete": {"note": (*NO_TEXT, "x" * 2001)},
    "/tickets/{id}/reopen": {"reason": (*NO_TEXT, None, "", "x" * 1001)},
    "/tickets/{id}/cancel": {"reason": (*NO_TEXT, "", "x" * 1001)},
    "/tickets/{id}/decline": {"reason": (*NO_TEXT, None, "", "x" * 1001)},
    "/tickets/{id}/promise": {"promised_at": (*NO_MOMENT, None), "note": (*NO_TEXT, "x" * 1001)},
    "/tickets/{id}/override": {
        "reason": (*NO_TEXT, None, "", "x" * 1001),
        "catalogue_code": (*NO_LINE, "", "no-such-item"),
        "need_level": NO_LEVEL,
        "urgency": tuple(bad for bad in NO_CHOICE if bad is not None),
    },
    "/tickets/{id}/comments": {"body": (*NO_TEXT, None, "", "x" * 2001), "visible": NO_FLAG},
    **{f"/tickets/{{id}}/{verb}": {} for verb in ("acknowledge", "claim", "depart", "arrive", "start", "confirm")},
    "/tickets/{id}/resume": {},
}
GOOD: dict[str, Any] = {
    "description": "厨房水管漏水", "text": "漏水", "reason": "parts", "to": "00000000-0000-7000-8000-000000000001",
    "promised_at": "2999-01-01T00:00:00Z", "body": "好",
}  # fmt: skip
NEEDS = {
    "/tickets": ("description",), "/triage": ("text",), "/tickets/{id}/release": ("reason",),
    "/tickets/{id}/assign": ("to",), "/tickets/{id}/pause": ("reason",), "/tickets/{id}/reopen": ("reason",),
    "/tickets/{id}/decline": ("reason",), "/tickets/{id}/promise": ("promised_at",),
    "/tickets/{id}/override": ("reason",), "/tickets/{id}/comments": ("body",),
}  # fmt: skip
WHO = {
    "/tickets/{id}/claim": "crew", "/tickets/{id}/depart": "crew", "/tickets/{id}/arrive": "crew",
    "/tickets/{id}/start": "crew", "/tickets/{id}/pause": "crew", "/tickets/{id}/complete": "crew",
    "/tickets/{id}/confirm": "resident",
}  # fmt: skip


class Caller:
    """Calls routes about one ticket as whoever may, and tells what it left in the database."""

    def __init__(self, estate: "Estate", engine: Engine) -> None:
        self.estate = estate
        self.engine = engine
        self.ticket = estate.file()

    def post(self, path: str, *, name: str | None = None, **sent: Any) -> TestResponse:
        """POST something to a route."""
        who = self.estate.people[name or WHO.get(path, "dispatcher")]
        headers = {**testing.bearer(who), "If-Match": "*", "Accept-Language": "en", **sent.pop("headers", {})}
        url = f"/api/v1{path.replace('{id}', self.ticket['id'])}"
        return self.estate.client.post(url, headers=headers, **sent)

    def written(self) -> list[int]:
        """Count what this organisation has in every table that a request writes."""
        tables = ("tickets", "history", "remarks", "outbox", "idempotency_keys", "refilings")
        mine = {"organisation": self.estate.organisation_id}
        with self.engine.connect() as db:
            return [
                db.execute(
                    text(f"SELECT count(*) FROM {name} WHERE organisation_id = :organisation"), mine
                ).scalar_one()
                for name in tables
            ]


@pytest.fixture
def caller(estate: "Estate", worker_engine: Engine) -> Caller:
    """A ticket to be bad about."""
    return Caller(estate, worker_engine)


def is_problem(answer: TestResponse, *statuses: int) -> None:
    """Check that an answer is a problem document of one of these statuses."""
    assert answer.status_code in statuses, (answer.status_code, answer.get_data(as_text=True))
    assert answer.mimetype == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "instance", "request_id"} <= set(answer.json)


def fields_of(answer: TestResponse) -> set[str]:
    """Return the fields a problem names."""
    return {error["field"] for error in answer.json.get("errors", [])}


@pytest.mark.parametrize("path", FIELDS)
def test_a_field_with_a_bad_value_is_named(caller: Caller, path: str) -> None:
    needed = {name: GOOD[name] for name in NEEDS.get(path, ())}
    before = caller.written()
    for field, values in FIELDS[path].items():
        for bad in values:
            sent = json.dumps({**needed, field: bad})
            answer = caller.post(path, data=sent, content_type="application/json")
            is_problem(answer, 422)
            assert {name.partition(".")[0] for name in fields_of(answer)} == {field}, (field, bad, answer.json)
    for name in UNKNOWN:
        if name not in FIELDS[path]:
            answer = caller.post(path, data=json.dumps({**needed, name: "x"}), content_type="application/json")
            is_problem(answer, 422)
            assert len(fields_of(answer)) == 1, (name, answer.json)
    assert caller.written() == before


@pytest.mark.parametrize("path", NEEDS)
def test_a_missing_field_is_named(caller: Caller, path: str) -> None:
    before = caller.written()
    for sent in ({"json": {}}, {}, {"data": ""}, {"data": "", "content_type": "application/json"}):
        answer = caller.post(path, **sent)
        is_problem(answer, 400, 422)
        if answer.status_code == 422:
            assert fields_of(answer) == set(NEEDS[path]), (sent, answer.json)
    assert caller.written() == before


BODIES: dict[str, bytes] = {
    "a list": b"[]",
    "a word": b'"word"',
    "a number": b"17",
    "null": b"null",
    "true": b"true",
    "half a document": b'{"description": "a',
    "two documents": b"{}{}",
    "not UTF-8": b'{"description": "\xff\xfe"}',
    "GBK": '{"description": "厨房"}'.encode("gbk"),
    "UTF-16": '{"description": 1}'.encode("utf-16"),
    "a NUL": b"\x00",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "deep": b'{"description": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "not a number": b'{"description": NaN}',
    "infinity": b'{"description": -Infinity}',
    "a long number": b'{"description": ' + b"9" * 6000 + b"}",
    "a form": b"description=a",
    "XML": b"<description>a</description>",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_breaks_a_route(caller: Caller, body: bytes) -> None:
    before = caller.written()
    for path in ("/tickets", "/tickets/{id}/comments", "/tickets/{id}/acknowledge", "/triage"):
        is_problem(caller.post(path, data=body, content_type="application/json"), 400, 422)
    assert caller.written() == before


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "x"])
def test_another_content_type_writes_nothing(caller: Caller, content_type: str) -> None:
    before = caller.written()
    answer = caller.post("/tickets", data=b'{"description": "a"}', content_type=content_type)
    is_problem(answer, 415, 422)
    assert caller.written() == before


def test_the_last_of_two_equal_names_counts_and_nothing_breaks(caller: Caller) -> None:
    body = b'{"description": 17, "description": "\xe6\xbc\x8f\xe6\xb0\xb4"}'
    assert caller.post("/tickets", name="resident", data=body, content_type="application/json").status_code == 201


def test_a_json_body_of_megabytes_is_too_long(caller: Caller) -> None:
    for path in ("/tickets", "/triage", "/tickets/{id}/comments", "/tickets/{id}/acknowledge"):
        is_problem(caller.post(path, data=b" " * 300_000 + b"{}", content_type="application/json"), 413)


GOOD_WORDS = (
    "水管漏水 😀👨‍👩‍👧",
    "a\nb\tc",
    "𠮷野家旁边",
    "عربي",
    "é" * 100,
    "0",
    "'; DROP TABLE tickets; --",
    "%s {0} \\",
)


@pytest.mark.parametrize("words", GOOD_WORDS)
def test_unusual_words_are_words(estate: "Estate", words: str) -> None:
    ticket = estate.file(words)
    assert estate.get("resident", f"/tickets/{ticket['id']}").json["description"] == words
    estate.step("crew", ticket, "comments", {"body": words})
    assert estate.get("resident", f"/tickets/{ticket['id']}/comments").json["comments"][-1]["body"] == words


ROAD = (
    ("dispatcher", "acknowledge"), ("crew", "claim"), ("crew", "depart"), ("crew", "arrive"), ("crew", "start"),
    ("crew", "complete"), ("resident", "confirm"),
)  # fmt: skip


@pytest.mark.parametrize(
    "sent",
    [{}, {"data": b""}, {"data": b"", "content_type": "application/json"}, {"json": {}}]
    + [{"data": b"", "content_type": "application/x-www-form-urlencoded"}],
    ids=["nothing", "an empty body", "empty JSON", "an object", "curl -d ''"],
)
def test_a_step_that_needs_no_words_takes_none(caller: Caller, sent: dict[str, Any]) -> None:
    for name, verb in ROAD:
        answer = caller.post(f"/tickets/{{id}}/{verb}", name=name, **sent)
        assert answer.status_code == 200, (verb, answer.json)


@pytest.mark.parametrize("broken", ["no-id", "1", "0" * 32 + "0", "..%2f", "%00", "null", "😀"])
def test_an_id_that_is_none_is_not_found(estate: "Estate", broken: str) -> None:
    for part in ("", "/history", "/clocks", "/comments", "/photos"):
        is_problem(estate.get("admin", f"/tickets/{broken}{part}"), 404)
    for part in ("claim", "comments", "photos", "override"):
        is_problem(estate.post("crew", f"/tickets/{broken}/{part}", {}), 404)


CURSORS = (
    "", "x", "!!!!", "AAAA", "W10", "bnVsbA", "WzFd", "WzEsMiwzLDRd", "e30", "\x00", "😀", "a" * 501,
    "WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTIzOjU5IiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
    "WyJcdTAwMDAiLCAiXHUwMDAwIl0",
)  # fmt: skip
QUERIES = {
    "limit": ("0", "-1", "101", "x", "", "1.5", "1e3", "9" * 400, "NaN", "\x00"),
    "after": CURSORS,
    "status": ("", "no such", "filed,closed", "\x00"),
    "urgency": ("", "9"),
    "need_level": ("0", "6", "x", "", "9" * 30),
    "work_type": ("", "x"),
    "community_id": ("", "x", "\x00"),
    "owner": ("", "x", "you", "0" * 37),
    "unknown": ("1",),
    "offset": ("1",),
}
OF_PAGE = ("limit", "after", "unknown", "offset")
PAGES = {"/tickets": tuple(QUERIES), "/pool": OF_PAGE, "/units": OF_PAGE}


@pytest.mark.parametrize("path", PAGES)
def test_a_query_that_makes_no_sense_is_named(estate: "Estate", path: str) -> None:
    estate.file()
    for field in PAGES[path]:
        for bad in QUERIES[field]:
            answer = estate.client.get(
                f"/api/v1{path}", query_string={field: bad}, headers=testing.bearer(estate.people["dispatcher"])
            )
            if answer.status_code == 200 and field == "after":
                continue  # A cursor of the right shape that points far away is an empty page, or the first.
            is_problem(answer, 422)
            assert fields_of(answer) == {field}, (field, bad, answer.json)


@pytest.mark.parametrize("field", ["from", "to", "community_id", "since", "limit"])
def test_a_report_names_what_it_does_not_understand(estate: "Estate", field: str) -> None:
    for bad in ("", "yesterday", "2027-01-01", "x" * 400, "\x00"):
        query = {field: bad}
        headers = testing.bearer(estate.people["manager"])
        answer = estate.client.get("/api/v1/reports/sla", query_string=query, headers=headers)
        is_problem(answer, 422)
        assert fields_of(answer) == {field}, (bad, answer.json)
    for edge in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        answer = estate.client.get(
            "/api/v1/reports/sla",
            query_string={"from": edge, "to": edge},
            headers=testing.bearer(estate.people["manager"]),
        )
        assert answer.status_code in (200, 422)


@pytest.mark.parametrize("tag", ["v1", '"1"', '"v-1"', '"v1", "v2"', "\xff", '"v99999999999"', "W/v1"])
def test_a_version_that_is_none_is_named(caller: Caller, tag: str) -> None:
    for path in ("/tickets/{id}/acknowledge", "/tickets/{id}/override"):
        sent = {"reason": "a", "need_level": 5} if path.endswith("override") else {}
        answer = caller.post(path, json=sent, headers={"If-Match": tag})
        is_problem(answer, 422)
        assert fields_of(answer) == {"If-Match"}


def test_wrong_methods_and_paths_are_problems_too(estate: "Estate") -> None:
    headers = testing.bearer(estate.people["admin"])
    for method, path in itertools.product(("PUT", "DELETE", "PATCH"), ("/tickets", "/pool", "/tickets/x")):
        is_problem(estate.client.open(f"/api/v1{path}", method=method, headers=headers), 404, 405)
    is_problem(estate.client.get("/api/v1/nothing", headers=headers), 404)
    is_problem(estate.client.get("/api/v1/tickets"), 401)
    is_problem(estate.client.get("/api/v1/tickets", headers={"Authorization": "Bearer x.y.z"}), 401)


def test_a_refusal_speaks_the_callers_language(estate: "Estate") -> None:
    ticket = estate.file()
    for language, word in (("zh-CN", "工单"), ("en", "ticket")):
        answer = estate.post("crew", f"/tickets/{ticket['id']}/depart", Accept_Language=language)
        assert word in answer.json["detail"]
