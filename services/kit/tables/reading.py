"""Reading a table that somebody made in a spreadsheet, XLSX or CSV, when nothing in the file can be believed."""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import marshmallow as ma

from services.kit.errors import Invalid, invalid_field
from services.kit.http.fields import Line
from services.kit.http.problems import flatten
from services.kit.http.sentences import field_sentence
from services.kit.tables.from_csv import rows_of_csv
from services.kit.tables.from_xlsx import Formula, rows_of_xlsx
from services.kit.tables.writing import may_be_formula

MOST_BYTES = 5_000_000
MOST_CHARACTERS = 500
# A heading may stand below a title and a line of advice.
_HEADING_WITHIN = 10
_LONGEST_HEADING = 80
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_REMARK = re.compile(r"[(（\[【].*?[)）\]】]|[*＊:：]")
# Beyond fifteen digits a spreadsheet rounds a number; what is read is no longer what was typed.
_EXACT = 10**15


@dataclass(frozen=True)
class Heading:
    """A column that is looked for: its code, its heading in each language, and other words people use for it.

    A file without a `needed` column is refused. Whether a cell of it may be empty is the row's own matter.
    """

    code: str
    en: str
    zh: str
    words: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True)
class Finding:
    """What is wrong in a row, as a spreadsheet numbers it, and in which column (`code`; None: the row as a whole)."""

    row: int
    column: str | None
    en: str
    zh: str

    def view(self, locale: str) -> dict[str, Any]:
        """Return the finding as a caller reads it, in the language of `locale`."""
        return {"row": self.row, "column": self.column, "detail": self.zh if locale.startswith("zh") else self.en}


@dataclass(frozen=True)
class Row:
    """A row by its number in the sheet, and its text by column code; an empty cell is "" and every code is there."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """The rows that have anything in them, what cannot be read in them, and headings that say nothing to us."""

    rows: Sequence[Row]
    findings: Sequence[Finding] = ()
    ignored: Sequence[str] = ()


def read_table(data: bytes, headings: Sequence[Heading], *, most_rows: int) -> Table:
    """Read the first visible sheet of a workbook (XLSX), or a CSV, as far as its headings are known.

    No formula is evaluated, and no earlier result of one is believed: such a cell is a finding. Raises Invalid about
    the field `file` where the whole is not to be read: too large, too many rows, not a table, a needed column missing.
    """
    if len(data) > MOST_BYTES:
        raise refused(
            f"The file is larger than {MOST_BYTES // 1_000_000} MB. Remove pictures, or split it.",
            f"文件超过 {MOST_BYTES // 1_000_000} MB，请去掉图片或拆分后再上传。",
        )
    if data.startswith(_OLE):
        raise refused(
            "This is an old .xls file, or one with a password. Save it as .xlsx without a password.",
            "该文件是旧版 .xls 或设有密码，请另存为不带密码的 .xlsx。",
        )
    source = rows_of_xlsx(data) if data.startswith(_ZIP) else rows_of_csv(data)
    filled = ((number, cells) for number, cells in source if any(cell not in (None, "") for cell in cells))
    try:
        places, ignored, heading_row = _find_headings(filled, headings)
        rows, findings = _read_rows(filled, places, headings, most_rows)
    except csv.Error as problem:
        raise refused(
            "The quotation marks of this CSV do not match. Save it again from your spreadsheet program.",
            "该 CSV 的引号不成对，请用表格软件重新保存。",
        ) from problem
    if not rows:
        raise refused(
            f"There is no row below the heading in row {heading_row}.", f"第 {heading_row} 行标题以下没有内容。"
        )
    return Table(rows, findings, ignored)


def refused(en: str, zh: str) -> Invalid:
    """Return the refusal of a file as a whole."""
    return invalid_field("file", en, zh)


def check_row(row: Row, schema: ma.Schema) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Load a row through a schema whose fields are named as the columns; empty cells are left out.

    Returns what was loaded, or None with a finding for each thing wrong.
    """
    try:
        return schema.load({code: text for code, text in row.cells.items() if text}), []
    except ma.ValidationError as problem:
        return None, [
            Finding(
                row.number,
                name.split(".")[0] if name.split(".")[0] in row.cells else None,
                field_sentence(said, chinese=False),
                field_sentence(said, chinese=True),
            )
            for name, said in flatten(problem.messages)
        ]


