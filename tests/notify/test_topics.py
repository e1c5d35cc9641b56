"""How residents choose, topic by topic, what they are told outside the app, and what no choice holds back."""

from typing import TYPE_CHECKING

import pytest
from flask.testing import FlaskClient

from services.contracts import surveys, tickets
from services.contracts.community import EventCancelled
from services.kit.testing import bearer
from services.notify import audience, topics
from tests.notify.test_api import put, resident_of

if TYPE_CHECKING:
    from tests.notify.conftest import Desk

HERE = ["in_app"]


def test_every_kind_that_residents_hear_of_is_of_one_topic() -> None:
    told = {rule.kind for rule in audience.RULES if rule.audience == "resident"}
    # Whom the desk invites has no preferences yet.
    of_topics = [kind for kinds in topics.TOPICS.values() for kind in kinds]
    assert sorted(of_topics) == sorted(told - {"account.reinvited"})


def test_a_topic_is_chosen_and_taken_back(client: FlaskClient, desk: "Desk") -> None:
    who = resident_of(desk)
    first = put(client, who, {"topics": {"events": HERE, "opinions": ["in_app", "email"]}})
    assert first.json["channels"]["event.cancelled"] == HERE
    assert first.json["topics"] == {
        "requests": None,
        "announcements": None,
        "events": HERE,
        "opinions": ["in_app", "email"],
    }
    second = put(client, who, {"topics": {"events": None}}, '"v1"')
    assert "event.cancelled" not in second.json["channels"]
    assert second.json["topics"]["opinions"] == ["in_app", "email"]
    shown = client.get("/api/v1/preferences", headers=bearer(who))
    assert put(client, who, shown.json, '"v2"').json["channels"] == shown.json["channels"]


def test_what_is_switched_off_stays_in_the_app(desk: "Desk") -> None:
    chosen = topics.choose({}, {"events": HERE, "opinions": HERE})
    who = desk.person(email="one@example.org", channels=chosen)
    desk.hears(desk.event(EventCancelled, requester_id=who))
    desk.hears(desk.event(surveys.SurveyInvited, requester_id=who))
    assert len(desk.notices(who)) == 2
    assert desk.deliveries() == []


@pytest.mark.parametrize(("urgency", "letters"), [("routine", 0), ("urgent", 1), ("emergency", 1)])
def test_what_is_urgent_goes_out_whatever_was_chosen(desk: "Desk", urgency: str, letters: int) -> None:
    who = desk.person(email="one@example.org", channels=topics.choose({}, {"requests": HERE}))
    desk.hears(desk.event(tickets.TicketDeparted, requester_id=who, urgency=urgency))
    assert len(desk.notices(who)) == 1
    assert len(desk.deliveries()) == letters
