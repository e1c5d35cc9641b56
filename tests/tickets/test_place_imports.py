"""Homes from a spreadsheet: every bad row is named, and a table is taken over whole or not at all."""

import io
import time
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook, load_workbook
from werkzeug.test import TestResponse

from tests.tickets.conftest import signed_in

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

HEADING = ("小区", "楼栋", "单元", "房号")


def csv(*rows: tuple[Any, ...], heading: tuple[str, ...] = HEADING, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join(map(str, row)) for row in (heading, *rows)).encode(encoding)


def xlsx(*rows: tuple[Any, ...], heading: tuple[str, ...] = HEADING, merge: str | None = None) -> bytes:
    book = Workbook()
    for row in (heading, *rows):
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(estate: "Estate", data: bytes, *, dry: bool = True, name: str = "admin", **headers: str) -> TestResponse:
    # Written by hand: the test client leaves a large body's temporary file open.
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="homes"\r\n\r\n'
    return estate.client.post(
        f"/api/v1/places/imports?dry_run={str(dry).lower()}",
        data=head + data + b"\r\n--edge--\r\n",
        content_type="multipart/form-data; boundary=edge",
        headers={**signed_in(estate.people[name]), **{k.replace("_", "-"): v for k, v in headers.items()}},
    )


def names(estate: "Estate") -> set[str]:
    return {f"{one['building']}/{one['name']}" for one in estate.get("admin", "/units?limit=100").json["items"]}


def test_a_dry_run_says_what_would_change_and_changes_nothing(estate: "Estate") -> None:
    table = csv(("桂花苑", "1栋", "", "101"), ("桂花苑", "1栋", "", "103"), ("桂花苑", "2栋", "2单元", "301"))
    said = send(estate, table)
    assert said.status_code == 200, said.json
    assert said.json == {
        "applied": False, "rows": 3, "new_buildings": 1, "new_units": 2, "renamed": [], "unchanged": 1,
        "findings": [], "ignored": [],
    }  # fmt: skip
    assert names(estate) == {"1栋/101", "1栋/102"}


def test_a_table_imported_twice_changes_nothing_the_second_time(estate: "Estate") -> None:
    table = xlsx(("桂花苑", "1栋", None, 101), ("桂花苑", "2栋", 2, 301), ("桂花苑", "2栋", 2, 302))
    done = send(estate, table, dry=False)
    assert (done.status_code, done.json["applied"], done.json["new_units"]) == (200, True, 2)
    assert names(estate) == {"1栋/101", "1栋/102", "2栋/2-301", "2栋/2-302"}
    again = send(estate, table, dry=False)
    assert (again.json["new_units"], again.json["new_buildings"], again.json["unchanged"]) == (0, 0, 3)
    created = [row for row in estate.get("admin", "/places/changes").json["items"] if row["data"].get("by") == "import"]
    assert [(row["kind"], row["action"]) for row in created] == [("unit", "create")] * 2 + [("building", "create")]


def test_a_retry_with_its_key_gets_the_same_answer(estate: "Estate") -> None:
    table = csv(("桂花苑", "3栋", "", "1"))
    first = send(estate, table, dry=False, Idempotency_Key='"i"')
    again = send(estate, table, dry=False, Idempotency_Key='"i"')
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert send(estate, csv(("桂花苑", "3栋", "", "2")), dry=False, Idempotency_Key='"i"').status_code == 422


