"""Any report as a table: readable in both languages and in Excel, and no name somebody chose is ever a formula."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook
from sqlalchemy import update
from werkzeug.test import TestResponse

from services.kit import testing
from services.tickets.models import people
from tests.tickets.month import BURST, second_community, told, worked
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NOW = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)
EVIL = (
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x.example","y")', "＝1+1",
    "-1", "=1,\n2;\"3\"",
    "\u00a0=1+1", "\ufeff=1+1", "\v=1+1", "\u200b\u200d@SUM(A1)", "\u2060\u3000+1+1", "\u202e-2+3", "\u3164＝1",
)  # fmt: skip
ZH, EN = "zh-CN", "en"


def export(estate: "Estate", name: str, kind: str, locale: str = EN, **query: str) -> TestResponse:
    """Read a report as a file, as it was at NOW."""
    with testing.at(NOW):
        path = f"/reports/{name}?{urlencode({'format': kind, **query})}"
        answer = estate.get("manager", path, Accept_Language=locale)
    assert answer.status_code == 200, answer.json
    return answer


def rows_of_csv(answer: TestResponse) -> list[list[str]]:
    """Return the rows of a CSV file."""
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def cells_of_xlsx(answer: TestResponse) -> list[list[Any]]:
    """Return the cells of a workbook's only sheet."""
    (page,) = load_workbook(io.BytesIO(answer.data)).worksheets
    return [list(row) for row in page.iter_rows()]


def busy(estate: "Estate", name: str = "玉兰苑", badge: str | None = None) -> str:
    """Let both communities have a job, one of them with a pause; returns the second community's id."""
    community, home = second_community(estate, name)
    if badge is not None:
        with estate.engine.begin() as db:
            db.execute(update(people).where(people.c.id == estate.people["crew"].id).values(badge=badge))
    with testing.at(NOW):
        half_a_day = timedelta(hours=12)
        told(estate, BURST, half_a_day, *worked("crew", 3, 30))
        paused = (20, "crew", "pause", lambda: waiting(hours=1))
        told(estate, BURST, half_a_day, (3, "crew", "claim"), (9, "crew", "start"), paused, home=home)
    return community


@pytest.mark.parametrize("evil", EVIL)
def test_a_name_that_looks_like_a_formula_is_text(estate: "Estate", evil: str) -> None:
    community = busy(estate, evil, evil)
    for report, query in (
        ("sla", {"group_by": "community"}),
        ("sla", {"group_by": "crew"}),
        ("pauses", {"group_by": "community"}),
        ("pauses", {"group_by": "member"}),
        ("attainment", {"community_id": community}),
    ):
        as_csv = [cell for row in rows_of_csv(export(estate, report, "csv", **query)) for cell in row]
        assert f"'{evil}" in as_csv
        assert evil not in as_csv
        cells = [cell for row in cells_of_xlsx(export(estate, report, "xlsx", **query)) for cell in row]
        written = evil.replace("\v", "\ufffd").strip()  # XML has no vertical tab.
        named = [cell for cell in cells if isinstance(cell.value, str) and cell.value.strip() == written]
        assert named
        assert all(cell.data_type == "s" and cell.quotePrefix for cell in named)
        assert not any(cell.data_type == "f" for cell in cells)


@pytest.mark.parametrize("evil", EVIL[:4])
def test_complaints_and_announcements_of_such_a_place_are_text_too(estate: "Estate", evil: str) -> None:
    community, home = second_community(estate, evil)
    notice = {
        "community_id": community, "kind": "notice", "starts_at": (NOW + timedelta(days=2)).isoformat(),
        "title_zh": "通知", "body_zh": "明天大扫除。",
    }  # fmt: skip
    with testing.at(NOW - timedelta(hours=1)):
        estate.file("投诉保安态度差", "far", unit_id=home)
        drafted = estate.post("dispatcher", "/announcements", notice)
        assert estate.post("dispatcher", f"/announcements/{drafted.json['id']}/publish", {}).status_code == 200
    for report in ("complaints", "announcements"):
        table = rows_of_csv(export(estate, report, "csv", group_by="community"))
        assert {f"'{evil}", community} <= {cell for row in table for cell in row}
        cells = [cell for row in cells_of_xlsx(export(estate, report, "xlsx", group_by="community")) for cell in row]
        assert [cell for cell in cells if isinstance(cell.value, str) and cell.value.strip() == evil.strip()]
        assert not any(cell.data_type == "f" for cell in cells)
        shares = [row for row in table if row[table[0].index("Measure")] in ("in time", "justified")]
        assert {row[table[0].index("Share")] for row in shares} == {""}


