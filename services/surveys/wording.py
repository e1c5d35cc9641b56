"""What a survey says to a household, in both languages: its invitation, its thanks, and why it is over."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.kit import clock
from services.kit.errors import Conflict
from services.surveys.answering import Said
from services.surveys.models import State

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
    "solved": {"en": "Thank you for your answer.", "zh-CN": "感谢您的回答。"},
    "low": {
        "en": "Thank you for telling us, and we are sorry. Somebody will look into it and come back to you.",
        "zh-CN": "感谢您如实告诉我们，非常抱歉。我们会派专人了解情况并给您答复。",
    },
    "not_solved": {
        "en": "Thank you for telling us, and we are sorry. We take the request up again, and its crew will know.",
        "zh-CN": "感谢您告诉我们，非常抱歉。我们会重新处理该工单，并通知服务人员。",
    },
}
LOW = 2


def can_answer(visit: Any) -> bool:
    """True where a household that is signed in can answer a visit, within its link's time or late."""
    asked = visit.state in (State.INVITED, State.EXPIRED)
    return asked and visit.superseded_at is None and clock.now() < visit.late_until


def message(visit: Any, locale: str, *, by_link: bool = True) -> str:
    """Return what a visit's page says on top: the invitation, or why it is over. Times are the community's."""
    if not by_link and can_answer(visit):
        return _OPEN[locale].format(number=visit.number)
    state, moment = State(visit.state), visit.ended_at
    if state is State.EXPIRED:
        moment = visit.expires_at if by_link else visit.late_until
        if visit.superseded_at is not None:
            state, moment = State.WITHDRAWN, visit.superseded_at
    return _OVER.get(state, _OPEN)[locale].format(number=visit.number, when=_when(moment, visit.timezone))


def thanks(said: Said, locale: str, *, late: bool = False) -> str:
    """Return the words after an answer. A late “not solved” is looked into; only a timely one is sure to reopen."""
    low = said.satisfaction is not None and said.satisfaction <= LOW
    if not said.solved:
        return _THANKS["low" if late else "not_solved"][locale]
    return _THANKS["low" if low else "solved"][locale]


def over(visit: Any, *, by_link: bool = True) -> Conflict:
    """Return the refusal of an answer to a survey that is over, saying since when."""
    ended = visit.ended_at or visit.expires_at
    english, chinese = (message(visit, locale, by_link=by_link) for locale in ("en", "zh-CN"))
    return Conflict(english, chinese, state=visit.state, ended_at=ended.isoformat())


def _when(moment: datetime | None, timezone: str) -> str:
    return moment.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M") if moment else ""
