"""The words of notices: labels for what events carry as codes, and moments as a person's own clock shows them."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

_LABELS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "zh-CN": {
        "level": {
            "1": "生理需要",
            "2": "安全需要",
            "3": "社交需要",
            "4": "尊重需要",
            "5": "自我实现需要",
            "": "需要层次待定",
        },
        "urgency": {"emergency": "紧急", "urgent": "加急", "routine": "一般"},
        "salutation": {"resident": "尊敬的业主，您好！", "": "同事，您好！"},
        "clock": {
            "acknowledge": "答复",
            "attend": "到场",
            "make_safe": "排除危险",
            "resolve": "解决",
            "callback": "电话回访",
            "total": "彻底解决",
            "": "处理",
        },
        "reason": {
            "parts": "配件到货",
            "access": "入户时间",
            "resident_choice": "您的选择",
            "third_party": "合作单位",
            "weather": "合适的天气",
            "approval": "审批结果",
            "": "必要的条件",
        },
        "awaited": {"attend": "有人到场", "resolve": "办结", "": "办结"},
        "alike": {
            "item_community_hours": "同一项目、本小区、同一时段",
            "item_community": "同一项目、本小区",
            "work_community": "同类工作、本小区",
            "work_organisation": "同类工作、全公司",
            "": "同类报事",
        },
        "announcement": {
            "planned_repair": "计划维修",
            "water_outage": "停水",
            "power_outage": "停电",
            "gas_outage": "停气",
            "lift_out_of_service": "电梯停运",
            "": "小区通知",
        },
        "staff_reason": {
            "parts": "配件到货",
            "access": "入户时间",
            "resident_choice": "业主的选择",
            "third_party": "合作单位",
            "weather": "合适的天气",
            "approval": "审批结果",
            "": "必要的条件",
        },
    },
    "en": {
        "level": {
            "1": "physiological need",
            "2": "safety need",
            "3": "social need",
            "4": "need of esteem",
            "5": "self-actualisation need",
            "": "need level to be decided",
        },
        "urgency": {"emergency": "emergency", "urgent": "urgent", "routine": "routine"},
        "salutation": {"resident": "Dear resident,", "": "Dear colleague,"},
        "clock": {
            "acknowledge": "answer",
            "attend": "attend",
            "make_safe": "make it safe",
            "resolve": "resolve",
            "callback": "call the resident",
            "total": "solve it for good",
            "": "act",
        },
        "reason": {
            "parts": "a part",
            "access": "access to your home",
            "resident_choice": "your choice",
            "third_party": "a partner company",
            "weather": "suitable weather",
            "approval": "an approval",
            "": "what the work needs",
        },
        "awaited": {"attend": "attended", "resolve": "resolved", "": "resolved"},
        "alike": {
            "item_community_hours": "same item, this community, same hours",
            "item_community": "same item, this community",
            "work_community": "same kind of work, this community",
            "work_organisation": "same kind of work, whole organisation",
            "": "requests like it",
        },
        "announcement": {
            "planned_repair": "Planned repair",
            "water_outage": "Water outage",
            "power_outage": "Power outage",
            "gas_outage": "Gas outage",
            "lift_out_of_service": "Lift out of service",
            "": "Notice",
        },
        "staff_reason": {
            "parts": "a part",
            "access": "access to the home",
            "resident_choice": "the resident's choice",
            "third_party": "a partner company",
            "weather": "suitable weather",
            "approval": "an approval",
            "": "what the work needs",
        },
    },
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def spoken(locale: str) -> str:
    """Return the language of ours that serves a reader of `locale`."""
    return "zh-CN" if locale.startswith("zh") else "en"


def label(locale: str, family: str, code: object) -> str:
    """Return the reader's word for a code; a code of a later version gets the general word, or stays as it is."""
    words = _LABELS[locale][family]
    text = "" if code is None else str(code)
    return words.get(text, words.get("", text))


def moment(locale: str, zone: str, at: datetime | None) -> str:
    """Return a moment as the clock in `zone` shows it, or nothing where there is none."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    if locale == "en":
        return f"{local.day} {_MONTHS[local.month - 1]}, {local:%H:%M}"
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def deadline(locale: str, zone: str, due: datetime | None, told_at: datetime) -> str:
    """Return until when something is done, as the clock in `zone` shows it: of the day it is told by the hour alone.

    Nothing where no moment is known.
    """
    if due is None or not same_day(zone, due, told_at):
        return moment(locale, zone, due)
    local = due.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M} today" if locale == "en" else f"今天 {local:%H:%M}"


def window(locale: str, zone: str, begin: datetime | None, end: datetime | None, told_at: datetime) -> str:
    """Return from when to when something happens, as the clock in `zone` shows it: of one day by the hours alone.

    Nothing where either is not known.
    """
    if begin is None or end is None:
        return ""
    if not same_day(zone, begin, end):
        dash = " – " if locale == "en" else "至"
        return f"{moment(locale, zone, begin)}{dash}{moment(locale, zone, end)}"
    hours = " – ".join(f"{at.astimezone(ZoneInfo(zone)):%H:%M}" for at in (begin, end))
    if not same_day(zone, begin, told_at):
        return f"{moment(locale, zone, begin)[:-5]}{hours}"
    return f"{hours} today" if locale == "en" else f"今天 {hours}"


def same_day(zone: str, due: datetime | None, told_at: datetime) -> bool:
    """True where a moment is known and falls on the day it is told, in `zone`."""
    return due is not None and due.astimezone(ZoneInfo(zone)).date() == told_at.astimezone(ZoneInfo(zone)).date()
