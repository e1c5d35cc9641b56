"""Events become notices: each once, in whatever order they come, for the right people only."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, select

from services.contracts import gateway, surveys, tickets
from services.kit import migrate
from services.kit.events import Event, PermanentError
from services.kit.settings import Settings
from services.kit.testing import fresh
from services.notify.handlers import Handlers
from services.notify.models import contacts, metadata
from tests.notify.conftest import NOON, Desk


def account(desk: Desk, person_id: str, **changes: object) -> Event:
    fact = {
        "account_id": person_id,
        "revision": 1,
        "role": "resident",
        "active": True,
        "locale": "en",
        "community_ids": (desk.community_id,),
        "unit_ids": (),
        "skills": (),
    }
    return desk.event(gateway.AccountChanged, **(fact | changes))


def test_a_household_is_sent_the_link_to_the_opinion_survey(desk: Desk) -> None:
    resident = fresh()
    desk.hears(desk.event(surveys.CampaignInvited, requester_id=resident, link_token="abc.def", expires_at=NOON))
    (notice,) = desk.notices(resident)
    assert notice.kind == "campaign.invited"
    assert notice.link.endswith("/o/abc.def")
    assert notice.data == {"opinion_token": "abc.def"}
    assert "XF-000042" in notice.title


def test_the_migrations_build_what_the_models_say(settings: Settings, server_url: str) -> None:
    engine = create_engine(migrate.owner_url(server_url, "notify").replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = [found for found in compare_metadata(context, metadata) if "alembic_version" not in str(found)]
    engine.dispose()
    assert differences == []


def test_a_filed_request_is_confirmed_in_the_residents_language(desk: Desk) -> None:
    resident = desk.person(locale="en")
    desk.hears(desk.event(tickets.TicketFiled, requester_id=resident, actor_id=resident))
    (notice,) = desk.notices()
    assert (notice.person_id, notice.kind, notice.locale) == (resident, "ticket.filed", "en")
    assert notice.title == "We have your request XF-000042"
    assert notice.link is None  # There is nothing to open yet but the ticket itself, by its id.
    assert (notice.urgent, notice.read_at) == (False, None)
    assert [row.state for row in desk.deliveries("in_app")] == ["sent"]
    assert not desk.deliveries("email"), "nobody gave an address"


def test_a_request_of_somebody_not_yet_heard_of_is_kept_for_them(desk: Desk) -> None:
    stranger = fresh()
    desk.hears(desk.event(tickets.TicketFiled, requester_id=stranger))
    (notice,) = desk.notices(stranger)
    assert notice.locale == "zh-CN"
    assert [row.channel for row in desk.deliveries("in_app")] == ["in_app"]


def test_an_event_that_comes_twice_is_heard_once(desk: Desk, postbox: object) -> None:
    resident = desk.person(email="resident@example.org")
    event = desk.event(tickets.TicketClaimed, requester_id=resident)
    desk.hears(event, event)
    desk.hears(event)
    assert len(desk.notices()) == 1
    assert len(desk.deliveries()) == 1


def test_even_without_the_inbox_a_notice_is_written_once(desk: Desk) -> None:
    """The unique key stands alone: an inbox that was swept does not double a notice or its deliveries."""
    resident = desk.person(email="resident@example.org")
    event = desk.event(tickets.TicketClaimed, requester_id=resident)
    for _ in range(2):
        with desk.worker.begin() as connection:
            Handlers("https://desk.example", desk.channels).handle(connection, [event])
    assert len(desk.notices()) == 1
    assert len(desk.deliveries()) == 1


def test_order_does_not_matter(desk: Desk) -> None:
    resident = desk.person()
    ticket = {"requester_id": resident, "ticket_id": fresh()}
    done = desk.event(tickets.TicketCompleted, **ticket, version=6)
    filed = desk.event(tickets.TicketFiled, **ticket, version=1)
    desk.hears(done)
    desk.hears(filed)
    assert {notice.kind for notice in desk.notices(resident)} == {"ticket.completed", "ticket.filed"}


def test_an_account_in_the_same_batch_is_known_before_the_news(desk: Desk) -> None:
    dispatcher = fresh()
    urgent = desk.event(tickets.TicketFiled, urgency="emergency")
    desk.hears(urgent, account(desk, dispatcher, role="dispatcher"))
    (notice,) = desk.notices(dispatcher)
    assert (notice.locale, notice.urgent) == ("en", True)


def test_the_highest_revision_of_an_account_wins(desk: Desk) -> None:
    person = fresh()
    desk.hears(account(desk, person, revision=3, locale="zh-CN"), account(desk, person, revision=2, locale="en"))
    desk.hears(account(desk, person, revision=1, active=False))
    with desk.worker.connect() as connection:
        row = connection.execute(select(contacts).where(contacts.c.person_id == person)).one()
    assert (row.revision, row.locale, row.active) == (3, "zh-CN", True)


def test_an_account_event_keeps_address_and_preferences(desk: Desk) -> None:
    person = desk.person(email="resident@example.org", preferred_locale="en", version=4)
    desk.hears(account(desk, person, revision=9, locale="zh-CN", active=False))
    with desk.worker.connect() as connection:
        row = connection.execute(select(contacts).where(contacts.c.person_id == person)).one()
    assert (row.email, row.preferred_locale, row.version, row.active) == ("resident@example.org", "en", 4, False)


def test_a_closed_account_is_not_written_to(desk: Desk) -> None:
    resident = desk.person(email="resident@example.org", active=False)
    dispatcher = desk.person("dispatcher", active=False)
    desk.hears(desk.event(tickets.TicketFiled, requester_id=resident, urgency="emergency"))
    assert not desk.deliveries()
    assert not desk.notices(dispatcher)


def test_news_stays_in_its_organisation(desk: Desk) -> None:
    elsewhere = Desk(desk.web, desk.worker, desk.channels)
    theirs = elsewhere.person("manager", community_ids=[])
    ours = desk.person("manager", community_ids=[])
    desk.hears(desk.event(tickets.SlaBreached, clock="attend", due_at=NOON))
    assert desk.notices(ours)
    assert not elsewhere.notices(theirs)


def test_an_event_that_names_another_organisations_person_tells_their_address_nothing(desk: Desk) -> None:
    elsewhere = Desk(desk.web, desk.worker, desk.channels)
    stranger = elsewhere.person(email="stranger@example.org")
    desk.hears(desk.event(tickets.TicketFiled, requester_id=stranger))
    assert not desk.deliveries()
    assert not elsewhere.notices(stranger)


def test_a_survey_brings_its_key(desk: Desk) -> None:
    resident = desk.person()
    desk.hears(desk.event(surveys.SurveyInvited, requester_id=resident, link_token="abc.def", expires_at=NOON))
    (notice,) = desk.notices(resident)
    assert notice.link == "https://desk.example/s/abc.def"
    assert notice.data == {"survey_token": "abc.def"}


def test_a_kind_can_be_kept_off_a_channel(desk: Desk) -> None:
    resident = desk.person(email="resident@example.org", channels={"ticket.claimed": ["in_app"]})
    desk.hears(
        desk.event(tickets.TicketClaimed, requester_id=resident),
        desk.event(tickets.TicketCompleted, requester_id=resident),
    )
    assert len(desk.notices(resident)) == 2
    assert len(desk.deliveries()) == 1


@pytest.mark.parametrize("broken", ["no.such.event.v1", "ticket.filed.v1"])
def test_an_event_that_is_none_of_ours_is_refused_for_good(desk: Desk, broken: str) -> None:
    event = Event(broken, "tickets", fresh(), NOON, desk.organisation_id, data={"ticket_id": "alone"})
    with pytest.raises(PermanentError):
        desk.hears(event)
