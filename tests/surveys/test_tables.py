"""The reports as tables for spreadsheets: the same figures, in both languages, and on record before they leave."""

import csv
import io
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from services.kit.identity import Actor
from services.kit.tables import XLSX
from services.kit.testing import fresh
from tests.surveys.conftest import Desk
from tests.surveys.test_gaps import asked, guessed, worked
from tests.surveys.voices import Organisation

REPORTS = ("satisfaction", "gaps", "recovery")


@pytest.fixture
def firm(desk: Desk, client: FlaskClient) -> Organisation:
    """Return an organisation of its own, in which something was said, done and expected."""
    found = Organisation(desk, client)
    manager = found.person("manager")
    for rating in (5, 4, 2):
        found.visited(found.job(unit_id=fresh()), {"solved": rating > 2, "satisfaction": rating})
    worked(found, [0.5] * 8 + [2.0, 4.0])
    campaign = asked(found, manager, [{"repair_importance": 7, "urgent_repair_hours": 2}] * 10)
    guessed(found, manager, campaign, 5)
    return found


@pytest.fixture
def manager(firm: Organisation) -> Actor:
    """Return a manager of all of it."""
    return firm.person("manager")


def rows(firm: Organisation, who: Actor, path: str, lang: str = "en") -> list[dict[str, str]]:
    """Return the rows of a report as CSV, by their headings."""
    answer = firm.get(who, path, **{"Accept-Language": lang})
    assert answer.status_code == 200, answer.json
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_satisfaction_as_a_table_has_each_figure_with_n_and_interval(firm: Organisation, manager: Actor) -> None:
    told = (firm.get(manager, "/reports/satisfaction").json or {})["total"]
    table = [row for row in rows(firm, manager, "/reports/satisfaction?format=csv") if row["Group"] == "all"]
    by_measure = {(row["Who said it"], row["Measure"]): row for row in table}
    content = by_measure["the household itself", "content (4 or 5 of 5)"]
    csat = told["household"]["csat"]
    assert (float(content["Value"]), int(content["n"])) == (csat["value"], 3)
    assert (float(content["95% low"]), float(content["95% high"])) == (
        csat["interval"]["low"],
        csat["interval"]["high"],
    )
    assert content["List"] == told["behind"]["satisfied"]
    silence = by_measure["", "non-response rate"]
    assert (float(silence["Value"]), int(silence["n"])) == (0.0, 3)
    assert by_measure["", "asked"]["Value"] == "3"
    estimates = [row for row in table if row["Kind"] == "estimate, nobody counted it"]
    assert len(estimates) == len(told["estimates"])
    assert all(row["Source"] for row in estimates)
    chinese = rows(firm, manager, "/reports/satisfaction?format=csv&group_by=month", "zh-CN")
    assert {"指标", "95% 下限", "清单链接"} <= set(chinese[0])
    assert len({row["组"] for row in chinese} - {"合计"}) >= 1


def test_the_gaps_as_a_table_have_each_gap_with_what_it_stands_on(firm: Organisation, manager: Actor) -> None:
    table = rows(firm, manager, f"/reports/gaps?format=csv&community_id={firm.community_id}")
    assert {row["Gap"] for row in table} == {"1", "2", "3", "4", "5"}
    measured = {row["Gap"]: row for row in reversed(table) if row["Kind"] == "figure"}
    assert (float(measured["3"]["Value"]), measured["3"]["n"]) == (0.2, "10")
    assert measured["1"]["Measure"] == "what residents expect ↔ what managers think they expect"
    late = next(row for row in table if row["Part"] == "resolve" and row["Measure"] == "missed")
    assert (late["Value"], late["List"].partition("?")[0]) == ("2", "/api/v1/reports/gaps/behind")
    lacking = [row for row in table if row["Gap"] == "4" and row["Kind"] == "too little: have / needed"]
    assert [(row["Measure"], row["Value"], row["n"]) for row in lacking] == [("promises", "0", "10")]


def test_the_balance_as_a_table_has_every_household(firm: Organisation, manager: Actor) -> None:
    table = rows(firm, manager, "/reports/recovery?format=csv&limit=1")
    assert len(table) == 3
    assert [row["Good services owed"] for row in table] == ["12", "0", "0"]
    assert all(row["Estimated by"] and row["Source"] for row in table)


def test_a_campaign_as_a_table_has_figures_and_nobodys_words(firm: Organisation, manager: Actor) -> None:
    (campaign,) = (firm.get(manager, "/campaigns").json or {})["items"]
    report = firm.get(manager, f"/campaigns/{campaign['id']}/report").json or {}
    table = rows(firm, manager, f"/campaigns/{campaign['id']}/report?format=csv")
    by_item = {row["Item"]: row for row in table if row["Item"]}
    assert set(by_item) == {one["item"] for one in report["items"]}
    assert (by_item["repair_importance"]["Value"], by_item["repair_importance"]["n"]) == ("7.0", "10")
    assert by_item["repair_importance"]["Managers thought"] == "5.0"
    assert {row["Measure"] for row in table if not row["Item"]} >= {"all households", "response rate", "answered"}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_every_report_is_a_workbook_too(firm: Organisation, manager: Actor, name: str, lang: str) -> None:
    answer = firm.get(manager, f"/reports/{name}?format=xlsx", **{"Accept-Language": lang})
    assert answer.headers["Content-Type"] == XLSX
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{name}-')
    page: Any = load_workbook(io.BytesIO(answer.data)).active
    heading, *body = page.iter_rows(values_only=True)
    assert body
    assert all(heading)
    assert all("_" not in str(cell) for cell in heading), "each column has a heading in words"


def test_what_is_taken_out_is_on_record_beside_what_was_read(firm: Organisation, manager: Actor) -> None:
    for path in ("/reports/recovery?format=xlsx", f"/reports/gaps?format=csv&community_id={firm.community_id}"):
        assert firm.get(manager, path).status_code == 200
    admin = firm.person("admin")
    assert firm.get(admin, "/reports/satisfaction?format=csv").status_code == 200
    firm.get(manager, "/reports/satisfaction")
    answer = firm.get(manager, "/return-visits/answers/views").json or {}
    document = firm.client.get("/openapi.json").json or {}
    jsonschema.validate(answer, {"$ref": "#/components/schemas/Readings", "components": document["components"]})
    looks = answer["items"]
    assert [(look["what"], look["subject"], look["viewer_id"], look["viewer_role"]) for look in looks] == [
        ("report", "satisfaction", admin.id, "admin"),
        ("report", "gaps", manager.id, "manager"),
        ("report", "recovery", manager.id, "manager"),
    ]
    assert looks[1]["community_id"] == firm.community_id
    elsewhere = firm.person("manager", community_ids=(fresh(),))
    seen = (firm.get(elsewhere, "/return-visits/answers/views").json or {})["items"]
    assert [look["subject"] for look in seen] == ["satisfaction", "recovery"]
