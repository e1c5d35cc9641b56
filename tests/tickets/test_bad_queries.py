"""Bad ids, queries, versions and methods get a clear answer too."""

import itertools
from typing import TYPE_CHECKING

import pytest

from services.kit import testing
from tests.tickets.refusals import Caller, fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


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
    "promise": ("", "replaced", "x"),
    "quality": ("", "good", "x"),
    "item": ("", "\x00", "x" * 61),
    "figure": ("", "sla.met", "pauses", "x", "\x00"),
    "group_by": ("x", "member"),
    "group": ("\x00", "x" * 101, "1"),
    "cause": ("", "weather", "policy"),
    "emotion": ("", "glad", "calm"),
    "rule": ("", "\x00", "x" * 101),
    "crew_id": ("", "x", "me"),
    "policy_version": ("", "\x00", "v" * 101),
    "from": ("", "yesterday", "2027-01-01"),
    "to": ("", "x", "2027-01-01T10:00:00"),
    "clock": ("", "claim", "x"),
    "verdict": ("", "late", "x"),
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


REPORTS = {
    "sla": ("from", "to", "community_id", "since", "limit", "format", "group_by", "need_level", "work_type", "crew_id"),
    "pauses": ("from", "to", "community_id", "since", "limit", "format", "group_by", "crew_id"),
    "attainment": ("from", "to", "community_id", "since", "limit", "format", "group_by"),
    "waits": ("from", "to", "community_id", "since", "limit", "format", "group_by"),
}


@pytest.mark.parametrize(("report", "field"), [(name, field) for name, fields in REPORTS.items() for field in fields])
def test_a_report_names_what_it_does_not_understand(estate: "Estate", report: str, field: str) -> None:
    for bad in ("", "yesterday", "2027-01-01", "x" * 400, "\x00", "pdf", "None"):
        query = {field: bad}
        headers = testing.bearer(estate.people["manager"])
        answer = estate.client.get(f"/api/v1/reports/{report}", query_string=query, headers=headers)
        is_problem(answer, 422)
        assert fields_of(answer) == {field}, (bad, answer.json)


@pytest.mark.parametrize("report", REPORTS)
def test_a_period_that_ends_before_it_begins_is_named(estate: "Estate", report: str) -> None:
    headers = testing.bearer(estate.people["manager"])
    for since, until in (
        ("2026-11-02T00:00:00Z", "2026-11-01T23:59:59Z"),
        ("2026-11-02T00:00:00+08:00", "2026-11-01T15:00:00Z"),
    ):
        query = {"from": since, "to": until}
        answer = estate.client.get(f"/api/v1/reports/{report}", query_string=query, headers=headers)
        is_problem(answer, 422)
        assert fields_of(answer) == {"from"}
    for edge in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        for format in ("json", "csv"):
            query = {"from": edge, "to": edge, "format": format}
            answer = estate.client.get(f"/api/v1/reports/{report}", query_string=query, headers=headers)
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
