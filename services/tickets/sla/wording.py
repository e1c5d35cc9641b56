"""The words in which a clock's story is told, in both languages: names, lengths, local times and sentences."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.tickets.lifecycle import ACTION_NAMES_ZH

ZH, EN = "zh-CN", "en"

KINDS: Mapping[str, Mapping[str, str]] = {
    "acknowledge": {ZH: "受理", EN: "first answer"},
    "attend": {ZH: "到场", EN: "attendance"},
    "make_safe": {ZH: "排险", EN: "making safe"},
    "resolve": {ZH: "解决", EN: "resolution"},
    "callback": {ZH: "电话回访", EN: "return call"},
    "claim": {ZH: "接单", EN: "somebody taking the job"},
    "total": {ZH: "总解决", EN: "total resolution"},
}
REASONS: Mapping[str, Mapping[str, str]] = {
    "parts": {ZH: "等待配件", EN: "parts are awaited"},
    "access": {ZH: "无法入户", EN: "nobody can let the crew in"},
    "resident_choice": {ZH: "按住户要求改期", EN: "the resident asked for a later time"},
    "third_party": {ZH: "等待第三方", EN: "a third party is awaited"},
    "weather": {ZH: "天气原因", EN: "of the weather"},
    "approval": {ZH: "等待审批", EN: "an approval is awaited"},
    "": {ZH: "未说明原因", EN: "of a reason nobody recorded"},
}
BASES = {"clock": {ZH: "连续计时", EN: "clock time"}, "working": {ZH: "工作时间", EN: "working time"}}

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "started": {
        ZH: "{kind}计时开始（第 {generation} 次），时限 {target}（{basis}），规则 {rule}；时间为 {zone} 当地时间。",
        EN: "The clock for {kind} started (no. {generation}): {target} of {basis} by rule {rule}, in {zone} time.",
    },
    "started_sundown": {
        ZH: "{kind}计时开始（第 {generation} 次），时限为{target}，规则 {rule}；时间为 {zone} 当地时间。",
        EN: "The clock for {kind} started (no. {generation}): due {target}, by rule {rule}, in {zone} time.",
    },
    "in_hours": {ZH: "{length}（{basis}）", EN: "{length} of {basis}"},
    "halved": {
        ZH: "{said}其时长为{visit}时限的一半，因其更短。",
        EN: "{said} That is half of the time for {visit}, because that is sooner.",
    },
    "closed": {ZH: "非工作时间，至 {until}，不计时。", EN: "Closed until {until}; no time counts."},
    "more_closed": {
        ZH: "此后至 {until} 另有 {count} 段非工作时间，未逐一列出。",
        EN: "{count} more closed spells until {until} are not listed one by one.",
    },
    "paused": {ZH: "暂停计时：{reason}。", EN: "Paused because {reason}."},
    "paused_until": {
        ZH: "暂停计时：{reason}，最迟至 {until}。",
        EN: "Paused because {reason}, until {until} at the latest.",
    },
    "ran_on": {
        ZH: "工单等待（{reason}），但本时限不因等待而延长。",
        EN: "The job waited because {reason}; this clock ran on, for waiting does not extend it.",
    },
    "resumed": {ZH: "恢复计时，暂停了 {length}。", EN: "Resumed after a pause of {length}."},
    "expired": {
        ZH: "暂停到期自动结束，恢复计时，暂停了 {length}。",
        EN: "The pause ran out by itself after {length}; the clock ran on.",
    },
    "disallowed": {
        ZH: "客服认定自 {since} 起的暂停不成立，该段时间照常计时。",
        EN: "The desk disallowed the pause begun {since}: that time counts as running.",
    },
    "completed": {
        ZH: "工单已完成，至重新打开前不计时。",
        EN: "The job lay completed; no time counted until it was reopened.",
    },
    "reopened": {ZH: "工单重新打开。", EN: "The job was reopened."},
    "taken": {
        ZH: "工单已有人接手，至退单前不计时。",
        EN: "Somebody had the job; no time counted until it was let go.",
    },
    "let_go": {ZH: "工单被退回，此前无人接手的时间累计计入。", EN: "The job was let go; the time before adds up."},
    "warned": {ZH: "第 {level} 级预警（共 {levels} 级）。", EN: "Warning {level} of {levels}."},
    "due": {ZH: "截止时间。", EN: "Due."},
    "due_stopped": {ZH: "原应于此时到期。", EN: "Would have been due."},
    "due_later": {ZH: "截止时间（尚未到）。", EN: "Will be due."},
    "due_latest": {
        ZH: "截止时间最迟为此刻；提前恢复则提前。",
        EN: "Will be due at the latest; sooner when work goes on sooner.",
    },
    "breached": {ZH: "超时：到截止时间仍未完成。", EN: "Breached: it was not done when it was due."},
    "terms": {ZH: "{what}。", EN: "{What}."},
    "terms_moved": {ZH: "{what}：时限由 {before} 改为 {after}。", EN: "{What}: target before {before}, after {after}."},
    "stopped": {ZH: "计时停止：{what}。", EN: "{What}."},
    "heard": {
        ZH: "手机此时才补报上述操作：按实际完成时间计，早于补报 {length}。",
        EN: "Only now did a phone tell of this; it counts from when it was done, {length} before.",
    },
    "heard_late": {
        ZH: "手机此时才补报上述操作：按实际完成时间计，早于补报 {length}，实为按时；此前发出的超时提示仍留存在案。",
        EN: "Only now did a phone tell of this; it was done in time, {length} before. What was fired until now stays.",
    },
    "heard_pause": {
        ZH: "手机此时才补报 {since} 的暂停（{reason}）：补报之前照常计时。",
        EN: "Only now did a phone tell of a pause at {since}, because {reason}: until now the time counts as running.",
    },
    "void": {ZH: "计时作废：{what}。", EN: "Void: {what}."},
    "unknown": {ZH: "截止时间无法计算：{why}", EN: "The deadline cannot be computed: {why}"},
    "sum": {
        ZH: "合计：合同用时 {contract}，实际用时 {lived}，其中暂停 {paused}，时限 {target}。{verdict}",
        EN: "In sum: contract time {contract}, lived time {lived}, of it paused {paused}, target {target}. {verdict}",
    },
}
DEEDS: Mapping[str, dict[str, str]] = {
    "acknowledge": {ZH: "已受理", EN: "the desk answered"},
    "claim": {ZH: "已接单", EN: "somebody took the job"},
    "assign": {ZH: "已派单", EN: "the job was given to somebody"},
    "join": {ZH: "已并入同一原因的工单", EN: "the job was joined to one with the same cause"},
    "depart": {ZH: "人员已出发", EN: "somebody set out"},
    "arrive": {ZH: "人员已到场", EN: "somebody arrived"},
    "start": {ZH: "已开始处理", EN: "the work began"},
    "make_safe": {ZH: "危险已排除", EN: "the danger was removed"},
    "complete": {ZH: "工作已完成", EN: "the work was completed"},
    "call_back": {ZH: "已电话回访", EN: "the resident was called"},
    "answer": {ZH: "已收到回访答复", EN: "the resident was heard about the result"},
    "confirm": {ZH: "结果已确认", EN: "the result was confirmed"},
    "close": {ZH: "工单已关闭", EN: "the job was closed"},
    "reopen": {ZH: "工单重新打开", EN: "the job was reopened"},
    "cancel": {ZH: "工单已取消", EN: "the job was cancelled"},
    "decline": {ZH: "工单已婉拒", EN: "the request was declined"},
    "override": {ZH: "客服更正了工单", EN: "the desk corrected the job"},
    "reevaluate": {ZH: "项目经理将工单改用现行时限", EN: "a manager moved the job to the terms in force"},
}
BY_SUNDOWN = {ZH: "当日 24:00 前", EN: "by the end of the day (24:00)"}
VERDICTS: Mapping[str, Mapping[str, str]] = {
    "late": {ZH: "超时 {late}。", EN: "Late by {late}."},
    "met": {ZH: "按时。", EN: "In time."},
    "void": {ZH: "已作废，不作评判。", EN: "Void, so not judged."},
    "paused": {ZH: "暂停中。", EN: "Paused."},
    "running": {ZH: "计时中。", EN: "Running."},
    "unknown": {ZH: "无法评判。", EN: "It cannot be judged."},
}


def length(seconds: float | None) -> dict[str, str]:
    """A length in hours, minutes and seconds, in both languages; days are left out, for a working day has no 24."""
    if seconds is None:
        return {ZH: "无法计算", EN: "unknown"}
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    zh = ((hours, "小时"), (minutes, "分"), (rest, "秒"))
    en = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return {
        language: " ".join(f"{number} {unit}" for number, unit in parts if number) or f"0 {parts[-1][1]}"
        for language, parts in ((ZH, zh), (EN, en))
    }


def local(zone: ZoneInfo, at: datetime) -> str:
    """A moment on the wall clock of a zone; with its offset in an hour that occurs twice."""
    wall = at.astimezone(zone)
    text = wall.strftime("%Y-%m-%d %H:%M:%S" if wall.second else "%Y-%m-%d %H:%M")
    twice = wall.replace(fold=1 - wall.fold).utcoffset() != wall.utcoffset()
    return text + wall.strftime(" %z") if twice else text


def ends_with_day(zone: ZoneInfo, start: datetime, due: datetime | None) -> bool:
    """Whether what began at `start` was due when that local day ended, rather than some time later."""
    if due is None:
        return False
    last = due - timedelta(microseconds=1)
    return last.astimezone(zone).date() == start.astimezone(zone).date()


def deed(name: str) -> dict[str, str]:
    """What somebody did that stopped a clock or changed its terms, as a clause; a verb unknown here by its name."""
    return DEEDS.get(name) or {ZH: ACTION_NAMES_ZH.get(name, name), EN: name.replace("_", " ")}


def done(name: str) -> dict[str, Mapping[str, str]]:
    """The same as words for `say`: `what` within a sentence, `What` at its beginning."""
    what = deed(name)
    return {"what": what, "What": {language: text[:1].upper() + text[1:] for language, text in what.items()}}


def reason(code: str) -> Mapping[str, str]:
    """What a job waited for, to follow "because"; a reason of the policy's own is told by its code."""
    return REASONS.get(code) or {ZH: code, EN: f"of {code!r}"}


def say(sentence: str, **words: object) -> dict[str, str]:
    """A sentence in both languages; words given in both are put in by language."""
    return {language: told(SENTENCES[sentence][language], language, words) for language in (ZH, EN)}


def told(text: str, language: str, words: Mapping[str, object]) -> str:
    """One language's text with its words put in."""
    return text.format_map({key: word[language] if isinstance(word, Mapping) else word for key, word in words.items()})


def verdict(state: str, late: timedelta | None) -> dict[str, str]:
    """How a clock came out, as the last words of its story."""
    if late is not None:
        return {
            language: told(VERDICTS["late"][language], language, {"late": length(late.total_seconds())})
            for language in (ZH, EN)
        }
    return dict(VERDICTS[state])
