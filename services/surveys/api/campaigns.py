"""Opinion campaigns: planned and read by managers, answered by households that are signed in."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit import clock
from services.kit.errors import invalid_field
from services.kit.http import Answer, Page, access, one_effect, page_link, respond, scoped
from services.kit.http.problems import wants
from services.kit.http.sheets import InFormat, also_as_table
from services.kit.identity import Actor, current_actor
from services.surveys import campaigns, question_sets
from services.surveys.api.reporting import reporting
from services.surveys.api.reports import report_response
from services.surveys.campaigns import CampaignFilter, Plan
from services.surveys.campaigns.answering import estimated
from services.surveys.models.campaigns import OPEN
from services.surveys.reports import Asked, campaign_report, tables
from services.surveys.schemas import campaigns as shapes

blp = Blueprint("campaigns", __name__, description="Opinion surveys (业主意见征集) of every household")
FARTHEST, LONGEST = timedelta(days=731), timedelta(days=366)
THANKS = {"en": "Thank you: your household's opinion counts.", "zh-CN": "感谢您的意见，我们会认真采纳。"}
SEEN = {"Vary": "Accept-Language"}


@blp.route("/campaigns", methods=["POST"])
@access("manager", "admin")
@blp.arguments(shapes.CampaignIn)
@blp.alt_response(201, schema=shapes.CampaignOut)
@one_effect
def plan_campaign(db: Connection, body: dict[str, Any]) -> Answer:
    """Plan a campaign for a community; it opens by itself, to every household there is then."""
    actor, now = current_actor(), clock.now()
    # What was to open in the past opens now.
    opens_at = max(body["opens_at"] or now, now)
    if opens_at - now > FARTHEST or body["closes_at"] - opens_at > LONGEST:
        raise invalid_field(
            "closes_at",
            "Open it within two years, and keep it open for a year at the longest.",
            "请在两年内开始，开放时间最长一年。",
        )
    if body["closes_at"] <= opens_at:
        raise invalid_field(
            "closes_at", "Close it after it opens, and not in the past.", "截止时间应晚于开始时间和现在。"
        )
    wanted = Plan(**{**body, "community_id": str(body["community_id"]), "opens_at": opens_at})
    campaign_id = campaigns.plan(db, actor, wanted)
    view = _view(db, actor, [campaigns.campaign_of(db, campaign_id)])[0]
    return Answer(view, 201, {"Location": f"/api/v1/campaigns/{campaign_id}"})


@blp.route("/campaigns", methods=["GET"])
@access("resident", "manager", "admin")
@blp.arguments(shapes.CampaignPage, location="query")
@blp.alt_response(200, schema=shapes.Campaigns)
def list_campaigns(query: dict[str, Any]) -> Response:
    """List the campaigns, newest first: a resident's are those that ask their home."""
    community = query["community_id"]
    wanted = CampaignFilter(str(community) if community else None, query["state"])
    with scoped() as db:
        rows, more = campaigns.list_campaigns(db, wanted, query["limit"], query["after"])
        items = _view(db, current_actor(), rows)
    return respond(Answer({"items": items}, headers={**SEEN, **page_link(more)}))


@blp.route("/campaigns/<uuid:campaign_id>", methods=["GET"])
@access("resident", "manager", "admin")
@blp.alt_response(200, schema=shapes.CampaignOut)
def read_campaign(campaign_id: UUID) -> Response:
    """Read a campaign and its questions."""
    with scoped() as db:
        view = _view(db, current_actor(), [campaigns.campaign_of(db, str(campaign_id))])[0]
    return respond(Answer(view, headers=SEEN))


@blp.route("/campaigns/<uuid:campaign_id>/answers", methods=["POST"])
@access("resident")
@blp.arguments(shapes.OwnOpinionIn)
@blp.alt_response(201, schema=shapes.OpinionReceipt)
@one_effect
def answer_campaign(db: Connection, body: dict[str, Any], campaign_id: UUID) -> Answer:
    """Take the household's one answer from somebody of it who is signed in."""
    unit = str(body["unit_id"]) if body["unit_id"] else None
    home = campaigns.answer_by_login(db, current_actor(), str(campaign_id), unit, body["answers"])
    return receipt(home)


