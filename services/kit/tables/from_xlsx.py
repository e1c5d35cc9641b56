"""The rows of a workbook (XLSX), after its archive and its XML were measured without unpacking them whole."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from openpyxl import load_workbook

from services.kit.errors import Invalid, invalid_field

_MOST_MEMBERS = 300
_MOST_UNPACKED = 60_000_000
_MOST_ELEMENTS = 1_000_000
_MOST_COLUMNS = 60
# The last row a spreadsheet has; rows that are not there are counted through, so they need an end.
_LAST_ROW = 1_048_576
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Formula:
    """A cell whose value a program computed, or failed to."""

    failed: bool = False


class _Hostile(Exception):
    """The file holds what no spreadsheet program writes."""


def rows_of_xlsx(data: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield the number and the cells of each row of the first visible sheet; raises Invalid where there is none.

    Cells are text, numbers, moments, truth values, None, or a Formula.
    """
    try:
        _measure(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # The library warns of what it leaves out, such as pictures.
            book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
            sheets = [one for one in book.worksheets if one.sheet_state == "visible"]
            if not sheets:
                raise _Hostile("no visible sheet")
            yield from _rows(sheets[0])
    except Invalid:
        raise
    # Whatever a file that is not as it should be makes the archive, the parser or the library stumble over.
    except Exception as problem:
        raise invalid_field(
            "file",
            "This workbook cannot be read. Open it in your spreadsheet program and save it again as .xlsx.",
            "无法读取该工作簿，请用表格软件打开后重新另存为 .xlsx。",
        ) from problem


def _rows(sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    sheet.reset_dimensions()  # What the file says of its size is only a claim.
    for number, row in enumerate(sheet.iter_rows(max_row=_LAST_ROW, max_col=_MOST_COLUMNS), start=1):
        yield number, [_value(cell) for cell in row]


def _value(cell: Any) -> Any:
    if cell.data_type in ("f", "e"):
        return Formula(failed=cell.data_type == "e")
    return cell.value


def _measure(data: bytes) -> None:
    """Raise where the archive would unpack to too much, or its XML declares entities or has too many elements.

    An archive never yields more of a member than it declares, so what is declared can be counted beforehand.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS or sum(one.file_size for one in members) > _MOST_UNPACKED:
            raise invalid_field(
                "file",
                "This workbook unpacks to more than a table needs. Save the sheet alone, without pictures.",
                "该工作簿解压后过大，请只保存所需的工作表，并去掉图片。",
            )
        counter = _Elements()
        for member in members:
            if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                counter.take(archive, member)


class _Elements:
    """Counts elements over all parts of a workbook."""

    def __init__(self) -> None:
        self._seen = 0

    def take(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._element
        parser.StartDoctypeDeclHandler = self._doctype
        with archive.open(member) as part:
            while chunk := part.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _element(self, _name: str, _attributes: dict[str, str]) -> None:
        self._seen += 1
        if self._seen > _MOST_ELEMENTS:
            raise _Hostile("too many elements")

    def _doctype(self, *_what: Any) -> None:
        raise _Hostile("a document type")
