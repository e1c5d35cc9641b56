"""What a table of homes would change in the register, and what is wrong in which of its rows. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.kit.tables import Finding, Heading, Row
from services.tickets.estate.codes import LONGEST_CODE, LONGEST_NAME, code_of

HEADINGS = (
    Heading(
        "community", "Community", "小区", ("community code", "小区名称", "小区编码", "项目", "estate"), needed=True
    ),
    Heading("building", "Building", "楼栋", ("楼栋名称", "楼号", "栋", "幢", "座", "block", "tower"), needed=True),
    Heading("building_code", "Building code", "楼栋编码", ("楼栋编号",)),
    Heading("entrance", "Entrance", "单元", ("单元号", "staircase")),
    Heading(
        "unit", "Unit", "房屋", ("房号", "室号", "房间", "房间号", "房屋名称", "门牌号", "flat", "room"), needed=True
    ),
    Heading("unit_code", "Unit code", "房屋编码", ("房屋编号",)),
)
NAMES, CODES = ("community", "building", "unit"), ("building_code", "unit_code")
# What a spreadsheet makes of 1-101 unless its column is text.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}( .*)?|\d{2}:\d{2}:\d{2}.*")
_BLANK = re.compile(r"\s")


@dataclass
class Known:
    """A community, building or unit of the register, or one the table would add: `parent` is what it stands in."""

    id: str | None
    parent: str
    name: str
    code: str
    closed: bool = False
    row: int | None = None


@dataclass
class Changes:
    """What the table would change, in its order: places to add, and places to rename with the name they have now."""

    buildings: list[Known] = field(default_factory=list)
    units: list[Known] = field(default_factory=list)
    renamed: list[tuple[str, Known, str]] = field(default_factory=list)
    unchanged: int = 0
    findings: list[Finding] = field(default_factory=list)


class _Shelf:
    """The places of one kind by code, and by what they stand in and their name."""

    def __init__(self, kind: str, zh: str, places: Iterable[Known]) -> None:
        self.kind, self.zh = kind, zh
        self.by_code = {one.code: one for one in places}
        self.by_name = {(one.parent, one.name): one for one in self.by_code.values()}

    def place(self, parent: Known, name: str, code: str) -> tuple[Known, str | None]:
        """Return a place by its code (given, the one its name has, or made of its names) and its earlier name, if any.

        One that is not there is added. Raises _Wrong.
        """
        called = self.by_name.get((parent.code, name))
        code = code or (called.code if called else code_of(parent.code, name))
        known = self.by_code.get(code)
        if known is None:
            self._require_free(called)
            known = self.by_code[code] = self.by_name[parent.code, name] = Known(None, parent.code, name, code)
            return known, None
        if known.parent != parent.code:
            raise _Wrong(
                f"{self.kind}_code",
                f"The code {code} is that of “{known.name}” somewhere else.",
                f"编码 {code} 已属于别处的“{known.name}”。",
            )
        if known.closed:
            raise _Wrong(self.kind, f"{code} is closed. Open it again first.", f"{code} 已停用，请先恢复使用。")
        if known.name == name:
            return known, None
        self._require_free(called)
        earlier, known.name = known.name, name
        del self.by_name[parent.code, earlier]
        self.by_name[parent.code, name] = known
        return known, earlier

    def _require_free(self, called: Known | None) -> None:
        if called is not None:
            raise _Wrong(
                self.kind, f"“{called.name}” has the code {called.code}.", f"“{called.name}”的编码为 {called.code}。"
            )


class _Wrong(Exception):
    """A row that cannot be taken over as it is: the column and why, in both languages."""

    def __init__(self, column: str | None, en: str, zh: str) -> None:
        super().__init__(en)
        self.column, self.en, self.zh = column, en, zh


def changes_of(
    rows: Sequence[Row], communities: Sequence[Known], buildings: Iterable[Known], units: Iterable[Known]
) -> Changes:
    """Compare a table with the register. Parents are codes: of the community for a building, the building for a unit.

    A place is found by its code, and called by its name. Rows are taken in order, each as if those before it were
    done. Wherever something is wrong in a row, nothing of it counts.
    """
    found = Changes()
    shelves = _Shelf("building", "楼栋", buildings), _Shelf("unit", "房屋", units)
    for row in rows:
        wrong = list(_unreadable(row))
        try:
            if not wrong:
                _take(row, communities, shelves, found)
        except _Wrong as problem:
            wrong = [problem]
        found.findings += [Finding(row.number, one.column, one.en, one.zh) for one in wrong]
    return found


def _take(row: Row, communities: Sequence[Known], shelves: tuple[_Shelf, _Shelf], found: Changes) -> None:
    community = _community(row.cells["community"], communities)
    building, before = shelves[0].place(community, row.cells["building"], row.cells["building_code"])
    if building.row is None:
        building.row = row.number
        if building.id is None:
            found.buildings.append(building)
    elif before is not None:
        shelves[0].place(community, before, building.code)
        raise _Wrong(
            "building",
            f"Row {building.row} calls {building.code} “{before}”.",
            f"第 {building.row} 行称其为“{before}”。",
        )
    if before is not None:
        found.renamed.append(("building", building, before))
    unit, before = shelves[1].place(building, _unit_name(row.cells), row.cells["unit_code"])
    if unit.row is not None:
        raise _Wrong("unit", f"The same home is in row {unit.row}.", f"与第 {unit.row} 行为同一房屋。")
    unit.row = row.number
    if unit.id is None:
        found.units.append(unit)
    elif before is not None:
        found.renamed.append(("unit", unit, before))
    else:
        found.unchanged += 1


def _unit_name(cells: Mapping[str, str]) -> str:
    """Return the name of a home within its building: with the entrance in front of it, where there is one."""
    entrance, unit = cells["entrance"], cells["unit"]
    return f"{entrance}-{unit}" if entrance.isdigit() else f"{entrance}{unit}"


def _community(said: str, communities: Sequence[Known]) -> Known:
    called = [one for one in communities if one.code == said] or [one for one in communities if one.name == said]
    if not called:
        raise _Wrong(
            "community",
            f"There is no community “{said}” of yours; add it first.",
            f"没有小区“{said}”，请先新增该小区。",
        )
    if len(called) > 1:
        raise _Wrong(
            "community", f"Several are called “{said}”; give the code.", f"有多个小区名为“{said}”，请填写编码。"
        )
    if called[0].closed:
        raise _Wrong("community", f"“{said}” is closed.", f"小区“{said}”已停用。")
    return called[0]


def _unreadable(row: Row) -> Iterable[_Wrong]:
    for column in NAMES:
        text = row.cells[column]
        if not text:
            yield _Wrong(
                column,
                "Is empty. A merged cell counts for its first row only: write it in every row.",
                "为空。合并单元格只算第一行，请在每行填写。",
            )
        elif len(text) > LONGEST_NAME:
            yield _Wrong(column, f"Longer than {LONGEST_NAME} characters.", f"超过 {LONGEST_NAME} 个字符。")
        elif _DATE.fullmatch(text):
            yield _Wrong(
                column,
                "Was turned into a date or time by the spreadsheet. Format the column as text and type it again.",
                "已被表格软件转成日期或时间；请将该列设为文本后重新填写。",
            )
    if len(row.cells["unit"]) <= LONGEST_NAME < len(_unit_name(row.cells)):
        yield _Wrong("entrance", "Is too long together with the unit.", "与房屋名称合计过长。")
    for column in CODES:
        text = row.cells[column]
        if len(text) > LONGEST_CODE or _BLANK.search(text):
            yield _Wrong(
                column,
                f"A code has at most {LONGEST_CODE} characters and no blanks.",
                f"编码最多 {LONGEST_CODE} 个字符，不含空格。",
            )