@blp.route("/campaigns/<uuid:campaign_id>/estimates", methods=["POST"])
@access("manager")
@blp.arguments(shapes.OpinionIn)
@blp.alt_response(201, schema=shapes.EstimateOut)
@one_effect
def estimate_campaign(db: Connection, body: dict[str, Any], campaign_id: UUID) -> Answer:
    """Say what you think the residents will say, before you know it: once, and for every item listed to estimate."""
    actor = current_actor()
    before = campaigns.estimate(db, actor, str(campaign_id), body["answers"])
    return Answer({"campaign_id": campaign_id, "manager_id": actor.id, "answers_before": before}, 201)


@blp.route("/campaigns/<uuid:campaign_id>/report", methods=["GET"])
@access("manager", "admin")
@blp.arguments(InFormat, location="query")
@blp.alt_response(200, schema=shapes.CampaignReport)
@also_as_table(blp)
def read_campaign_report(query: dict[str, Any], campaign_id: UUID) -> Response:
    """Read the response rate over all households, and each item with its n and interval; none leads to a household."""
    with reporting() as db:
        campaign = campaigns.campaign_of(db, str(campaign_id))
        report = campaign_report(db, campaign)
    asked = Asked(campaign.organisation_id, community_id=campaign.community_id, zone=campaign.timezone)
    return report_response(report, query["format"], tables.campaign_table, asked)


@blp.route("/campaigns/<uuid:campaign_id>/comments", methods=["GET"])
@access("manager", "admin")
@blp.arguments(Page, location="query")
@blp.alt_response(200, schema=shapes.Comments)
def list_comments(page: dict[str, Any], campaign_id: UUID) -> Response:
    """Read what households wrote, without who wrote it."""
    with scoped() as db:
        campaigns.campaign_of(db, str(campaign_id))
        rows, more = campaigns.list_comments(db, str(campaign_id), page["limit"], page["after"])
    return respond(Answer({"items": [{"comment": row.comment} for row in rows]}, headers=page_link(more)))


def receipt(home: Any) -> Answer:
    """Return what whoever answered is told."""
    language = wants()
    payload = {
        "campaign_id": home.campaign_id,
        "household_id": home.id,
        "unit_id": home.unit_id,
        "answered_at": home.answered_at,
        "message": THANKS[language],
    }
    return Answer(payload, 201, {"Content-Language": language})


_TOLD = (
    "id", "name", "community_id", "question_set", "question_set_version", "timezone", "state", "opens_at", "closes_at",
    "households", "unplaced",
)  # fmt: skip


def _view(db: Connection, actor: Actor, rows: list[Any]) -> list[dict[str, Any]]:
    """Return campaigns as the caller sees them: with what staff can estimate, or what residents can answer."""
    language = wants()
    homes = campaigns.homes_of(db, [row.id for row in rows], actor.unit_ids) if actor.unit_ids else {}
    views = []
    for row in rows:
        asked = question_sets.load().get(row.question_set)
        running = row.state == OPEN and row.closes_at > clock.now()
        own = [
            {
                "household_id": home.id,
                **{name: getattr(home, name) for name in ("unit_id", "invited_at", "answered_at")},
            }
            for home in homes.get(row.id, ())
        ]
        can_answer = running and any(home["answered_at"] is None for home in own)
        can_see = actor.is_staff or can_answer
        views.append(
            {
                **{name: getattr(row, name) for name in _TOLD},
                "homes": own,
                "questions": asked.asked(language) if asked and can_see else [],
                "to_estimate": [item.asked(language) for item in estimated(asked)] if asked and actor.is_staff else [],
            }
        )
    return views
