"""Calendars and policies by version: whose they are, how they change while clocks run, and what is refused."""

import copy
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from services.kit import testing
from services.tickets.models import calendars, communities, policies
from services.tickets.sla.policy import STANDARD_VERSION
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NOTE = "春节值班"
EVERY_DAY = {day: [["08:00", "20:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
LONGER = {"tz": "Asia/Shanghai", "hours": EVERY_DAY}


def path(estate: "Estate", what: str) -> str:
    """Return the path of one of a community's terms."""
    return f"/communities/{estate.community_id}/{what}"


def put(estate: "Estate", what: str, document: Any, name: str = "manager", tag: str = "*", **headers: str) -> Any:
    """Put a document as somebody who read some version."""
    return estate.put(name, path(estate, what), {"document": document, "note": NOTE}, If_Match=tag, **headers)


def policy_of(estate: "Estate", **changes: Any) -> dict[str, Any]:
    """Return the community's policy document, to be changed."""
    return {**copy.deepcopy(estate.get("manager", path(estate, "policy")).json["document"]), **changes}


def test_a_new_community_has_the_shipped_policy_and_its_first_calendar(estate: "Estate") -> None:
    calendar = estate.get("crew", path(estate, "calendar"))
    assert (calendar.json["version"], calendar.headers["ETag"]) == (1, '"v1"')
    assert calendar.json["document"]["tz"] == "Asia/Shanghai"
    policy = estate.get("dispatcher", path(estate, "policy"))
    assert (policy.json["version"], policy.headers["ETag"]) == (STANDARD_VERSION, f'"{STANDARD_VERSION}"')
    assert (policy.json["shipped"], policy.json["packs"]) == (True, [])
    one = estate.get("admin", f"/policies/{STANDARD_VERSION}")
    assert one.json["document"] == policy.json["document"]


@pytest.mark.parametrize("what", ["calendar", "policy"])
def test_a_change_needs_the_version_that_was_read(estate: "Estate", what: str) -> None:
    document = LONGER if what == "calendar" else policy_of(estate, pauses={"parts": {"longest_seconds": 60}})
    body = {"document": document, "note": NOTE}
    is_problem(estate.put("manager", path(estate, what), body), 428)
    tag = estate.get("manager", path(estate, what)).headers["ETag"]
    first = estate.put("manager", path(estate, what), body, If_Match=tag)
    assert first.status_code == 200, first.json
    assert first.headers["ETag"] == f'"{"v2" if what == "calendar" else "own-1"}"'
    for stale in (tag, '"v9"'):
        late = estate.put("manager", path(estate, what), {**body, "note": "又"}, If_Match=stale, Accept_Language="en")
        is_problem(late, 412)
        assert late.json["etag"] == first.headers["ETag"]
        assert f"The {what} has changed" in late.json["detail"]
        assert first.headers["ETag"] in late.json["detail"]
    chinese = estate.put("manager", path(estate, what), body, If_Match=tag, Accept_Language="zh-CN").json["detail"]
    assert {"calendar": "工作日历", "policy": "时限政策"}[what] in chinese
    for broken in ("own-1", '"a", "b"', '"ä"', "v2"):
        answer = estate.put("manager", path(estate, what), body, If_Match=broken)
        is_problem(answer, 422)
        assert fields_of(answer) == {"If-Match"}


def test_every_version_is_kept_with_who_wrote_it_and_why(estate: "Estate", worker_engine: Engine) -> None:
    answer = put(estate, "calendar", LONGER, tag='"v1"').json
    assert (answer["version"], answer["note"], answer["author_id"]) == (2, NOTE, estate.people["manager"].id)
    put(estate, "policy", policy_of(estate, pauses={"parts": {"longest_seconds": 60}}))
    put(estate, "policy", policy_of(estate, pauses={"access": {"longest_seconds": 60}}))
    assert estate.get("crew", "/policies/own-1").json["document"]["pauses"] == {"parts": {"longest_seconds": 60}}
    now = estate.get("crew", path(estate, "policy")).json
    assert (now["version"], now["document"]["version"], now["shipped"]) == ("own-2", "own-2", False)
    with worker_engine.connect() as db:
        kept = select(calendars.c.version, calendars.c.document).where(calendars.c.community_id == estate.community_id)
        rows = {row.version: row.document for row in db.execute(kept)}
        community = db.execute(select(communities).where(communities.c.id == estate.community_id)).one()
    assert (rows[1]["hours"]["mon"], rows[2]) == ([["08:30", "18:00"]], LONGER)
    assert (community.calendar, community.calendar_version) == (LONGER, 2)


def test_the_same_document_again_changes_nothing(estate: "Estate") -> None:
    tag = put(estate, "calendar", LONGER).headers["ETag"]
    assert put(estate, "calendar", dict(reversed(LONGER.items())), tag=tag).headers["ETag"] == tag
    standard = put(estate, "policy", policy_of(estate))
    assert standard.json["version"] == STANDARD_VERSION


def test_a_calendar_edited_while_clocks_run_counts_for_what_is_filed_from_then_on(estate: "Estate") -> None:
    with testing.at(datetime(2026, 9, 7, 2, tzinfo=UTC)):  # A Monday, ten o'clock there.
        older = estate.file("楼道灯不亮了", urgency="routine")
        before = due(estate, older, "resolve")
        answer = put(estate, "calendar", LONGER, Accept_Language="en").json
        newer = estate.file("楼道灯不亮了", urgency="routine")
        assert due(estate, older, "resolve") == before
        assert due(estate, newer, "resolve") < before
        older = estate.step("dispatcher", older, "acknowledge")
        assert due(estate, older, "resolve") == before
    assert (older["calendar_version"], newer["calendar_version"]) == (1, 2)
    assert answer["running"]["older"] == 1
    assert answer["running"]["reevaluate"] == f"/api/v1/communities/{estate.community_id}/reevaluations"
    assert "1 open ticket keeps" in answer["running"]["says"]
    estate.step("resident", older, "cancel")
    assert estate.get("manager", path(estate, "calendar")).json["running"]["older"] == 0


def due(estate: "Estate", ticket: dict[str, Any], kind: str) -> str:
    """Return when one of a ticket's clocks is due."""
    items = estate.get("manager", f"/tickets/{ticket['id']}/clocks").json["items"]
    return str(next(item["due_at"] for item in items if item["clock"] == kind))


def test_a_ticket_keeps_its_policy_and_new_ones_take_the_new(estate: "Estate") -> None:
    older = estate.file()
    document = policy_of(estate)
    document["classes"]["standard"][older["urgency"]]["attend"] = {"seconds": 60, "basis": "clock"}
    assert put(estate, "policy", document).json["running"]["older"] == 1
    newer = estate.file()
    assert (older["policy_version"], newer["policy_version"]) == (STANDARD_VERSION, "own-1")
    assert due(estate, newer, "attend") < due(estate, older, "attend")


def test_the_year_whose_holidays_nobody_knows_is_said_aloud(estate: "Estate") -> None:
    answer = put(estate, "calendar", {**LONGER, "country": "CN"})
    assert answer.status_code == 200
    assert any("2027" in warning and "CN" in warning for warning in answer.json["warnings"])
    assert put(estate, "calendar", {**LONGER, "country": "CN", "declared_years": [2027]}).json["warnings"] == []


CALENDARS: dict[str, tuple[Any, str]] = {
    "an unknown zone": ({**LONGER, "tz": "Asia/Nowhere"}, "document.tz"),
    "no hours": ({"tz": "UTC"}, "document.hours"),
    "overlapping spans": ({**LONGER, "hours": {"mon": [["08:00", "12:00"], ["11:00", "14:00"]]}}, "document.hours.mon"),
    "a reversed span": ({**LONGER, "hours": {"mon": [["18:00", "08:00"]]}}, "document.hours.mon"),
    "never open": ({**LONGER, "hours": {"mon": []}}, "document.hours"),
    "shut for a century": (
        {**LONGER, "closures": [["2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"]]}, "document.hours"),
    "every day a holiday": (
        {**LONGER, "holidays": [f"{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 29)]
         + [f"{m:02}-{d}" for m in range(1, 13) for d in (29, 30, 31) if not (m == 2 and d > 29)
            and not (m in (4, 6, 9, 11) and d == 31)]}, "document.holidays"),
    "a field nobody knows": ({**LONGER, "always": True}, "document.always"),
    "a field with a strange name": ({**LONGER, "ä: ö": True}, "document"),
    "a country that is none": ({**LONGER, "country": "__class__"}, "document.country"),
    "a stock exchange": ({**LONGER, "country": "NYSE"}, "document.country"),
    "whatever zone the machine has": ({**LONGER, "tz": "localtime"}, "document.tz"),
    "a number of four thousand digits": ({**LONGER, "declared_years": [10**4000]}, "document"),
    "an unknown country": ({**LONGER, "country": "XX"}, "document.country"),
    "a NUL": ({**LONGER, "name": "a\x00b"}, "document"),
    "half a character": ({**LONGER, "name": "\ud800"}, "document"),
    "half a character as a name": ({**LONGER, "\ud800": 1}, "document"),
    "an endless number": ({**LONGER, "closures": [{"from": 1e400, "to": 2}]}, "document"),
    "a huge number": ({**LONGER, "declared_years": [10**30]}, "document"),
    "a list": ([], "document"),
    "nothing": (None, "document"),
    "empty": ({}, "document.tz"),
    "deep": (json.loads('{"a":' * 60 + "1" + "}" * 60), "document"),
}  # fmt: skip


@pytest.mark.parametrize("case", CALENDARS)
def test_a_calendar_that_cannot_be_used_is_refused_with_the_field(estate: "Estate", case: str) -> None:
    document, field = CALENDARS[case]
    for language in ("en", "zh-CN"):
        answer = put(estate, "calendar", document, Accept_Language=language)
        is_problem(answer, 422)
        assert fields_of(answer) == {field}, answer.json
    assert estate.get("manager", path(estate, "calendar")).json["version"] == 1


def changed(document: dict[str, Any], *keys: Any, value: Any) -> dict[str, Any]:
    """Return the document with the value at some depth replaced."""
    inner: Any = document
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return document


RULE = {"code": "quick", "name": {"zh-CN": "快", "en": "Quick"}, "when": {"urgency": ["urgent"]},
        "targets": {"attend": {"seconds": 60, "basis": "clock"}}}  # fmt: skip
SOONER = {"attend": {"seconds": 9, "basis": "clock"}}
FOREIGN = "00000000-0000-7000-8000-00000000000e"
POLICIES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a negative target": (
        lambda d: changed(d, "classes", "standard", "routine", "attend", value={"seconds": -1, "basis": "clock"}),
        "document.classes.standard.routine.attend.seconds"),
    "an unknown switch": (lambda d: {**d, "switches": {"day": "never"}}, "document.switches.day"),
    "a class without targets": (lambda d: {**d, "classes": {}}, "document.classes.life_safety"),
    "a rule that matches nothing": (
        lambda d: {**d, "rules": [{**RULE, "when": {"urgency": []}}]}, "document.rules[0].when.urgency"),
    "a rule for an item nobody has": (
        lambda d: {**d, "rules": [{**RULE, "when": {"catalogue_code": ["x"]}}]},
        "document.rules[0].when.catalogue_code"),
    "a rule for a community of others": (
        lambda d: {**d, "rules": [RULE, {**RULE, "code": "far", "when": {"community_id": [FOREIGN]}}]},
        "document.rules[1].when.community_id"),
    "two rules that contradict one another": (
        lambda d: {**d, "rules": [RULE, {**RULE, "code": "b", "targets": SOONER}]},
        "document.rules"),
    "a pack of one's own": (
        lambda d: {**d, "packs": [{"code": "cn_lift_city", "version": "1", "rules": []}]}, "document.packs[0]"),
    "packs that are no list": (lambda d: {**d, "packs": 7}, "document.packs"),
    "a field nobody knows": (lambda d: {**d, "discount": 1}, "document.discount"),
    "a reason nobody knows": (lambda d: {**d, "pauses": {"lunch": {"longest_seconds": 60}}}, "document.pauses.lunch"),
    "no object": (lambda d: "standard", "document"),
    "a NUL": (lambda d: {**d, "rules": [{**RULE, "source": "a\x00"}]}, "document"),
}  # fmt: skip


@pytest.mark.parametrize("case", POLICIES)
def test_a_policy_that_cannot_be_used_is_refused_with_the_field(estate: "Estate", case: str) -> None:
    spoil, field = POLICIES[case]
    for language in ("en", "zh-CN"):
        answer = put(estate, "policy", spoil(policy_of(estate)), Accept_Language=language)
        is_problem(answer, 422)
        assert fields_of(answer) == {field}, answer.json
    assert estate.get("manager", path(estate, "policy")).json["version"] == STANDARD_VERSION


@pytest.mark.parametrize("body", [{}, {"document": {}}, {"note": "a"}, {"document": {}, "note": "a", "more": 1}])
def test_a_body_that_lacks_something_names_it(estate: "Estate", body: Any) -> None:
    for what in ("calendar", "policy"):
        is_problem(estate.put("manager", path(estate, what), body, If_Match="*"), 422)


CHANGES = (
    ("PUT", "calendar", {"document": LONGER, "note": NOTE}), ("PUT", "policy", {"document": {}, "note": NOTE}),
    ("PUT", "packs/cn_lift_city", {}), ("DELETE", "packs/cn_lift_city", None),
    ("POST", "reevaluations", {"reason": NOTE}),
)  # fmt: skip


@pytest.mark.parametrize(("method", "what", "body"), CHANGES, ids=lambda value: str(value)[:20])
def test_only_a_manager_of_that_community_changes_its_terms(
    estate: "Estate", new_estate: Callable[[], "Estate"], method: str, what: str, body: Any
) -> None:
    other = new_estate()
    for name in ("resident", "crew", "dispatcher", "admin"):
        assert estate.ask(method, name, path(estate, what), body, If_Match="*").status_code == 403, name
    estate.join("far manager", "manager", community_ids=(FOREIGN,))
    assert estate.ask(method, "far manager", path(estate, what), body, If_Match="*").status_code == 404
    assert other.ask(method, "manager", path(estate, what), body, If_Match="*").status_code == 404
    nowhere = f"/communities/{FOREIGN}/{what}"
    assert estate.ask(method, "manager", nowhere, body, If_Match="*").status_code == 404
    assert estate.get("manager", path(estate, "calendar")).json["version"] == 1
    assert estate.get("manager", path(estate, "policy")).json["version"] == STANDARD_VERSION


def test_a_manager_of_one_community_changes_that_one(estate: "Estate") -> None:
    estate.join("near manager", "manager", community_ids=(estate.community_id,))
    assert put(estate, "calendar", LONGER, "near manager").json["version"] == 2


def test_terms_are_for_staff_of_the_organisation(estate: "Estate", new_estate: Callable[[], "Estate"]) -> None:
    put(estate, "policy", policy_of(estate, pauses={}))
    other = new_estate()
    estate.join("far crew", "crew", community_ids=(FOREIGN,))
    for what in ("calendar", "policy"):
        assert estate.get("resident", path(estate, what)).status_code == 403
        assert other.get("manager", path(estate, what)).status_code == 404
        assert estate.get("far crew", path(estate, what)).status_code == 404
    assert estate.get("resident", "/packs").status_code == 403
    assert estate.get("resident", "/policies/own-1").status_code == 403
    assert other.get("manager", "/policies/own-1").status_code == 404
    assert estate.get("crew", "/policies/no-such").status_code == 404


def test_many_managers_at_once_write_numbers_of_their_own(app: Flask, estate: "Estate", worker_engine: Engine) -> None:
    """One community: one of those who read the same version wins. Without looking: each gets a number of their own."""
    documents = [policy_of(estate, pauses={"parts": {"longest_seconds": 60 * n}}) for n in range(1, 9)]
    headers = testing.bearer(estate.people["manager"])

    def write(document: dict[str, Any], tag: str) -> tuple[int, str]:
        answer = app.test_client().put(
            f"/api/v1{path(estate, 'policy')}", json={"document": document, "note": NOTE},
            headers={**headers, "If-Match": tag},
        )  # fmt: skip
        return answer.status_code, answer.headers.get("ETag", "")

    with ThreadPoolExecutor(4) as pool:
        careful = list(pool.map(lambda document: write(document, f'"{STANDARD_VERSION}"'), documents))
    assert sorted(status for status, _ in careful) == [200] + [412] * 7
    with ThreadPoolExecutor(4) as pool:
        careless = list(pool.map(lambda document: write(document, "*"), documents))
    assert all(status == 200 for status, _ in careless)
    with worker_engine.connect() as db:
        own = select(policies.c.version).where(policies.c.organisation_id == estate.organisation_id)
        written = list(db.execute(own).scalars())
    assert len(written) == len(set(written)) >= 8
