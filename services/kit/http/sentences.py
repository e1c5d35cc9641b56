"""What is said of a field that was filled in wrongly, in each language: the validation library speaks English only."""

import re
from collections.abc import Callable

# A caller who gave a plain date, or lost the "+" of an address, sees at once what is wanted.
MOMENT = "2026-11-22T00:00:00+08:00"
_EN_MOMENT = f"Give a moment with its offset from UTC, such as {MOMENT}; in an address, + is written %2B."
_ZH_MOMENT = f"应为带时区的时间，例如 {MOMENT}；写在网址中时，+ 须写作 %2B。"

_ENGLISH = {
    "Not a valid datetime.": _EN_MOMENT,
    "Not a valid aware datetime.": _EN_MOMENT,
    "Not a valid date.": "Not a valid date; write it like 2026-11-22.",
    "String does not match expected pattern.": "Not in the form that is asked for; /docs shows it.",
}
_CHINESE = {
    # The library's own, by field and by schema.
    "Missing data for required field.": "缺少必填项。",
    "Field may not be null.": "不能为空。",
    "Unknown field.": "没有这个字段。",
    "Invalid value.": "内容无效。",
    "Invalid type.": "内容类型不对。",
    "Invalid input type.": "内容类型不对。",
    "Invalid input.": "内容无效。",
    "Invalid JSON body.": "请求体不是有效的 JSON。",
    "Not a valid string.": "应为文字。",
    "Not a valid utf-8 string.": "应为 UTF-8 文字。",
    "Not a valid integer.": "应为整数。",
    "Not a valid number.": "应为数字。",
    "Number too large.": "数字过大。",
    "Special numeric values (nan or infinity) are not permitted.": "不接受 NaN 或无穷大。",
    "Not a valid boolean.": "应为 true 或 false。",
    "Not a valid UUID.": "应为有效的编号（UUID）。",
    "Not a valid datetime.": _ZH_MOMENT,
    "Not a valid aware datetime.": _ZH_MOMENT,
    "Not a valid date.": "应为日期，例如 2026-11-22。",
    "Not a valid time.": "应为时刻，例如 09:00。",
    "Not a valid list.": "应为列表。",
    "Not a valid mapping type.": "应为 JSON 对象。",
    "Not a valid email address.": "应为有效的电子邮箱地址。",
    "Not a valid URL.": "应为有效的网址。",
    "String does not match expected pattern.": "格式不符合要求，格式见 /docs。",
    # Ours.
    "Begins after it ends.": "开始时间晚于结束时间。",
    "Closes before it opens.": "截止时间早于开始时间。",
    "Contains a control character.": "含有控制字符。",
    "Contains half a character (a lone surrogate).": "含有不完整的字符。",
    "Give acted_at and sent_at together.": "acted_at 与 sent_at 须同时填写。",
    "Give from and to together.": "from 与 to 须同时填写。",
    "Give both `group_by` and `group`, or neither.": "group_by 与 group 须同时填写。",
    "Give the figure of a report that this is about, too.": "须同时给出报表数字 figure。",
    "This figure counts no clocks of one kind.": "该数字不按某一种时限统计。",
    "Only figures of complaints are narrowed by it.": "仅适用于投诉报表的数字。",
    "Must lie between the years 1970 and 2200.": "年份应在 1970 至 2200 之间。",
    "Contains a number that is too large.": "含有过大的数字。",
    "Is nested too deeply.": "嵌套过深。",
    "Does not belong to this outcome.": "不适用于该结果。",
    "Event types with commas between.": "应为事件类型，以逗号分隔。",
    "Give both quiet_from and quiet_until, or null for both.": "quiet_from 与 quiet_until 应同时填写，或同时为 null。",
    "Digits, spaces, ( ) - and + only, and an extension behind them, such as 0532-8888 1234 ext 5.": (
        "只能使用数字、空格、( ) - 和 +，分机号写在后面，例如 0532-8888 1234 ext 5。"
    ),
    "Latin letters, digits and . _ - @ + only.": "只能使用英文字母、数字和 . _ - @ +。",
    "Must be a whole number, true or false, or a text.": "应为整数、true 或 false，或文字。",
    "No time zone of that name.": "没有该名称的时区，应如 Asia/Shanghai。",
    "Not 16 bytes in base64url.": "应为 base64url 编码的 16 个字节。",
    "Not a P-256 public key in base64url.": "应为 base64url 编码的 P-256 公钥。",
    "Not a time zone we know; write it like Asia/Shanghai.": "没有该名称的时区，应如 Asia/Shanghai。",
    "Not the name by which a mail server signs its results, such as mx.example.org.": (
        "应为邮件服务器在验证结果中使用的名称，如 mx.example.org。"
    ),
    "Use an address like desk@example.org: up to 20 characters and no + before the @.": (
        "应为 desk@example.org 这样的地址：@ 前不超过 20 个字符，且不含 +。"
    ),
    "Use an address of ASCII characters only.": "邮箱地址只能使用 ASCII 字符。",
    "Use an address with a domain name, such as name@example.org.": "邮箱地址应带域名，例如 name@example.org。",
}
_NUMBER = r"(-?\d+(?:\.\d+)?)"


def _listed(found: re.Match[str]) -> str:
    return f"应为以下之一：{found[1].replace(', ', '、')}。"


def _within(found: re.Match[str]) -> str:
    bounds = []
    for low, inclusive, number in re.findall(rf"(greater|less) than (or equal to )?{_NUMBER}(?=[ .])", found[0]):
        said = {"greater": ("大于", "不小于"), "less": ("小于", "不大于")}[low][bool(inclusive)]
        bounds.append(f"{said} {number}")
    return f"应{' 且'.join(bounds)}。"


_FORMS: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(pattern), form)
    for pattern, form in (
        (r"Must be one of: (.*)\.", _listed),
        (r"Must be (?:greater|less) than .*\.", _within),
        (r"Must be equal to (.*)\.", r"应等于 \1。"),
        (r"Shorter than minimum length (\d+)\.", r"长度不得少于 \1。"),
        (r"Longer than maximum length (\d+)\.", r"长度不得超过 \1。"),
        (r"Length must be between (\d+) and (\d+)\.", r"长度应在 \1 至 \2 之间。"),
        (r"Length must be (\d+)\.", r"长度应为 \1。"),
        (r"Must lie within the years (\d+) to (\d+)\.", r"应在 \1 年至 \2 年之间。"),
        (r"Must be a text of at most (\d+) characters\.", r"应为文字，最多 \1 字。"),
        (r"Must be a whole number from (-?\d+) to (-?\d+)\.", r"应为 \1 至 \2 之间的整数。"),
    )
]


def field_sentence(sentence: str, *, chinese: bool) -> str:
    """Return what is wrong with a field in the caller's language; a sentence that is not known here stays as it is."""
    if not chinese:
        return _ENGLISH.get(sentence, sentence)
    if sentence in _CHINESE:
        return _CHINESE[sentence]
    for pattern, form in _FORMS:
        found = pattern.fullmatch(sentence)
        if found:
            return form(found) if callable(form) else found.expand(form)
    return sentence