def test_the_filled_template_comes_back_with_new_names_for_the_same_codes(estate: "Estate") -> None:
    headers = {**signed_in(estate.people["admin"]), "Accept-Language": "en"}
    filled = estate.client.get("/api/v1/places/template?format=xlsx&filled=true", headers=headers)
    book = load_workbook(io.BytesIO(filled.data))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0] == ("Community", "Building", "Building code", "Unit", "Unit code")
    assert rows[1] == ("桂花苑", "1栋", "桂花苑-1栋", "101", "桂花苑-1栋-101")
    for row in book.active.iter_rows(min_row=2):
        row[1].value = "甲座"
    book.active["D2"] = "A101"
    out = io.BytesIO()
    book.save(out)
    done = send(estate, out.getvalue(), dry=False)
    assert done.json["renamed"] == [
        {"kind": "building", "code": "桂花苑-1栋", "before": "1栋", "after": "甲座"},
        {"kind": "unit", "code": "桂花苑-1栋-101", "before": "101", "after": "A101"},
    ]
    assert names(estate) == {"甲座/A101", "甲座/102"}
    assert estate.file()["unit_name"] == "甲座 A101"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_is_read_as_excel_saves_it_in_china(estate: "Estate", encoding: str) -> None:
    done = send(estate, csv(("桂花苑", "贰栋", "", "壹零壹"), encoding=encoding), dry=False)
    assert done.json["new_units"] == 1, done.json
    assert "贰栋/壹零壹" in names(estate)


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_marks_between_cells_are_understood(estate: "Estate", mark: str) -> None:
    table = csv(("桂花苑", "2栋", "", "1"), heading=("Community", "Building", "Entrance", "Unit"))
    assert send(estate, table.replace(b",", mark.encode())).json["new_units"] == 1


def test_every_bad_row_is_named_with_its_column_in_both_languages(estate: "Estate") -> None:
    closed = estate.post("admin", f"/buildings/{estate.building_id}/units", {"name": "109"}).json
    estate.ask("PATCH", "admin", f"/units/{closed['id']}", {"closed": True}, If_Match="*")
    heading = ("小区", "楼栋", "楼栋编码", "房号", "房屋编码", "备注")
    table = csv(
        ("没有苑", "1栋", "", "1", ""),
        ("桂花苑", "", "", "1", ""),
        ("桂花苑", "1栋", "", "2026-01-01", ""),
        ("桂花苑", "1栋", "", "x" * 61, ""),
        ("桂花苑", "1栋", "", "201", "a b"),
        ("桂花苑", "1栋", "", "109", ""),
        ("桂花苑", "1栋", "", "301", ""),
        ("桂花苑", "1栋", "", "301", ""),
        ("桂花苑", "1栋", "", "101", "other-code"),
        ("桂花苑", "2栋", "", "1", "桂花苑-1栋-101"),
        ("桂花苑", "3栋", "桂花苑-1栋", "1", ""),
        ("桂花苑", "1栋", "", "=1+1", ""),
        heading=heading,
    )
    said = send(estate, table, Accept_Language="en").json
    assert said["ignored"] == ["备注"]
    found = [(one["row"], one["column"]) for one in said["findings"]]
    assert found == [
        (2, "community"), (3, "building"), (4, "unit"), (5, "unit"), (6, "unit_code"), (7, "unit"), (9, "unit"),
        (10, "unit"), (11, "unit_code"), (12, "building"), (13, "unit"),
    ]  # fmt: skip
    assert "add it first" in said["findings"][0]["detail"]
    assert "row 8" in said["findings"][6]["detail"]
    refused = send(estate, table, dry=False, Accept_Language="zh-CN")
    assert refused.status_code == 422
    assert [(one["row"], one["column"]) for one in refused.json["findings"]] == found
    assert refused.json["findings"][0]["detail"] == "没有小区“没有苑”，请先新增该小区。"
    assert names(estate) == {"1栋/101", "1栋/102", "1栋/109"}


def test_names_may_change_hands_in_the_order_of_the_rows(estate: "Estate") -> None:
    heading = ("小区", "楼栋", "房号", "房屋编码")
    first, second = "桂花苑-1栋-101", "桂花苑-1栋-102"
    swapped = send(estate, csv(("桂花苑", "1栋", "102", first), ("桂花苑", "1栋", "101", second), heading=heading))
    assert [one["row"] for one in swapped.json["findings"]] == [2, 3]
    moved = csv(("桂花苑", "1栋", "103", second), ("桂花苑", "1栋", "102", first), heading=heading)
    assert send(estate, moved, dry=False).json["renamed"][1]["after"] == "102"
    assert estate.file()["unit_name"] == "1栋 102"


def test_merged_cells_are_named_not_guessed(estate: "Estate") -> None:
    table = xlsx(("桂花苑", "2栋", None, "1"), ("桂花苑", None, None, "2"), merge="B2:B3")
    said = send(estate, table, Accept_Language="en").json["findings"]
    assert [(one["row"], one["column"]) for one in said] == [(3, "building")]
    assert "merged" in said[0]["detail"]


