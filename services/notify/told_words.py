"""The words of the report on being told in time, (Chinese, English): kinds of notices, channels, headings."""

from collections.abc import Mapping
from typing import Any

from services.notify.words import label

Words = Mapping[str, tuple[str, str]]

KINDS: Words = {
    "ticket.filed": ("收到报事", "a request was filed"),
    "plan.filed": ("计划工单已生成", "planned work was filed"),
    "plan.skipped": ("计划工单未生成", "planned work was left out"),
    "event.promoted": ("活动候补转正", "a place at an event came free"),
    "event.moved": ("活动变更", "an event has another time or place"),
    "event.cancelled": ("活动取消", "an event was cancelled"),
    "ticket.acknowledged": ("已受理", "a request was answered"),
    "ticket.claimed": ("已接单", "somebody took the job"),
    "ticket.assigned": ("已派单", "the job was given to somebody"),
    "ticket.released": ("已退单", "the job was given back"),
    "ticket.departed": ("已出发", "somebody is on the way"),
    "ticket.arrived": ("已到场", "somebody is there"),
    "ticket.paused": ("已暂停", "the work waits"),
    "ticket.resumed": ("已恢复", "the work goes on"),
    "ticket.disallowed": ("暂停不予认可", "a pause was disallowed"),
    "ticket.made_safe": ("危险已排除", "the danger is over"),
    "ticket.promised": ("承诺时间", "a time was promised"),
    "ticket.completed": ("已完成", "the work is done"),
    "ticket.called_back": ("电话回访", "the desk called"),
    "ticket.closed": ("已关闭", "a request was closed"),
    "ticket.declined": ("不予办理", "a request was declined"),
    "ticket.cancelled": ("已取消", "a request was withdrawn"),
    "ticket.reopened": ("重新打开", "a request was opened again"),
    "ticket.commented": ("新留言", "a remark was written"),
    "ticket.escalated": ("已上报", "a request was handed up"),
    "ticket.joined": ("工单已合并", "a request was joined to another"),
    "ticket.parted": ("工单已拆分", "a request stands by itself again"),
    "ticket.overridden": ("分类已更正", "a request was corrected"),
    "ticket.reevaluated": ("改用现行时限", "a request was moved to the terms in force"),
    "ticket.objected": ("对暂停提出异议", "a pause was objected to"),
    "ticket.urged": ("业主催单", "a request was urged"),
    "ticket.answered": ("回访得到答复", "a return visit was answered"),
    "ticket.unclaimed": ("无人接单", "nobody took the job"),
    "appointment.proposed": ("提议上门时间", "a time to come was proposed"),
    "appointment.agreed": ("约定上门时间", "a time to come was agreed"),
    "appointment.withdrawn": ("上门时间取消", "a time to come was taken back"),
    "appointment.reminded": ("上门提醒", "a visit that was agreed is near"),
    "wait.moved": ("预计时间有变", "the wait was told anew"),
    "announcement.published": ("公告发布", "an announcement"),
    "announcement.changed": ("公告变更", "an announcement was changed"),
    "announcement.withdrawn": ("公告撤回", "an announcement was withdrawn"),
    "announcement.restored": ("恢复正常", "an outage is over"),
    "announcement.reminded": ("公告提醒", "a reminder of an announcement"),
    "complaint.identified": ("投诉已确认", "a complaint was identified"),
    "complaint.assessed": ("投诉已评估", "a complaint was assessed"),
    "complaint.offered": ("投诉处理方案", "options for a complaint"),
    "complaint.accepted": ("业主已选方案", "an option was chosen"),
    "complaint.approved": ("方案已批准", "a remedy was approved"),
    "complaint.refused": ("方案未批准", "a remedy was not approved"),
    "complaint.delayed": ("投诉处理延期", "a complaint takes longer"),
    "complaint.replied": ("投诉已答复", "a complaint was replied to"),
    "survey.invited": ("回访邀请", "a return visit asks"),
    "campaign.invited": ("意见征集邀请", "an opinion survey asks"),
    "account.reinvited": ("账号重新邀请", "an account was invited anew"),
    "sla.warned": ("时限预警", "a deadline is near"),
    "sla.breached": ("时限超时", "a deadline was missed"),
    "notice.undelivered": ("紧急通知未送达", "an emergency reached nobody"),
    "webhook.disabled": ("对接已停用", "an endpoint was switched off"),
}
CHANNELS: Words = {
    "in_app": ("应用内", "in the app"),
    "email": ("电子邮件", "e-mail"),
    "apprise": ("聊天工具", "a chat"),
    "sms": ("短信", "text message"),
    "push": ("手机推送", "push message"),
    "phone": ("电话", "telephone"),
}
GROUPS: Words = {
    "community": ("小区", "community"),
    "urgency": ("紧急程度", "urgency"),
    "kind": ("通知类型", "kind of notice"),
    "need_level": ("需求层次", "need level"),
    "channel": ("渠道", "channel"),
    "organisation": ("全公司", "organisation"),
}
HEADINGS: Words = {
    "asof": ("统计时刻", "As of"),
    "from": ("起", "From"),
    "to": ("止", "To"),
    "group_by": ("分组", "Grouped by"),
    "group": ("组", "Group"),
    "name": ("名称", "Name"),
    "n": ("应告知数", "To be told"),
    "in_time": ("及时告知", "In time"),
    "late": ("迟告知", "Late"),
    "waiting": ("待告知", "Waiting"),
    "overdue": ("其中已逾期", "Of these overdue"),
    "undelivered": ("未送达", "Reached nobody"),
    "read": ("已读", "Read"),
    "in_time_share": ("及时率", "Share in time"),
    "low": ("95% 下限", "95% low"),
    "high": ("95% 上限", "95% high"),
    "p50": ("中位数（秒）", "Seconds p50"),
    "p90": ("P90（秒）", "Seconds p90"),
    "p99": ("P99（秒）", "Seconds p99"),
    "list": ("清单链接", "List"),
}
_NOBODY, _WHOLE = ("尚无", "none yet"), ("全公司", "all")


def one_of(words: Words, code: str, locale: str) -> str:
    """Return the word for a code; one of a later version is shown as it is."""
    both = words.get(code)
    return code if both is None else both[0 if locale.startswith("zh") else 1]


def names_of(grouping: str, key: Any) -> dict[str, str] | None:
    """Return what a group is called in both languages; None for a community, which this service knows by id."""
    families = {"kind": KINDS, "channel": CHANNELS}
    if grouping in ("urgency", "need_level"):
        family = "level" if grouping == "need_level" else grouping
        return {locale: label(locale, family, key) for locale in ("zh-CN", "en")}
    if grouping == "organisation" or (grouping == "channel" and key is None):
        return dict(zip(("zh-CN", "en"), _WHOLE if key else _NOBODY, strict=True))
    if grouping not in families or key is None:
        return None
    return {locale: one_of(families[grouping], key, locale) for locale in ("zh-CN", "en")}
