"""A campaign's households: their links, their answers, and its end."""

from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from services.surveys import campaigns
from services.surveys.models import campaigns as campaign_rows
from tests.surveys.conftest import Desk
from tests.surveys.voices import Organisation

SAID = {
    "repair_importance": 7,
    "urgent_repair_hours": 4,
    "satisfaction": 5,
    "recommend": 9,
    "comment": "电梯常坏\n谢谢",
}


def firm_without_campaigns(desk: Desk, client: FlaskClient) -> Organisation:
    """Return an organisation of its own, with every campaign of earlier tests closed."""
    with desk.engine.begin() as db:
        db.execute(campaign_rows.update().values(state="closed", households=0, unplaced=0))
    return Organisation(desk, client)


def close(firm: Organisation, campaign_id: str) -> None:
    """Let a campaign's time run out."""
    with firm.desk.engine.begin() as db:
        past = datetime(2026, 1, 1, tzinfo=UTC)
        db.execute(
            campaign_rows.update()
            .where(campaign_rows.c.id == campaign_id)
            .values(opens_at=past - timedelta(days=9), closes_at=past)
        )
        campaigns.close_due(db)
