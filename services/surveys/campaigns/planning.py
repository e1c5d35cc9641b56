"""A campaign's course: planned, opened to every household there is then, invited outside the night, closed."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, literal, select, text, update

from services.contracts.fact import to_event
from services.contracts.surveys import CampaignInvited
from services.kit import outbox
from services.kit.database import database_now
from services.kit.errors import Forbidden
from services.kit.events import Event, new_id
from services.kit.identity import Actor
from services.surveys import models, question_sets
from services.surveys.links import Link, fingerprint
from services.surveys.models import campaign_households, campaigns, people
from services.surveys.models.campaigns import CLOSED, OPEN, PLANNED
from services.surveys.visiting import Night, out_of_night

BATCH = 100
MakeToken = Callable[[Link], str]

# A home is every unit that somebody with an account lives in. An account tells its communities and its units, not which
# unit lies in which community. A ticket about the unit says so, else an account of that home with one community alone;
# a home that none of them tells about is counted as unplaced rather than asked about a place that may not be theirs.
_HOMES = text("""
    WITH asked AS (
        SELECT CAST(:id AS uuid) AS campaign, CAST(:organisation_id AS uuid) AS organisation,
            CAST(:community_id AS uuid) AS community
    ), lived AS (
        SELECT unnest(unit_ids) AS unit_id, community_ids FROM people, asked
        WHERE organisation_id = asked.organisation AND role = 'resident' AND active
    ), told AS (
        SELECT DISTINCT ON (unit_id) unit_id, community_id FROM ticket_steps, asked
        WHERE organisation_id = asked.organisation AND unit_id IS NOT NULL
        ORDER BY unit_id, at DESC
    ), homes AS (
        SELECT unit_id,
            bool_or(asked.community = ANY(community_ids)) AS possible,
            bool_or(community_ids = ARRAY[asked.community]) AS here,
            bool_or(cardinality(community_ids) = 1 AND community_ids <> ARRAY[asked.community]) AS elsewhere
        FROM lived, asked GROUP BY unit_id
    ), placed AS (
        SELECT unit_id, CASE
            WHEN told.community_id IS NOT NULL THEN told.community_id = asked.community
            WHEN here AND NOT elsewhere THEN true
            WHEN elsewhere AND NOT here THEN false END AS here
        FROM asked, homes LEFT JOIN told USING (unit_id) WHERE possible
    ), invited AS (
        INSERT INTO campaign_households (id, organisation_id, campaign_id, community_id, unit_id)
        SELECT gen_random_uuid(), asked.organisation, asked.campaign, asked.community, unit_id
        FROM placed, asked WHERE here RETURNING 1
    )
    SELECT (SELECT count(*) FROM invited) AS households, (SELECT count(*) FROM placed WHERE here IS NULL) AS unplaced
""")


@dataclass(frozen=True)
class Plan:
    """A campaign as a manager plans it."""

    name: str
    community_id: str
    question_set: str
    timezone: str
    opens_at: datetime
    closes_at: datetime


def plan(db: Connection, actor: Actor, wanted: Plan) -> str:
    """Plan a campaign for one of the caller's communities; returns its id. Raises Forbidden for another's."""
    if actor.community_ids and wanted.community_id not in actor.community_ids:
        raise Forbidden("This community is not among yours.", "该小区不在您的负责范围内。")
    campaign_id = str(new_id())
    db.execute(
        insert(campaigns)
        .inline()
        .values(
            id=campaign_id,
            organisation_id=actor.organisation_id,
            author_id=actor.id,
            state=PLANNED,
            question_set_version=question_sets.get(wanted.question_set).version,
            **vars(wanted),
        )
    )
    return campaign_id


def open_due(db: Connection) -> int:
    """Open the campaigns whose time has come, to every household known by now; returns how many.

    Who moves in later is not asked: the response rate needs a base that does not move.
    """
    now = database_now(db)
    due = (
        select(campaigns)
        .where(campaigns.c.state == literal(PLANNED, literal_execute=True), campaigns.c.opens_at <= now)
        .order_by(campaigns.c.opens_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = db.execute(due).all()
    for row in rows:
        named = {"organisation_id": row.organisation_id, "community_id": row.community_id, "id": row.id}
        counted = db.execute(_HOMES, named).one()
        opened = {"state": OPEN, "households": counted.households, "unplaced": counted.unplaced}
        db.execute(update(campaigns).where(campaigns.c.id == row.id).values(opened))
    return len(rows)


def close_due(db: Connection) -> int:
    """Close the campaigns whose time is over; returns how many. Nobody's answer is made up."""
    over = (campaigns.c.state == literal(OPEN, literal_execute=True), campaigns.c.closes_at <= func.clock_timestamp())
    return db.execute(update(campaigns).where(*over).values(state=CLOSED)).rowcount


def invite_due(db: Connection, night: Night | None, make_token: MakeToken) -> int:
    """Invite up to a batch of households of open campaigns where it is not night now; returns how many.

    Everybody of the household who has an account hears of it, with the same link: whoever answers first answers for
    the household. Households another worker holds are skipped.
    """
    now = database_now(db)
    invited = 0
    running = select(campaigns).where(
        campaigns.c.state == literal(OPEN, literal_execute=True),
        campaigns.c.closes_at > now,
        select(campaign_households.c.id)
        .where(campaign_households.c.campaign_id == campaigns.c.id, campaign_households.c.invited_at.is_(None))
        .exists(),
    )
    for campaign in db.execute(running.order_by(campaigns.c.opens_at)).all():
        awake = out_of_night(now, ZoneInfo(campaign.timezone), night) <= now
        if awake and invited < BATCH:
            invited += _invite(db, campaign, now, BATCH - invited, make_token)
    return invited


def _invite(db: Connection, campaign: Any, now: datetime, most: int, make_token: MakeToken) -> int:
    waiting = (
        select(campaign_households)
        .where(campaign_households.c.campaign_id == campaign.id, campaign_households.c.invited_at.is_(None))
        .order_by(campaign_households.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    homes = db.execute(waiting).all()
    living = _residents(db, campaign.organisation_id, {home.unit_id for home in homes})
    for home in homes:
        token = make_token(Link(home.id, home.organisation_id))
        sent = {"token_sha256": fingerprint(token), "invited_at": now}
        db.execute(update(campaign_households).where(campaign_households.c.id == home.id).values(sent))
        outbox.emit(db, models.outbox, *_invitations(campaign, home, living[home.unit_id], token, now))
    return len(homes)


def _residents(db: Connection, organisation_id: str, units: set[str]) -> dict[str, list[str]]:
    """Return who lives in each unit, as far as they have an account."""
    living = (
        select(people.c.id, people.c.unit_ids)
        .where(people.c.organisation_id == organisation_id, people.c.role == "resident", people.c.active)
        .where(people.c.unit_ids.overlap(list(units)))
        .order_by(people.c.id)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for person, homes in db.execute(living):
        for unit in units.intersection(homes):
            found[unit].append(person)
    return found


def _invitations(campaign: Any, home: Any, living: Iterable[str], token: str, now: datetime) -> list[Event]:
    return [
        to_event(
            CampaignInvited(
                campaign_id=campaign.id,
                household_id=home.id,
                community_id=home.community_id,
                unit_id=home.unit_id,
                requester_id=person,
                link_token=token,
                expires_at=campaign.closes_at,
                name=campaign.name,
            ),
            organisation_id=home.organisation_id,
            subject=home.id,
            at=now,
        )
        for person in living
    ]