def test_formulas_and_dates_and_errors_are_named_not_evaluated(estate: "Estate") -> None:
    table = xlsx(
        ("桂花苑", "2栋", None, "=1+1"), ("桂花苑", "2栋", None, date(2026, 1, 2)), ("桂花苑", "#REF!", None, 3),
        ("桂花苑", "2栋", None, 1e16),
    )  # fmt: skip
    said = send(estate, table).json["findings"]
    assert [(one["row"], one["column"]) for one in said] == [(2, "unit"), (3, "unit"), (4, "building"), (5, "unit")]


def bomb() -> bytes:
    """A workbook of a few hundred kilobytes whose sheet unfolds to a hundred megabytes."""
    data = io.BytesIO(xlsx(("桂花苑", "2栋", None, "1")))
    out = io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, old.read(member))
        new.writestr("xl/worksheets/more.xml", b" " * 100_000_000)
    return out.getvalue()


def billion_laughs() -> bytes:
    data = io.BytesIO(xlsx(("桂花苑", "2栋", None, "1")))
    out = io.BytesIO()
    doctype = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, doctype + content if member.endswith("sheet1.xml") else content)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00" * 100, b"%PDF-1.7", b"PK\x03\x04 no zip", b"\xd0\xcf\x11\xe0old xls", b"a" * 5_000_001,
        csv(heading=("a", "b")), csv(), csv(heading=("小区", "小区", "楼栋", "房号")), b'"unclosed,quote\n1,2',
    ],
    ids=["empty", "zeros", "pdf", "no-zip", "xls", "large", "no-columns", "no-rows", "column-twice", "quotes"],
)  # fmt: skip
def test_what_is_no_table_of_homes_is_refused_as_a_whole(estate: "Estate", data: bytes) -> None:
    for dry in (True, False):
        refused = send(estate, data, dry=dry)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "file"), refused.json


@pytest.mark.parametrize("make", [bomb, billion_laughs])
def test_a_workbook_that_unfolds_is_refused_before_it_does(estate: "Estate", make: Any) -> None:
    started = time.perf_counter()
    refused = send(estate, make())
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "file")
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("make", [csv, xlsx])
def test_a_hundred_thousand_rows_are_refused_soon(estate: "Estate", make: Any) -> None:
    data = make(*(("桂花苑", "2栋", "", str(number)) for number in range(100_000)))
    started = time.perf_counter()
    refused = send(estate, data, Accept_Language="en")
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "file")
    assert time.perf_counter() - started < 30


def test_ten_thousand_rows_are_imported_in_one_go(estate: "Estate") -> None:
    data = csv(*(("桂花苑", f"{number // 100}座", "", f"{number % 100:03d}") for number in range(10_000)))
    done = send(estate, data, dry=False)
    assert (done.status_code, done.json.get("new_units"), done.json.get("new_buildings")) == (200, 10_000, 100)


@pytest.mark.parametrize("name", ["resident", "crew", "dispatcher", "manager"])
def test_only_an_admin_imports(estate: "Estate", name: str) -> None:
    assert send(estate, csv(("桂花苑", "2栋", "", "1")), name=name).status_code == 403
    assert estate.get(name, "/places/template").status_code == 403


def test_an_admin_of_another_community_finds_none_to_import_into(estate: "Estate") -> None:
    estate.join("local", "admin", community_ids=("00000000-0000-7000-8000-00000000000e",))
    said = send(estate, csv(("桂花苑", "2栋", "", "1")), name="local").json
    assert [(one["row"], one["column"]) for one in said["findings"]] == [(2, "community")]


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_the_template_has_the_headings_that_an_import_knows(estate: "Estate", kind: str, begins: bytes) -> None:
    empty = estate.get("admin", f"/places/template?format={kind}", Accept_Language="zh-CN")
    assert empty.data.startswith(begins)
    refused = send(estate, empty.data)
    assert refused.status_code == 422
    assert "标题以下没有内容" in send(estate, empty.data, Accept_Language="zh-CN").json["detail"]
