"""What an estimate says, in both languages: how many of how many, within how long, and whose history that is."""

import functools
from collections.abc import Mapping

from services.tickets.waits.curves import LEAST
from services.tickets.waits.estimates import BEYOND, HOUR, Estimate
from services.tickets.waits.likeness import (
    ATTEND,
    ITEM_COMMUNITY,
    ITEM_COMMUNITY_HOURS,
    RESOLVE,
    WORK_COMMUNITY,
    WORK_ORGANISATION,
)

ZH, EN = "zh-CN", "en"
_DAY = 24 * HOUR
BASES: Mapping[str, Mapping[str, str]] = {
    ITEM_COMMUNITY_HOURS: {ZH: "同一项目、本小区、同一时段", EN: "same item, this community, same hours"},
    ITEM_COMMUNITY: {ZH: "同一项目、本小区", EN: "same item, this community"},
    WORK_COMMUNITY: {ZH: "同类工作、本小区", EN: "same kind of work, this community"},
    WORK_ORGANISATION: {ZH: "同类工作、全公司", EN: "same kind of work, whole organisation"},
}
_DONE = {ATTEND: {ZH: "有人到场", EN: "attended"}, RESOLVE: {ZH: "办结", EN: "resolved"}}


@functools.lru_cache(maxsize=4096)
def sentences(measure: str, told: Estimate, *, later: bool = False) -> Mapping[str, str]:
    """Return the sentence for an estimate by language; one given later speaks of those that had waited as long.

    Kept, since requests that are alike get the same one for as long as nothing new is learnt.
    """
    done = _DONE[measure]
    if told.low is None or told.high is None or told.basis is None:
        return _too_little(done, told)
    percent, tenths = round(told.probability * 100), round(told.probability * 10)
    from_whom = {language: f"n = {told.n}{comma}{BASES[told.basis][language]}" for language, comma in _COMMAS}
    zh = f"{duration(told.low, ZH)}至 {duration(told.high, ZH)}" if told.low else duration(told.high, ZH)
    en = f"{duration(told.low, EN)} – {duration(told.high, EN)}" if told.low else duration(told.high, EN)
    longer = {ZH: "已等候同样久的", EN: "that had waited as long "} if later else {ZH: "", EN: ""}
    return {
        ZH: f"{longer[ZH]}同类报事中，{percent}% 在提交后 {zh}内{done[ZH]}（{from_whom[ZH]}）。",
        EN: f"{tenths} in 10 like this {longer[EN]}were {done[EN]} within {en} of filing ({from_whom[EN]}).",
    }


_COMMAS = ((ZH, "，"), (EN, ", "))


def _too_little(done: Mapping[str, str], told: Estimate) -> dict[str, str]:
    if told.because == BEYOND:
        return {
            ZH: f"已超出以往的等候时间：同类报事中有 {told.n} 件此时已{done[ZH]}，依据太少，暂无估计。",
            EN: f"This takes longer than it usually does: {told.n} like this were {done[EN]} by now. "
            "Too few waited as long to tell how much longer.",
        }
    return {
        ZH: f"依据太少，暂无估计：同类报事已{done[ZH]} {told.n} 件，满 {LEAST} 件起给出估计。",
        EN: f"Too little to tell yet: {told.n} like this were {done[EN]}; from {LEAST} on there is an estimate.",
    }


def duration(seconds: int, language: str) -> str:
    """Return a length of time as people say it: 1 h 10 min, 1 小时 10 分钟."""
    units = ((_DAY, "天", "d"), (HOUR, "小时", "h"), (60, "分钟", "min"))
    parts, left = [], seconds
    for unit, zh, en in units:
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count} {zh if language == ZH else en}")
    return " ".join(parts) or ("0 分钟" if language == ZH else "0 min")
