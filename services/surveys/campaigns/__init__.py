"""Opinion campaigns (业主意见征集): asking every household of a community, once each. None of these commits."""

from services.surveys.campaigns.answering import (
    Opinion,
    answer_by_link,
    answer_by_login,
    check,
    estimate,
)
from services.surveys.campaigns.planning import Plan, close_due, invite_due, open_due, plan
from services.surveys.campaigns.reading import (
    CampaignFilter,
    campaign_of,
    home_behind,
    homes_of,
    list_campaigns,
    list_comments,
)

__all__ = [
    "CampaignFilter",
    "Opinion",
    "Plan",
    "answer_by_link",
    "answer_by_login",
    "campaign_of",
    "check",
    "close_due",
    "estimate",
    "home_behind",
    "homes_of",
    "invite_due",
    "list_campaigns",
    "list_comments",
    "open_due",
    "plan",
]
