"""Each count of the report on being told leads to a list of so many notices, and the report is a table too."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from scipy import stats

from services.contracts import tickets
from services.kit.identity import Actor
from services.kit.tables import XLSX
from services.kit.testing import at, bearer, fresh
from services.notify.audience import KINDS
from services.notify.channels import NAMES, Permanent
from services.notify.queries.tellings import FIGURES, GROUPINGS
from services.notify.told_words import names_of
from tests.notify.conftest import NOON, Desk, Postbox
from tests.notify.test_told import deliver, manager_of


def get(client: FlaskClient, who: Actor, path: str, **headers: str) -> Any:
    answer = client.get(path, headers={**bearer(who), **headers})
    assert answer.status_code == 200, answer.json
    return answer


def listed(client: FlaskClient, who: Actor, link: str) -> list[dict[str, Any]]:
    """Return what a link lists, over all its pages."""
    path: str | None = f"{link}&limit=1"
    found: list[dict[str, Any]] = []
    while path:
        answer = get(client, who, path)
        found += answer.json["items"]
        path = answer.headers["Link"].partition("<")[2].partition(">")[0] if "Link" in answer.headers else None
    return found


@pytest.fixture
def told(desk: Desk, postbox: Postbox, client: FlaskClient) -> Desk:
    """Return a desk where one was told in time, one late and read, one not at all, and two wait."""
    resident, alone = desk.person(email="resident@example.org"), desk.person()
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident, urgency="urgent", need_level=1))
    with at(NOON + timedelta(seconds=20)):
        deliver(desk, postbox)
    with at(NOON):
        desk.hears(desk.event(tickets.TicketArrived, requester_id=resident, urgency="urgent", need_level=2))
    with at(NOON + timedelta(minutes=30)):
        deliver(desk, postbox)
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident))
    postbox.failures = [Permanent("550 no such mailbox")]
    deliver(desk, postbox)
    with at(NOON):
        desk.hears(desk.event(tickets.TicketArrived, requester_id=resident, need_level=None))
        desk.hears(desk.event(tickets.TicketArrived, requester_id=alone))
    late = next(one for one in desk.notices(resident) if one.kind == "ticket.arrived")
    client.post(f"/api/v1/notices/{late.id}/read", headers=bearer(Actor(resident, desk.organisation_id, "resident")))
    return desk


@pytest.mark.parametrize("grouping", tuple(GROUPINGS))
def test_the_list_behind_a_count_holds_so_many(told: Desk, client: FlaskClient, grouping: str) -> None:
    who = manager_of(told)
    rows = get(client, who, f"/api/v1/reports/told?group_by={grouping}&from=2020-01-01T00:00:00Z").json["items"]
    assert sum(row["n"] for row in rows) == 5
    for row in rows:
        for figure in FIGURES:
            assert len(listed(client, who, row["behind"][figure])) == row[figure], (row["group"], figure)


def test_a_list_says_what_came_of_each_and_not_for_whom_nor_in_which_words(told: Desk, client: FlaskClient) -> None:
    who = manager_of(told)
    (whole,) = get(client, who, "/api/v1/reports/told?group_by=organisation").json["items"]
    (late,) = listed(client, who, whole["behind"]["late"])
    assert (late["state"], late["kind"], late["audience"], late["urgency"]) == (
        "late", "ticket.arrived", "resident", "urgent",
    )  # fmt: skip
    assert late["late_seconds"] > 0
    assert late["ticket_id"]
    assert late["name"] == {"zh-CN": "已到场", "en": "somebody is there"}
    assert not {"person_id", "title", "body", "notice_id"} & set(late)


def test_a_share_has_its_interval(told: Desk, client: FlaskClient) -> None:
    (whole,) = get(client, manager_of(told), "/api/v1/reports/told?group_by=organisation").json["items"]
    wilson = stats.binomtest(whole["in_time"], whole["n"]).proportion_ci(method="wilson")
    assert (whole["low"], whole["high"]) == pytest.approx((wilson.low, wilson.high))


def test_every_kind_and_channel_has_a_name_in_both_languages() -> None:
    for grouping, codes in (("kind", KINDS), ("channel", (*NAMES, None)), ("urgency", ("routine",))):
        for code in codes:
            names = names_of(grouping, code)
            assert names is not None
            assert set(names) == {"zh-CN", "en"}
            assert names["zh-CN"] != code, code
    assert names_of("kind", "of.a.later.version") == {"zh-CN": "of.a.later.version", "en": "of.a.later.version"}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_report_is_a_table_and_taking_it_out_is_on_record(told: Desk, client: FlaskClient, lang: str) -> None:
    who = manager_of(told)
    report = "/api/v1/reports/told?group_by=kind"
    rows = get(client, who, report).json["items"]
    text = get(client, who, f"{report}&format=csv", **{"Accept-Language": lang}).data.decode("utf-8-sig")
    heading, *table = csv.reader(io.StringIO(text))
    assert [(row[4], row[5], int(row[6])) for row in table] == [
        (one["group"], one["name"][lang], one["n"]) for one in rows
    ]
    assert all("_" not in cell for cell in heading)
    book = get(client, who, f"{report}&format=xlsx", **{"Accept-Language": lang})
    assert book.headers["Content-Type"] == XLSX
    page: Any = load_workbook(io.BytesIO(book.data)).active
    assert [row[6] for row in page.iter_rows(min_row=2, values_only=True)] == [one["n"] for one in rows]
    looks = get(client, who, "/api/v1/reports/told/exports").json["items"]
    assert [(look["what"], look["subject"], look["viewer_id"]) for look in looks] == [("report", "told", who.id)] * 2
    of = {viewer: get(client, who, f"/api/v1/reports/told/exports?viewer_id={viewer}") for viewer in (who.id, fresh())}
    assert [len(answer.json["items"]) for answer in of.values()] == [2, 0]


def test_lists_are_those_of_the_managers_of_the_community(told: Desk, client: FlaskClient) -> None:
    elsewhere = manager_of(told, community_ids=(fresh(),))
    assert get(client, elsewhere, "/api/v1/reports/told/behind?figure=n").json["items"] == []
    for role in ("resident", "crew", "dispatcher"):
        for path in ("behind?figure=n", "exports"):
            answer = client.get(f"/api/v1/reports/told/{path}", headers=bearer(manager_of(told, role=role)))
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "figure"),
        ("figure=x", "figure"),
        ("figure=n&group_by=kind", "group"),
        ("figure=n&group=kind", "group"),
        ("figure=n&group_by=community&group=x", "group"),
        ("figure=n&group_by=need_level&group=9", "group"),
        ("figure=n&group_by=need_level&group=x", "group"),
        ("figure=n&after=x", "after"),
    ],
)
def test_a_list_that_there_is_not_is_named(desk: Desk, client: FlaskClient, query: str, field: str) -> None:
    answer = client.get(f"/api/v1/reports/told/behind?{query}", headers=bearer(manager_of(desk)))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
