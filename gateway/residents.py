"""What a table of residents says: whom it names, where they live, and what is wrong in which of its rows. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow as ma

from gateway.schemas import Login
from services.kit.http import Line, StrictSchema
from services.kit.identity import LOCALES
from services.kit.tables import Finding, Heading, Row, Table, check_row

HEADINGS = (
    Heading("unit_code", "Unit code", "房屋编码", ("房屋编号", "unit"), needed=True),
    Heading("login", "Login", "登录名", ("账号", "用户名")),
    Heading("email", "E-mail", "电子邮箱", ("邮箱", "电子邮件", "email address")),
    Heading("phone", "Phone", "手机", ("电话", "手机号", "联系电话", "mobile")),
    Heading("language", "Language", "语言", ("locale",)),
)
LANGUAGES = {
    "zh-cn": "zh-CN",
    "zh": "zh-CN",
    "中文": "zh-CN",
    "chinese": "zh-CN",
    "en": "en",
    "英文": "en",
    "english": "en",
}
_PHONE = re.compile(r"\+?\d{6,15}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{1,63}")


@dataclass
class Named:
    """A resident a table names: by which login, in which rows, where they live, and where a letter reaches them."""

    login: str
    rows: list[int]
    unit_codes: list[str]
    email: str | None = field(default=None, repr=False)
    locale: str = LOCALES[0]


@dataclass(frozen=True)
class Unit:
    """A unit as the register of places knows it."""

    id: str
    community_id: str
    closed: bool


class _Resident(StrictSchema):
    unit_code = Line(most=120, required=True)
    login = Login(most=64)
    email = ma.fields.Email(validate=ma.validate.Length(max=254))
    phone = Line(most=40)
    language = Line(most=20)


def read_residents(table: Table, usual: str = LOCALES[0]) -> tuple[dict[str, Named], list[Finding]]:
    """Return the residents of a table by login, each once however many homes they have, and what is wrong.

    Who names no language reads the `usual` one.
    """
    people: dict[str, Named] = {}
    findings = list(table.findings)
    unread = {(one.row, one.column) for one in findings}
    bad_rows = {one.row for one in findings}
    for row in table.rows:
        found, wrong = check_row(row, _Resident())
        findings += [one for one in wrong if (one.row, one.column) not in unread]
        if found is None or row.number in bad_rows:
            continue
        login, problem = _login(row, found)
        locale = LANGUAGES.get(found.get("language", usual).casefold())
        if locale is None:
            problem = Finding(row.number, "language", "Write zh-CN or en.", "请填写“中文”或“英文”。")
        if problem is not None or login is None or locale is None:
            findings += [problem] if problem else []
            continue
        _add(people, findings, row.number, Named(login, [row.number], [found["unit_code"]], found.get("email"), locale))
    return people, findings


def _login(row: Row, found: Mapping[str, Any]) -> tuple[str | None, Finding | None]:
    """Return what somebody signs in with: the login that is given, or else the e-mail address, or else the number."""
    if "login" in found:
        wanted, column = found["login"], "login"
    elif "email" in found:
        wanted, column = found["email"].casefold(), "email"
    elif "phone" in found:
        wanted, column = re.sub(r"[\s()-]", "", found["phone"]).removeprefix("+86"), "phone"
        if not _PHONE.fullmatch(wanted):
            return None, Finding(row.number, "phone", "This is no telephone number.", "手机号码无效。")
    else:
        return None, Finding(
            row.number,
            "login",
            "Give a login, an e-mail address or a telephone number: one is needed to sign in.",
            "登录名、电子邮箱、手机至少填写一项，用于登录。",
        )
    if not _LOGIN.fullmatch(wanted):
        return None, Finding(
            row.number,
            column,
            "A login has 2 to 64 Latin letters, digits and . _ - @ + only.",
            "登录名须为 2 至 64 个英文字母、数字或 . _ - @ +。",
        )
    return wanted, None


def _add(people: dict[str, Named], findings: list[Finding], number: int, new: Named) -> None:
    known = people.setdefault(new.login, new)
    if known is new:
        return
    known.rows.append(number)
    if new.unit_codes[0] in known.unit_codes:
        findings.append(
            Finding(number, None, f"Says again what row {known.rows[0]} says.", f"与第 {known.rows[0]} 行重复。")
        )
    elif (new.email or known.email) != known.email or new.locale != known.locale:
        findings.append(
            Finding(
                number,
                "email" if new.locale == known.locale else "language",
                f"Row {known.rows[0]} says otherwise of the same person.",
                f"与第 {known.rows[0]} 行同一人的信息不一致。",
            )
        )
    else:
        known.unit_codes.append(new.unit_codes[0])


def check_units(people: Mapping[str, Named], units: Mapping[str, Unit]) -> list[Finding]:
    """Return what is wrong with where they live."""
    findings = []
    for one in people.values():
        for number, code in zip(one.rows, one.unit_codes, strict=False):
            unit = units.get(code)
            if unit is None:
                findings.append(
                    Finding(
                        number, "unit_code", f"No unit of yours has the code {code}.", f"没有编码为 {code} 的房屋。"
                    )
                )
            elif unit.closed:
                findings.append(Finding(number, "unit_code", "This unit is closed.", "该房屋已停用。"))
    return findings