def test_every_cell_is_in_quotation_marks_and_plain_names_stay_as_they_are(estate: "Estate") -> None:
    """Where semicolons or tabs part cells too, "x;=1+1" would be two, and the second a formula."""
    busy(estate, "x;=1+1", "一号 -2\t=3")
    answer = export(estate, "sla", "csv", group_by="community")
    assert '"x;=1+1"' in answer.data.decode("utf-8-sig")
    for line in answer.data.decode("utf-8-sig").splitlines():
        assert line.startswith('"')
        assert line.endswith('"')
    assert "x;=1+1" in [cell for row in rows_of_csv(answer) for cell in row]


def test_numbers_stay_numbers(estate: "Estate") -> None:
    busy(estate)
    cells = cells_of_xlsx(export(estate, "sla", "xlsx"))
    heading = [cell.value for cell in cells[0]]
    resolve = next(row for row in cells[1:] if row[heading.index("Measure")].value == "resolution")
    for name in ("Met", "Share met", "Contract seconds p90", "Seconds paused"):
        assert resolve[heading.index(name)].data_type == "n", name
    assert resolve[heading.index("Filed")].value == 2


@pytest.mark.parametrize("report", ["sla", "pauses", "attainment", "complaints", "announcements"])
@pytest.mark.parametrize("locale", [ZH, EN])
def test_both_files_say_the_same_under_headings_in_the_callers_language(
    estate: "Estate", report: str, locale: str
) -> None:
    busy(estate)
    answer = export(estate, report, "csv", locale)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{report}-2026-11-18.csv"'
    table = rows_of_csv(answer)
    assert table[0][0] == ("统计时刻" if locale == ZH else "As of")
    assert len(table) > 2
    assert len({len(row) for row in table}) == 1
    assert len(set(table[0])) == len(table[0])
    workbook = export(estate, report, "xlsx", locale)
    assert workbook.headers["Content-Disposition"].endswith('.xlsx"')
    shown = [["" if cell.value is None else cell.value for cell in row] for row in cells_of_xlsx(workbook)]
    assert [[str(cell) for cell in row] for row in shown[:1]] == table[:1]
    for ours, theirs in zip(shown[1:], table[1:], strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert one == other.removeprefix("'") or float(one) == pytest.approx(float(other))


def test_moments_are_local_where_one_community_is_chosen_and_utc_elsewhere(estate: "Estate") -> None:
    busy(estate)
    since = "2026-11-17T16:00:00+00:00"
    everywhere = rows_of_csv(export(estate, "sla", "csv", **{"from": since}))[1]
    assert everywhere[:3] == ["2026-11-18T20:00:00+00:00", since, ""]
    there = export(estate, "sla", "csv", community_id=estate.community_id, **{"from": since})
    assert rows_of_csv(there)[1][:2] == ["2026-11-19T04:00:00+08:00", "2026-11-18T00:00:00+08:00"]


def test_a_table_has_the_figures_of_the_report(estate: "Estate") -> None:
    busy(estate)
    with testing.at(NOW):
        found = (estate.get("manager", "/reports/sla?group_by=community").json or {})["groups"]
    table = rows_of_csv(export(estate, "sla", "csv", group_by="community"))
    heading = table[0]
    for group in found:
        rows = {row[heading.index("Measure")]: row for row in table if row[heading.index("Group")] == group["key"]}
        resolve, flawless = rows["resolution"], rows["flawless jobs"]
        assert resolve[heading.index("Name")] == group["name"]
        assert resolve[heading.index("Met")] == str(group["clocks"]["resolve"]["met"])
        assert resolve[heading.index("Tickets")] == group["clocks"]["resolve"]["tickets"]["breached"]
        assert flawless[heading.index("Met")] == str(group["flawless"]["flawless"])
        assert rows["promises"][heading.index("Share met")] == ""


def test_times_at_the_edge_of_the_calendar_are_written_as_given(estate: "Estate") -> None:
    edges = {"from": "0001-01-01T00:00:00+00:00", "to": "9999-12-31T23:59:59+00:00"}
    for zone in ({}, {"community_id": estate.community_id}):
        assert rows_of_csv(export(estate, "sla", "csv", **edges, **zone))[1][2].startswith("9999")
