"""Reads of campaigns; row-level security shows a household its own, managers those of their communities."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from services.kit.errors import NotFound
from services.kit.http.paging import cut, read_cursor
from services.surveys.links import fingerprint, unknown_link
from services.surveys.models import campaign_answers, campaign_households, campaigns


@dataclass(frozen=True)
class CampaignFilter:
    """What a list of campaigns is narrowed to."""

    community_id: str | None = None
    state: str | None = None


def list_campaigns(
    db: Connection, wanted: CampaignFilter, limit: int, after: str | None
) -> tuple[list[Any], str | None]:
    """Return a page of campaigns, the newest first, and the next page's cursor."""
    statement = select(campaigns).order_by(campaigns.c.id.desc()).limit(limit + 1)
    for name in ("community_id", "state"):
        if (value := getattr(wanted, name)) is not None:
            statement = statement.where(campaigns.c[name] == value)
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        statement = statement.where(campaigns.c.id < str(cursor[0]))
    rows = db.execute(statement).all()
    return cut(rows, limit, "id")


def campaign_of(db: Connection, campaign_id: str) -> Any:
    """Return a campaign; raises NotFound, also for one that is not the caller's to see."""
    row = db.execute(select(campaigns).where(campaigns.c.id == campaign_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such campaign.", "没有找到该意见征集。")
    return row


def homes_of(db: Connection, campaign_ids: list[str], unit_ids: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return of each campaign the households among `unit_ids`: a resident's own."""
    wanted = select(campaign_households).where(
        campaign_households.c.campaign_id.in_(campaign_ids), campaign_households.c.unit_id.in_(unit_ids)
    )
    found: dict[str, list[Any]] = {campaign_id: [] for campaign_id in campaign_ids}
    for row in db.execute(wanted.order_by(campaign_households.c.unit_id)):
        found[row.campaign_id].append(row)
    return found


def home_behind(db: Connection, household_id: str, token: str) -> Any:
    """Return the household a link was handed out for; raises NotFound."""
    homes = campaign_households.c
    row = db.execute(
        select(campaign_households).where(homes.id == household_id, homes.token_sha256 == fingerprint(token))
    ).one_or_none()
    if row is None:
        raise unknown_link()
    return row


def list_comments(db: Connection, campaign_id: str, limit: int, after: str | None) -> tuple[list[Any], str | None]:
    """Return a page of what was written, in no order that tells who wrote it, and the next page's cursor."""
    answers = campaign_answers.c
    statement = (
        select(answers.household_id, answers.comment)
        .where(answers.campaign_id == campaign_id, answers.comment.is_not(None))
        .order_by(answers.household_id)
        .limit(limit + 1)
    )
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        statement = statement.where(answers.household_id > str(cursor[0]))
    rows = db.execute(statement).all()
    return cut(rows, limit, "household_id")
