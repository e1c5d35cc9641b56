"""The words of reports in the caller's language: headings, names of what is counted, and what blocks a need level."""

from collections.abc import Mapping
from typing import Any

from services.tickets.announcing import KINDS as ANNOUNCED
from services.tickets.complaints.codes import CAUSES, EMOTIONS
from services.tickets.lifecycle import ACTION_NAMES_ZH
from services.tickets.sla.wording import EN, KINDS, REASONS, ZH
from services.tickets.waits.wording import BASES

# What a crew's phone may tell later.
TOLD_BY_PHONES = (
    "claim", "depart", "arrive", "start", "pause", "resume", "make_safe", "complete", "release", "assign", "escalate",
    "promise", "comment", "photograph",
)  # fmt: skip
# What a cell may say, by its code: (Chinese, English). A code that is not here is shown as it is.
NAMES = {
    **{kind: (words[ZH], words[EN]) for kind, words in KINDS.items()},
    **{reason: (words[ZH], reason.replace("_", " ")) for reason, words in REASONS.items() if reason},
    "first_resolution": ("首次解决", "first resolution"),
    "total_resolution": ("最终解决", "total resolution"),
    "promises": ("承诺", "promises"),
    "flawless": ("无瑕疵工单", "flawless jobs"),
    **{action: (ACTION_NAMES_ZH[action], action.replace("_", " ")) for action in TOLD_BY_PHONES},
    "all": ("合计", "all"),
    "none": ("无", "none"),
    "physiological": ("生理需要", "physiological"),
    "safety": ("安全需要", "safety"),
    "social": ("社交需要", "social"),
    "esteem": ("尊重需要", "esteem"),
    "self_actualisation": ("自我实现需要", "self-actualisation"),
    "repair": ("维修", "repair"),
    "cleaning": ("保洁", "cleaning"),
    "security": ("秩序", "security"),
    "greening": ("绿化", "greening"),
    "complaint": ("投诉", "complaint"),
    "community": ("社区活动", "community"),
    "care": ("关怀走访", "care"),
    "consultation": ("咨询建议", "consultation"),
    "internal": ("内部协作", "internal"),
    "by_need_level": ("需求层次", "need level"),
    "by_community": ("小区", "community"),
    "by_work_type": ("工作类型", "work type"),
    "by_crew": ("维修人员", "crew"),
    "by_policy": ("时限政策", "policy"),
    "by_rule": ("时限规则", "rule"),
    "by_month": ("月份", "month"),
    "by_organisation": ("全公司", "organisation"),
    "by_member": ("人员", "member"),
    "by_action": ("操作", "action"),
    "by_reason": ("暂停原因", "reason"),
    "met": ("达标", "met"),
    "missed": ("未达标", "missed"),
    "no_evidence": ("依据不足", "no evidence"),
    "by_horizon": ("预估时长", "how far ahead"),
    "by_basis": ("依据范围", "basis"),
    "by_item": ("服务项目", "item"),
    "by_cause": ("原因", "cause"),
    "by_emotion": ("情绪", "feeling"),
    "by_kind": ("公告类型", "kind of announcement"),
    **{code: (name["zh-CN"], name["en"]) for names in (CAUSES, EMOTIONS, ANNOUNCED) for code, name in names.items()},
    "complaints_complaints": ("投诉", "complaints"),
    "complaints_identified": ("已确认", "identified"),
    "complaints_unidentified": ("尚无人确认", "not identified yet"),
    "complaints_closed": ("已办结", "ended"),
    "complaints_escalated": ("已上报", "went up"),
    "complaints_escalated_unjudged": ("已上报未判断", "went up, not judged"),
    "complaints_settled_on_first_contact": ("首次接触解决", "settled on first contact"),
    "complaints_avoidable_escalations": ("本可避免的上报", "went up needlessly"),
    "complaints_justified": ("投诉成立", "justified"),
    "complaints_approvals_in_time": ("按时审批", "approved in time"),
    "complaints_approvals_open": ("待审批", "approval to come"),
    "complaints_identify": ("确认用时", "time to identify"),
    "complaints_assess": ("评估用时", "time to assess"),
    "complaints_negotiate": ("协商用时", "time to negotiate"),
    "complaints_act": ("处理用时", "time to act"),
    "complaints_review": ("回顾用时", "time to review"),
    "announcements_published": ("已发布公告", "announcements published"),
    "announcements_bound": ("须提前通知的公告", "bound to a notice period"),
    "announcements_in_time": ("按时公告", "in time"),
    "announcements_late": ("迟发公告", "late"),
    "announcements_households_told": ("通知户数", "homes told"),
    "announcements_households_read": ("已读户数", "homes that read it"),
    "announcements_joined": ("并入的报事", "requests joined"),
    **{basis: (words[ZH], words[EN]) for basis, words in BASES.items()},
    "to_2h": ("2 小时内", "up to 2 hours"),
    "to_8h": ("2 至 8 小时", "2 to 8 hours"),
    "to_1d": ("8 至 24 小时", "8 to 24 hours"),
    "to_3d": ("1 至 3 天", "1 to 3 days"),
    "over_3d": ("3 天以上", "more than 3 days"),
    "first_estimates": ("报事时的估计", "given at filing"),
    "updates_estimates": ("后续更新", "updates"),
    "as_stated": ("与所述一致", "as stated"),
    "too_narrow": ("区间过窄", "too narrow"),
    "too_wide": ("区间过宽", "too wide"),
}

