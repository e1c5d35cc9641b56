"""Finds what somebody wrote in an answer: above what their mail program quotes, without its signature.

Line by line and in linear time. The libraries there are for this leave what QQ Mail, NetEase and a phone set to Chinese
quote, take a list with hyphens for a signature, and need seconds for a letter of nothing but line breaks.
"""

import re

# What mail programs put on one line (or two, when it is long) above what they quote.
_WROTE = (
    re.compile(r"^(?:On|Am|Le) .{4,240} (?:wrote|schrieb .{1,80}|a écrit) ?:$", re.IGNORECASE),
    re.compile(r"^.{0,160}<[^<>\s]+@[^<>\s]+> ?(?:wrote|写道|寫道|于.{4,60}写道|於.{4,60}寫道) ?[:：]$", re.IGNORECASE),
    re.compile(r"^(?:在|于|於)? ?\d{4} ?[年/.-].{2,200}(?:写道|寫道|wrote) ?[:：]$"),
    re.compile(r"^.{1,120}(?:于|於|在) ?\d{4} ?[年/.-].{2,80}(?:写道|寫道) ?[:：]$"),
)
_BAR = re.compile(
    r"^[-—_=]{2,} ?(?:原始邮件|原始郵件|回复的原邮件|回复邮件|转发邮件|轉寄郵件|邮件原件|"
    r"Original Message|Forwarded message|Original|Reply message) ?[-—_=]{2,}$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\*?(?:发件人|寄件人|寄件者|發件人|发送人|From|Von) ?[:：]\*? ?\S", re.IGNORECASE)
_MORE_HEAD = re.compile(
    r"^\*?(?:发送时间|发送日期|寄件日期|日期|时间|收件人|收件者|主题|主旨|抄送|"
    r"Sent|Date|To|Subject|Cc|Gesendet|An|Betreff) ?[:：]",
    re.IGNORECASE,
)
_DASHES = re.compile(r"^-- ?$")
_DEVICE = re.compile(
    r"^(?:(?:发自|發自|来自|來自) ?(?:我的|网易|QQ|Foxmail|Outlook|iPhone|iPad|华为|小米|荣耀|OPPO|vivo|手机).{0,40}|"
    r"[从從].{1,30}(?:发送|發送|发出)|Sent (?:from|via|with) .{1,60}|Get Outlook for .{1,40}|"
    r"Von meinem .{1,40} gesendet)$",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"^(?:(?:best|kind|warm|many)? ?(?:regards|wishes)|cheers|sincerely|yours (?:sincerely|faithfully|truly)|"
    r"此致|敬礼|此致敬礼|祝好|顺祝商祺|顺颂商祺|祝工作顺利) ?[,，.。!！]?$",
    re.IGNORECASE,
)
_AFTER_FAREWELL = 4
_LONGEST_NAME = 40
_HEAD_WITHIN = 4


def answer_in(text: str) -> str:
    """Return what was written in answer; empty where there is nothing but what was quoted.

    Lines between quoted ones stay: many people answer point by point.
    """
    lines = _lines(text)
    lines = lines[: _quoted_from(lines)]
    return without_signature("\n".join(line for line in lines if not line.startswith((">", "＞", "|>"))))


def without_signature(text: str) -> str:
    """Return a letter's text without the signature below it. What is quoted or forwarded stays."""
    lines = _lines(text)
    for number, line in enumerate(lines):
        if _DASHES.match(line):
            lines = lines[:number]
            break
    _drop_end(lines)
    for back in range(1, min(_AFTER_FAREWELL, len(lines) - 1) + 1):
        if _FAREWELL.match(lines[-back]) and all(len(line) <= _LONGEST_NAME for line in lines[len(lines) - back + 1 :]):
            lines = lines[:-back]
            break
    _drop_end(lines)
    return "\n".join(lines).strip("\n")


def _lines(text: str) -> list[str]:
    return [line.strip(" \t\u00a0\u200b\u3000\ufeff\r") for line in text.split("\n")]


def _drop_end(lines: list[str]) -> None:
    """Take empty lines and what a phone adds by itself off the end."""
    while lines and (not lines[-1] or _DEVICE.match(lines[-1])):
        lines.pop()


def _quoted_from(lines: list[str]) -> int:
    """Return the number of the first line of what is quoted to the end, or how many lines there are."""
    for number, line in enumerate(lines):
        bare = line.lstrip("> ").strip("*")
        if _BAR.match(bare) or _begins_head(lines, number, bare):
            return number
        following = lines[number + 1].lstrip("> ") if number + 1 < len(lines) else ""
        for said in (bare, f"{bare} {following}"):
            if (
                len(said) <= 500
                and any(pattern.match(said) for pattern in _WROTE)
                and not _answers_below(lines, number)
            ):
                return number
    return len(lines)


def _begins_head(lines: list[str], number: int, bare: str) -> bool:
    """True where a quoted letter's own head begins: From, and soon after it Date, To or Subject."""
    if not _FROM.match(bare):
        return False
    soon = [line.lstrip("> ").strip("*") for line in lines[number + 1 : number + 1 + _HEAD_WITHIN]]
    return any(_MORE_HEAD.match(line) for line in soon)


def _answers_below(lines: list[str], number: int) -> bool:
    """True where quoted lines follow and something is written between or below them."""
    rest = [line for line in lines[number + 1 :] if line]
    if rest and not rest[0].startswith(">") and len(rest) > 1 and rest[1].startswith(">"):
        rest = rest[1:]  # The second half of a line that was broken.
    if not rest or not rest[0].startswith(">"):
        return False
    return any(not line.startswith(">") and not _DEVICE.match(line) for line in rest)
