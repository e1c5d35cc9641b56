"""One flat table as CSV or as XLSX, so that whatever somebody called a community is text there and never a formula."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import category
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

Cell = str | int | float | None

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# With these a cell begins that a spreadsheet may read as a formula, the full-width ones where Chinese is typed.
_FORMULAS = frozenset("=+-@＝＋－＠")
_BEGINS_A_CELL = ("\t", "\r", "\n")
# Blanks, controls, marks of direction and joiners: what a reader does not see, and a program may pass over.
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_LONGEST_CELL = 32_767
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Sheet:
    """A table by name: its heading and its rows, each as long as the heading. None is an empty cell."""

    name: str
    heading: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def local_moment(moment: str | None, zone: str) -> str | None:
    """Return a moment as a cell shows it: by the clocks of a time zone, to the second."""
    if moment is None:
        return None
    try:
        return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
    except OverflowError:  # At the edges of time another zone's day is outside the calendar.
        return moment


def as_csv(sheet: Sheet) -> bytes:
    """Return the table as CSV (RFC 4180) in UTF-8, with the mark by which Excel knows that it is UTF-8.

    A text that could be read as a formula begins with an apostrophe, which spreadsheets take for "this is text".
    Numbers stay numbers, negative ones too. Every cell is in quotation marks: where a program takes semicolons or tabs
    to part cells as well, a name with one in it is still one cell.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for row in (sheet.heading, *sheet.rows):
        writer.writerow([_harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue().encode("utf-8-sig", "replace")


def _harmless(text: str) -> str:
    return f"'{text}" if may_be_formula(text) else text


def may_be_formula(text: str) -> bool:
    """Whether the first character that is seen begins a formula; a text whose first is a tab or a line's end, too."""
    seen = next((one for one in text if category(one) not in _UNSEEN and one not in _BLANK_LETTERS), "")
    return seen in _FORMULAS or text.startswith(_BEGINS_A_CELL)


def as_xlsx(sheet: Sheet) -> bytes:
    """Return the table as a workbook of one sheet; text is stored as text, whatever it begins with.

    Such a cell is marked as quoted, so that it stays text when somebody edits it.
    """
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.name)
    page.freeze_panes = "A2"
    for row in (sheet.heading, *sheet.rows):
        page.append([_text_cell(page, cell) if isinstance(cell, str) else cell for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text_cell(page: Any, text: str) -> Any:
    cell = WriteOnlyCell(page, value=_NOT_IN_XML.sub("\ufffd", text)[:_LONGEST_CELL])
    cell.data_type = "s"  # The library takes what begins with "=" for a formula.
    if may_be_formula(text):
        cell.quotePrefix = True
    return cell
