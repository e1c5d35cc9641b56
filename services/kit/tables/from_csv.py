"""The rows of a CSV as spreadsheet programs save it: in several encodings, with several marks between the cells."""

import csv
import io
from collections.abc import Iterator, Sequence

from services.kit.errors import invalid_field

_MARKS = ",;\t"


def rows_of_csv(data: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the number and the cells of each row; raises Invalid, and csv.Error where quotation marks do not match."""
    text = _decoded(data)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_mark_of(text), strict=True)
    yield from enumerate(lines, start=1)


def _decoded(data: bytes) -> str:
    """Decode as a byte-order mark says; without one as UTF-8, or as what Excel writes in China."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise invalid_field(
        "file",
        "This is neither a workbook (.xlsx) nor a CSV in UTF-8 or GB 18030.",
        "该文件既不是 .xlsx 工作簿，也不是 UTF-8 或 GB 18030 编码的 CSV。",
    )


def _mark_of(text: str) -> str:
    """Return what parts the cells of the first line that has any such mark."""
    for line in io.StringIO(text[:20_000]):
        counts = {mark: line.count(mark) for mark in _MARKS}
        best = max(_MARKS, key=lambda mark: counts[mark])
        if counts[best]:
            return best
    return ","