def _find_headings(
    filled: Iterator[tuple[int, Sequence[Any]]], headings: Sequence[Heading]
) -> tuple[dict[int, str], list[str], int]:
    """Return where each column stands, headings that are not known, and the number of the heading's row."""
    words = {_plain_word(word): one.code for one in headings for word in (one.code, one.en, one.zh, *one.words)}
    needed = {one.code for one in headings if one.needed}
    closest: set[str] = set()
    for tried, (number, cells) in enumerate(filled, start=1):
        names = [cell[:_LONGEST_HEADING].strip() if isinstance(cell, str) else "" for cell in cells]
        found = [words.get(_plain_word(name)) for name in names]
        known = [code for code in found if code]
        if known and needed <= set(known):
            _refuse_twice(known, headings)
            places = {place: code for place, code in enumerate(found) if code}
            return places, [name for name, code in zip(names, found, strict=True) if name and not code], number
        closest = max(closest, set(known), key=len)
        if tried == _HEADING_WITHIN:
            break
    missing = [one for one in headings if one.code in needed - closest]
    raise refused(
        f"Columns are missing: {', '.join(one.en for one in missing)}. The template shows the headings.",
        f"缺少列：{'、'.join(one.zh for one in missing)}。标题请参照模板。",
    )


def _refuse_twice(known: Sequence[str], headings: Sequence[Heading]) -> None:
    for one in headings:
        if known.count(one.code) > 1:
            raise refused(f"There are two columns for “{one.en}”. Keep one.", f"“{one.zh}”有两列，请保留一列。")


def _plain_word(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s_\-/]+", "", _REMARK.sub("", plain))


def _read_rows(
    filled: Iterator[tuple[int, Sequence[Any]]], places: Mapping[int, str], headings: Sequence[Heading], most_rows: int
) -> tuple[list[Row], list[Finding]]:
    rows: list[Row] = []
    findings: list[Finding] = []
    for number, cells in filled:
        read = {one.code: "" for one in headings}
        for place, code in places.items():
            try:
                read[code] = _text(cells[place] if place < len(cells) else None)
            except ma.ValidationError as problem:
                said = str(problem.messages[0])
                en, zh = _SAID.get(said, (field_sentence(said, chinese=False), field_sentence(said, chinese=True)))
                findings.append(Finding(number, code, en, zh))
        if any(read.values()) or (findings and findings[-1].row == number):
            rows.append(Row(number, read))
        if len(rows) > most_rows:
            raise refused(
                f"There are more than {most_rows} rows. Split the file.", f"超过 {most_rows} 行，请拆分后再上传。"
            )
    return rows, findings


_LINE = Line(least=0, most=MOST_CHARACTERS)
_TOO_LONG = f"Longer than maximum length {MOST_CHARACTERS}."
_SAID = {
    "formula": (
        "Holds a formula, which is not evaluated. Paste the value instead.",
        "含有公式；系统不计算公式，请粘贴为数值。",
    ),
    "error": ("Holds an error of the spreadsheet.", "含有表格错误值。"),
    "rounded": (
        "A number of this length is rounded by the spreadsheet. Format the column as text and type it again.",
        "数字过长，已被表格软件四舍五入；请将该列设为文本后重新填写。",
    ),
}


def _text(cell: Any) -> str:
    """Return a cell as one line of text; raises ValidationError where it has none."""
    if isinstance(cell, Formula):
        raise ma.ValidationError("error" if cell.failed else "formula")
    if isinstance(cell, bool) or cell is None:
        return "" if cell is None else str(cell).lower()
    if isinstance(cell, int | float):
        if not abs(cell) < _EXACT:
            raise ma.ValidationError("rounded")
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        cell = cell.date()
    if len(str(cell)) > MOST_CHARACTERS:  # Before anything looks at every character of it.
        raise ma.ValidationError(_TOO_LONG)
    text = str(_LINE.deserialize(str(cell)))
    if text.startswith("="):
        raise ma.ValidationError("formula")
    # What we write into a CSV that could be read as a formula begins with an apostrophe; here it comes back.
    return text[1:] if text.startswith("'") and may_be_formula(text[1:]) else text