# Headings of columns: (Chinese, English).
HEADINGS = {
    "asof": ("统计时刻", "As of"),
    "from": ("起", "From"),
    "to": ("止", "To"),
    "group_by": ("分组", "Grouped by"),
    "key": ("组", "Group"),
    "name": ("名称", "Name"),
    "filed": ("报事数", "Filed"),
    "measure": ("指标", "Measure"),
    "met": ("达标", "Met"),
    "breached": ("超时", "Breached"),
    "open_overdue": ("其中仍超时未结", "Of these still open and overdue"),
    "carried_over": ("此前报事仍超时未结", "Filed before, open and overdue"),
    "open_in_time": ("未结未超时", "Open in time"),
    "unknown": ("无法判定", "Unknown"),
    "void": ("作废", "Void"),
    "moved": ("改期", "Moved"),
    "appointments": ("已约上门", "Appointments"),
    "kept": ("按约上门", "Kept"),
    "missed": ("未按约上门", "Missed"),
    "not_at_home": ("家中无人", "Nobody at home"),
    "replaced": ("改约", "Moved by both"),
    "called_off": ("取消", "Called off"),
    "ended": ("随工单结束", "Ended with the job"),
    "agreed": ("待上门", "Still to come"),
    "kept_share": ("守约率", "Share kept"),
    "overridden": ("其中层次曾更正", "Of the breached, need level corrected"),
    "decided": ("已判定", "Decided"),
    "met_share": ("达标率", "Share met"),
    "n": ("计时样本", "Timed"),
    "contract_p50": ("合同用时中位数（秒）", "Contract seconds p50"),
    "contract_p90": ("合同用时 P90（秒）", "Contract seconds p90"),
    "contract_p95": ("合同用时 P95（秒）", "Contract seconds p95"),
    "lived_p50": ("实际用时中位数（秒）", "Lived seconds p50"),
    "lived_p90": ("实际用时 P90（秒）", "Lived seconds p90"),
    "lived_p95": ("实际用时 P95（秒）", "Lived seconds p95"),
    "pause_seconds": ("暂停（秒）", "Seconds paused"),
    "lived_seconds": ("实际用时合计（秒）", "Lived seconds"),
    "pause_share": ("暂停占比", "Pause share"),
    "tickets": ("工单链接", "Tickets"),
    "pauses": ("暂停次数", "Pauses"),
    "tickets_paused": ("暂停过的工单", "Tickets paused"),
    "still_open": ("仍在暂停", "Still paused"),
    "expired": ("到期自动结束", "Ended by themselves"),
    "objected": ("业主异议", "Objected to"),
    "disallowed": ("不予认可", "Disallowed"),
    "paused_seconds": ("暂停时长（秒）", "Seconds paused"),
    "acts": ("补报操作", "Acts told later"),
    "acts_on": ("涉及工单", "On tickets"),
    "counted_back": ("按实际时间计算", "Counted from their own time"),
    "backdated_seconds": ("早于补报合计（秒）", "Seconds before they were heard of"),
    "longest_seconds": ("其中最长（秒）", "The longest of them"),
    "known_late": ("补报后由超时改为按时", "In time, and told as missed before"),
    "previous_step": ("受上一步限制", "Bounded by the step before"),
    "too_long_ago": ("过久，按收到时间计", "Too long ago"),
    "clock_turned_back": ("手机时钟被回拨", "Clock turned back"),
    "when_heard": ("按收到时间计", "Counted when heard"),
    "largest_skew_seconds": ("手机时钟最大偏差（秒）", "Clock wrong by at most (seconds)"),
    "disallowed_seconds": ("其中不予认可（秒）", "Of these disallowed"),
    "community_id": ("小区编号", "Community id"),
    "community": ("小区", "Community"),
    "policy_version": ("政策版本", "Policy version"),
    "attained_level": ("达到层次", "Attained level"),
    "without_gaps": ("无缺口达到层次", "Attained without gaps"),
    "need_level": ("需求层次", "Need level"),
    "need": ("需求", "Need"),
    "verdict": ("结论", "Verdict"),
    "needed_share": ("要求达标率", "Share asked for"),
    "least_decided": ("最少判定数", "Least decided"),
    "blocked_by": ("主要障碍", "Blocked by"),
    "estimates": ("估计", "Estimates"),
    "given": ("给出估计", "Given with a window"),
    "without": ("依据太少", "Too little to tell"),
    "judged": ("已可判定", "Judged"),
    "within": ("在区间内", "Within the window"),
    "early": ("早于区间", "Early"),
    "late": ("晚于区间", "Late"),
    "late_open": ("其中仍在等候", "Of these still waiting"),
    "withdrawn": ("到期前撤回", "Withdrawn before"),
    "pending": ("区间未到期", "Window not over"),
    "share": ("区间内占比", "Share within"),
    "low": ("95% 下限", "95% low"),
    "high": ("95% 上限", "95% high"),
    "share_at_most": ("占比上限（撤回计入）", "Share at most, withdrawn within"),
    "stated": ("所述概率", "Stated probability"),
    "expected": ("应有占比", "Expected share"),
    "counted": ("数量", "Count"),
    "of": ("总数", "Out of"),
    "part": ("占比", "Share"),
    "median_seconds": ("用时中位数（秒）", "Median seconds"),
    "p90_seconds": ("用时 P90（秒）", "Seconds p90"),
    "list": ("清单链接", "List"),
    "median_width_seconds": ("区间宽度中位数（秒）", "Median width in seconds"),
}


