"""What the surveys service publishes: invitations, answers, and that nobody answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.contracts.fact import Fact


@dataclass(frozen=True, kw_only=True)
class SurveyFact(Fact):
    """Which survey about which completion (`completion` counts from 1) of which ticket."""

    source: ClassVar[str] = "surveys"

    survey_id: str
    ticket_id: str
    number: str
    community_id: str
    unit_id: str | None
    requester_id: str
    completion: int


@dataclass(frozen=True, kw_only=True)
class SurveyInvited(SurveyFact):
    """The return visit is due. `link_token` is the signed one-time key to the answer form."""

    type: ClassVar[str] = "survey.invited.v1"
    link_token: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class SurveyAnswered(SurveyFact):
    """A human of the household answered. The comment's text stays in the surveys database; here is if there is one.

    `channel` is `link`, `in_app` or `phone`; `recorded_by` is who wrote down what was said on the telephone. `late` is
    an answer after the link had run out.
    """

    type: ClassVar[str] = "survey.answered.v1"
    solved: bool
    satisfaction: int | None
    has_comment: bool
    channel: str = "link"
    late: bool = False
    recorded_by: str | None = None
    question_set: str = "return_visit"
    question_set_version: int = 1


@dataclass(frozen=True, kw_only=True)
class SurveyProxied(SurveyFact):
    """Somebody spoke for the household on the telephone. It is not the household's answer, and never counts as one."""

    type: ClassVar[str] = "survey.proxied.v1"
    solved: bool
    satisfaction: int | None
    has_comment: bool
    spoken_by: str
    recorded_by: str
    question_set: str = "return_visit"
    question_set_version: int = 1


@dataclass(frozen=True, kw_only=True)
class SurveyExpired(SurveyFact):
    """Nobody answered. That is all this says."""

    type: ClassVar[str] = "survey.expired.v1"


@dataclass(frozen=True, kw_only=True)
class CampaignInvited(Fact):
    """A household is asked for its opinion; each of its people with an account hears of it, `requester_id` is one.

    `link_token` is the household's signed key to the form: one answer a household, whoever of them gives it.
    """

    type: ClassVar[str] = "campaign.invited.v1"
    source: ClassVar[str] = "surveys"

    campaign_id: str
    household_id: str
    community_id: str
    unit_id: str
    requester_id: str
    link_token: str
    expires_at: datetime
    name: str = ""
