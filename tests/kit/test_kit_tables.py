"""People's spreadsheets are read as they are meant, and nothing in them is believed."""

import csv
import io
import time
import zipfile
from datetime import datetime

import marshmallow as ma
import pytest
from openpyxl import Workbook

from services.kit.errors import Invalid
from services.kit.http import Line, StrictSchema
from services.kit.tables import Heading, Sheet, as_csv, as_xlsx, check_row, read_table

HEADINGS = (
    Heading("unit", "Unit code", "房号", ("房屋编号",), needed=True),
    Heading("login", "Login", "登录名", needed=True),
    Heading("phone", "Phone", "手机", ("电话",)),
)


def workbook(*rows, **sheets):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for name, state in sheets.items():
        book.create_sheet(name).sheet_state = state
    return saved(book)


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data, most_rows=100):
    return read_table(data, HEADINGS, most_rows=most_rows)


def cells(table):
    return [dict(row.cells) for row in table.rows]


def refusal(data, most_rows=100):
    with pytest.raises(Invalid) as refused:
        read(data, most_rows)
    assert list(refused.value.fields) == ["file"]
    assert refused.value.zh
    assert refused.value.en
    return refused.value.en


def repacked(data, **changed):
    """A workbook with parts replaced (by the ends of their names)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            content = old.read(member)
            for name, change in changed.items():
                if member.filename.endswith(f"{name}.xml"):
                    content = change(content)
            new.writestr(member.filename, content)
    return out.getvalue()


PLAIN = [["房号", "登录名", "手机"], ["1-101", "wang", 13800138000], ["1-102", "li", None]]


def test_headings_are_known_in_both_languages_below_a_title_and_with_remarks():
    chinese = read(
        workbook(["2026 年住户名单"], [], ["手机 ", "房 号（必填）*", "登录名", "备注"], ["1", "1-101", "wang"])
    )
    english = read(workbook(["LOGIN", "unit_code", "Phone"], ["wang", "1-101", "1"]))
    assert cells(chinese) == cells(english) == [{"unit": "1-101", "login": "wang", "phone": "1"}]
    assert chinese.rows[0].number == 4, "as the spreadsheet numbers its rows"
    assert list(chinese.ignored) == ["备注"]


def test_numbers_moments_and_empty_rows_come_as_a_reader_sees_them():
    table = read(workbook(*PLAIN, [None, " ", None], [12.5, True, datetime(2026, 11, 22)]))
    assert cells(table)[0]["phone"] == "13800138000"
    assert [row.number for row in table.rows] == [2, 3, 5]
    assert cells(table)[2] == {"unit": "12.5", "login": "true", "phone": "2026-11-22"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_csv_of_any_usual_kind_is_read(encoding, mark):
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows([["房号", "登录名", "手机"], ["1-101", "王, 小明", "1"]])
    assert cells(read(out.getvalue().encode(encoding))) == [{"unit": "1-101", "login": "王, 小明", "phone": "1"}]


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_what_we_write_we_read_again_as_it_was(write):
    row = ["1-101", "@wang", "+86 138"]
    table = read(write(Sheet("Residents", ["Unit code", "Login", "Phone"], [row])))
    assert [list(one.values()) for one in cells(table)] == [row]


def test_a_formula_is_never_evaluated_and_its_row_is_named():
    table = read(workbook(*PLAIN, ["=HYPERLINK(1)", "x", "#REF!"]))
    assert [(one.row, one.column) for one in table.findings] == [(4, "unit"), (4, "phone")]
    assert "公式" in table.findings[0].view("zh-CN")["detail"]
    assert read(b"unit code,login\r\n=1+1,x\r\n").findings[0].row == 2


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x" * 501, "Longer than maximum length 500."),
        ("a\nb", "Contains a control character."),
        (123456789012345678, "rounded"),
        (1e300, "rounded"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_named(cell, said):
    (finding,) = read(workbook(PLAIN[0], ["1-101", "x", cell])).findings
    assert said in finding.en
    assert (finding.row, finding.column) == (2, "phone")


def test_a_row_is_checked_by_its_schema_in_both_languages():
    class Resident(StrictSchema):
        unit = Line(required=True)
        login = Line(required=True, most=3)
        phone = Line(validate=[ma.validate.Regexp(r"^\d+$")])

    table = read(workbook(PLAIN[0], ["1-101", "wang", "x"], [None, "li", 1]))
    first, second = (check_row(row, Resident()) for row in table.rows)
    assert first[0] is None
    assert {one.column for one in first[1]} == {"login", "phone"}
    assert second[1][0].view("en") == {"row": 3, "column": "unit", "detail": "Missing data for required field."}
    assert second[1][0].view("zh-CN")["detail"] == "缺少必填项。"


def test_the_first_visible_sheet_is_read():
    book = Workbook()
    book.active.sheet_state = "hidden"
    book.active.append(["secret"])
    for row in PLAIN:
        if row is PLAIN[0]:
            shown = book.create_sheet("shown")
        shown.append(row)
    book.active = 1
    assert len(read(saved(book)).rows) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Columns are missing"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "old .xls"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "neither"),
        (b"PK\x03\x04 nothing", "cannot be read"),
        (b"x" * 5_000_001, "larger than 5 MB"),
        (b'unit code,login\r\n"a"b,c\r\n', "quotation marks"),
        (b'unit code,login\r\n"' + b"a" * 200_000 + b'",c\r\n', "quotation marks"),
        (b"login,phone\r\na,b\r\n", "Columns are missing: Unit code."),
        (b"unit code,login,Login\r\na,b,c\r\n", "two columns"),
        (b"unit code,login\r\n,\r\n", "no row below the heading in row 1"),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_name(data, said):
    assert said in refusal(data)


def test_too_many_rows_are_refused_wherever_they_stand():
    assert "more than 2 rows" in refusal(workbook(PLAIN[0], *[["a", "b", "c"]] * 3), most_rows=2)
    far = Workbook()
    for row in PLAIN:
        far.active.append(row)
    far.active.cell(1_048_576, 1, "1-103")
    assert [row.number for row in read(saved(far)).rows] == [2, 3, 1_048_576]


def bomb(content, count=1):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            archive.writestr(f"xl/{number}.xml", content)
    return out.getvalue()


def test_bombs_are_refused_before_they_are_unpacked():
    began = time.monotonic()
    assert "unpacks to more" in refusal(bomb(b" " * 100_000_000))
    assert "unpacks to more" in refusal(bomb(b"<a/>", count=301))
    assert "cannot be read" in refusal(bomb(b"<a>" + b"<b/>" * 1_000_001 + b"</a>"))
    assert time.monotonic() - began < 10


def test_an_entity_is_refused_in_whatever_encoding():
    declared = '<?xml version="1.0" encoding="{}"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb">]><a>&b;</a>'
    for encoding in ("utf-8", "utf-16"):
        hostile = declared.format(encoding).encode(encoding)
        for part in ("sheet1", "styles", "workbook", "app"):
            assert "cannot be read" in refusal(repacked(workbook(*PLAIN), **{part: lambda _old, new=hostile: new}))


@pytest.mark.parametrize(
    "change",
    [
        lambda old: old.replace(b'r="2"', b'r="99999999999999999999"'),
        lambda old: old.replace(b'r="A2"', b'r="ZZZZZZZZ2"'),
        lambda old: old.replace(b"<v>3</v>", b"<v>999999</v>"),
        lambda old: old.replace(b"<v>13800138000</v>", b"<v>nan</v>"),
        lambda old: old.replace(b"<v>13800138000</v>", b"<v>1e999</v>"),
        lambda old: old[: len(old) // 2],
        lambda _old: b"",
    ],
)
def test_a_sheet_that_lies_never_fails_in_another_way(change):
    data = repacked(workbook(*PLAIN), sheet1=change)
    try:
        table = read(data)
    except Invalid:
        return
    assert len(table.rows) <= 2


PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def with_shared(texts, rows):
    """A workbook as Excel writes it: the texts once, and cells that point to them by number."""
    types = [
        ("xl/workbook", "sheet.main"),
        ("xl/worksheets/sheet1", "worksheet"),
        ("xl/sharedStrings", "sharedStrings"),
    ]
    overrides = "".join(f'<Override PartName="/{part}.xml" ContentType="{TYPE}.{kind}+xml"/>' for part, kind in types)
    cells_of = ["".join(f'<c t="s"><v>{number}</v></c>' for number in row) for row in rows]
    sheet = "".join(f"<row>{inner}</row>" for inner in cells_of)
    kept = "".join(f"<si><t>{text}</t></si>" for text in texts)
    related = f'<Relationships xmlns="{PACKAGE}/relationships">'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>',
        "_rels/.rels": f'{related}<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{related}<Relationship Id="r1" Type="{OFFICE}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{OFFICE}/sharedStrings" '
        'Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{kept}</sst>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_texts_kept_once_are_read_where_they_are_pointed_to():
    data = with_shared(["房号", "登录名", "1-101", "wang"], [[0, 1], [2, 3]])
    assert cells(read(data)) == [{"unit": "1-101", "login": "wang", "phone": ""}]
    assert "cannot be read" in refusal(with_shared(["房号", "登录名"], [[0, 1], [2, 99]]))


def test_one_enormous_text_pointed_to_by_every_cell_costs_little():
    data = with_shared(["房号", "登录名", "x" * 20_000_000], [[0, 1], *[[2, 2]] * 2000])
    began = time.monotonic()
    assert len(read(data, most_rows=2000).findings) == 4000
    assert time.monotonic() - began < 20