def in_words(code: str, locale: str) -> str:
    """Return the name of what a code stands for."""
    return _one(NAMES, code, locale)


def heading(column: str, locale: str) -> str:
    """Return the heading of a column."""
    return _one(HEADINGS, column, locale)


def _one(words: Mapping[str, tuple[str, str]], code: str, locale: str) -> str:
    both = words.get(code)
    return code if both is None else both[0 if locale.startswith("zh") else 1]


def blocking_sentence(blocked: Mapping[str, Any], locale: str) -> str:
    """Return what keeps a community from its next need level, as one sentence."""
    level, need = blocked["need_level"], in_words(blocked["need"], locale)
    chinese = locale.startswith("zh")
    if blocked["clock"] is None:
        decided, least = blocked["decided"], blocked["least_decided"]
        if chinese:
            return f"第{level}级（{need}）依据不足：已判定 {decided} 个时限，至少需要 {least} 个。"
        return f"Level {level} ({need}) has no evidence: {decided} clocks were decided and {least} are needed."
    clock = in_words(blocked["clock"], locale)
    share, needed = (f"{blocked[name]:.1%}" for name in ("met_share", "needed_share"))
    if chinese:
        late = f"，其中 {blocked['open_overdue']} 个仍超时未结" if blocked["open_overdue"] else ""
        return f"第{level}级（{need}）未达标：{clock}时限达标率 {share}，要求 {needed}{late}。"
    late = f", and {blocked['open_overdue']} of them are still open and overdue" if blocked["open_overdue"] else ""
    met = f"{share} of its clocks for {clock} were met where {needed} is asked"
    return f"Level {level} ({need}) is missed: {met}{late}."
