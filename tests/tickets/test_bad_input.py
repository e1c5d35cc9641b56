"""Bad input gets a clear answer: a problem that names the field, never a 5xx, and nothing half-written."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.kit import clock
from tests.tickets.refusals import Caller, fields_of, is_problem

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
NO_CIRCUMSTANCES = (17, True, "infant", {}, ["rich"], [""], [17], [None], [["infant"]], ["infant"] * 99, [HALF])
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
        "circumstances": NO_CIRCUMSTANCES,
    },
    "/triage": {"text": (*NO_TEXT, None, "", "x" * 5001)},
    "/tickets/{id}/release": {"reason": (*NO_TEXT, None, "", " ", "x" * 1001)},
    "/tickets/{id}/assign": {"to": (*NO_ID, None), "note": (*NO_TEXT, "", "x" * 1001)},
    "/tickets/{id}/pause": {
        "reason": (*NO_CHOICE, "other"),
        "note": (*NO_TEXT, None, "", " ", "x" * 1001),
        "until": (*NO_MOMENT, None),
    },
    "/tickets/{id}/object": {"reason": (*NO_TEXT, None, "", "x" * 1001)},
    "/tickets/{id}/disallow": {"reason": (*NO_TEXT, None, "", "x" * 1001)},
    "/tickets/{id}/make-safe": {"note": (*NO_TEXT, "x" * 2001)},
    "/tickets/{id}/call-back": {"outcome": NO_CHOICE, "note": (*NO_TEXT, "x" * 1001)},
    "/tickets/{id}/reevaluate": {"reason": (*NO_TEXT, None, "", "x" * 1001)},
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
        "circumstances": NO_CIRCUMSTANCES,
    },
    "/tickets/{id}/comments": {"body": (*NO_TEXT, None, "", "x" * 2001), "visible": NO_FLAG},
    **{f"/tickets/{{id}}/{verb}": {} for verb in ("acknowledge", "claim", "depart", "arrive", "start", "confirm")},
    "/tickets/{id}/resume": {},
}
GOOD: dict[str, Any] = {
    "until": (clock.now() + timedelta(hours=2)).isoformat(),
    "description": "厨房水管漏水", "text": "漏水", "reason": "parts", "note": "等配件", "outcome": "reached",
    "to": "00000000-0000-7000-8000-000000000001",
    "promised_at": "2999-01-01T00:00:00Z", "body": "好",
}  # fmt: skip
NEEDS = {
    "/tickets": ("description",), "/triage": ("text",), "/tickets/{id}/release": ("reason",),
    "/tickets/{id}/assign": ("to",), "/tickets/{id}/pause": ("reason", "note", "until"),
    "/tickets/{id}/reopen": ("reason",), "/tickets/{id}/object": ("reason",), "/tickets/{id}/disallow": ("reason",),
    "/tickets/{id}/call-back": ("outcome",), "/tickets/{id}/reevaluate": ("reason",),
    "/tickets/{id}/decline": ("reason",), "/tickets/{id}/promise": ("promised_at",),
    "/tickets/{id}/override": ("reason",), "/tickets/{id}/comments": ("body",),
}  # fmt: skip


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
    assert estate.get("resident", f"/tickets/{ticket['id']}/comments").json["items"][-1]["body"] == words


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
