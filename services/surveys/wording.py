"""What a survey says to a household, in both languages: its questions, its thanks, and why it is over."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.kit.errors import Conflict
from services.surveys.models import State

_QUESTIONS: tuple[tuple[dict[str, Any], dict[str, str]], ...] = (
    (
        {"name": "solved", "kind": "yes_no", "required": True},
        {"en": "Is it really solved?", "zh-CN": "问题真正解决了吗？"},
    ),
    (
        {"name": "satisfaction", "kind": "scale", "required": False, "least": 1, "most": 5},
        {
            "en": "How was our service, from 1 (very poor) to 5 (very good)?",
            "zh-CN": "您对这次服务满意吗？从 1（很不满意）到 5（很满意）",
        },
    ),
    (
        {"name": "comment", "kind": "text", "required": False, "most": 2000},
        {"en": "Is there anything else you would like to tell us?", "zh-CN": "您还有什么想告诉我们的吗？"},
    ),
)
_OPEN = {
    "en": "Thank you for letting us help with request {number}. Your answer reaches the people who did the work.",
    "zh-CN": "感谢您让我们为您处理工单 {number}。您的回答会转达给实际服务的人员。",
}
_OVER = {
    State.ANSWERED: {
        "en": "This survey was answered on {when}. Thank you: one answer per visit counts.",
        "zh-CN": "此问卷已于 {when} 提交，感谢您的回答；每次回访只计一次。",
    },
    State.EXPIRED: {
        "en": "This survey could be answered until {when}. To tell us more, please file a new request.",
        "zh-CN": "此问卷的填写截止时间为 {when}。如仍需帮助，欢迎提交新的报修或诉求。",
    },
    State.WITHDRAWN: {
        "en": "Work on request {number} was taken up again on {when}; we will ask you when it is done.",
        "zh-CN": "工单 {number} 已于 {when} 重新处理，完成后我们会再次回访您。",
    },
}
_THANKS = {
    True: {"en": "Thank you for your answer.", "zh-CN": "感谢您的回答。"},
    False: {
        "en": "Thank you for telling us, and we are sorry. We take the request up again, and its crew will know.",
        "zh-CN": "感谢您告诉我们，非常抱歉。我们会重新处理该工单，并通知服务人员。",
    },
}


def questions(locale: str) -> list[dict[str, Any]]:
    """Return the form's questions in `locale` (`zh-CN` or `en`)."""
    return [{**shape, "text": text[locale]} for shape, text in _QUESTIONS]


def message(visit: Any, locale: str) -> str:
    """Return what a visit's page says on top: the invitation, or why it is over. Times are the community's."""
    sentence = _OVER.get(State(visit.state), _OPEN)[locale]
    moment = visit.expires_at if visit.state == State.EXPIRED else visit.ended_at
    return sentence.format(number=visit.number, when=_when(moment, visit.timezone))


def thanks(solved: bool, locale: str) -> str:
    """Return the words after an answer."""
    return _THANKS[solved][locale]


def over(visit: Any) -> Conflict:
    """Return the refusal of an answer to a survey that is over, saying since when."""
    ended = visit.ended_at or visit.expires_at
    return Conflict(message(visit, "en"), message(visit, "zh-CN"), state=visit.state, ended_at=ended.isoformat())


def _when(moment: datetime | None, timezone: str) -> str:
    return moment.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M") if moment else ""
