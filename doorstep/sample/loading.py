"""Loads the sample into each service's own database, by that service's own commands, as its worker role."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select

from doorstep.processes import CannotStart
from doorstep.sample.organisation import HUATING, OTHER, PASSWORD, Organisation
from gateway import models as gateway_models
from gateway.commands import accounts
from services.contracts.gateway import AccountChanged
from services.kit import migrate
from services.kit.database import make_engine
from services.notify import commands as notify
from services.tickets import commands as tickets

ORGANISATIONS = (HUATING, OTHER)


def refuse_in_production(environment: str) -> None:
    """Everybody knows the sample's password, so no production desk may hold it. Raises CannotStart."""
    if environment == "production":
        raise CannotStart(
            "The sample organisation, whose password everybody knows, is refused while DOORSTEP_ENV is production."
        )


def is_empty(server_url: str, role_secret: str) -> bool:
    """True when no organisation was opened yet."""
    with _database(server_url, role_secret, "gateway") as db:
        return db.execute(select(func.count()).select_from(gateway_models.organisations)).scalar_one() == 0


def is_loaded(server_url: str, role_secret: str) -> bool:
    """True when the sample organisation is in this desk."""
    wanted = select(gateway_models.organisations.c.id).where(gateway_models.organisations.c.id == HUATING.id)
    with _database(server_url, role_secret, "gateway") as db:
        return db.execute(wanted).first() is not None


def load(server_url: str, role_secret: str, environment: str) -> str:
    """Load both organisations and return what was loaded in words.

    The gateway comes last: a load that was interrupted leaves no organisation there, and is done again from the
    start, which changes nothing that is there already.
    """
    refuse_in_production(environment)
    with _database(server_url, role_secret, "tickets") as db:
        for organisation in ORGANISATIONS:
            tickets.add_places(db, organisation.id, organisation.places())
            for account in _accounts(organisation):
                tickets.remember_person(db, organisation.id, account)
    with _database(server_url, role_secret, "notify") as db:
        for organisation in ORGANISATIONS:
            _add_contacts(db, organisation)
    with _database(server_url, role_secret, "gateway") as db:
        for organisation in ORGANISATIONS:
            _open_accounts(db, organisation)
    return _in_words()


def _accounts(organisation: Organisation) -> Iterator[AccountChanged]:
    for person in organisation.people:
        yield AccountChanged(
            account_id=person.id,
            revision=1,
            role=person.role,
            active=True,
            locale=person.locale,
            community_ids=person.community_ids,
            unit_ids=person.unit_ids,
            skills=person.skills,
            badge=person.badge,
        )


def _add_contacts(db: Connection, organisation: Organisation) -> None:
    for person in organisation.people:
        notify.upsert_contact(
            db,
            person_id=person.id,
            organisation_id=organisation.id,
            role=person.role,
            revision=1,
            locale=person.locale,
            community_ids=person.community_ids,
            unit_ids=person.unit_ids,
            email=f"{person.login}@{organisation.key}.example",
        )


def _open_accounts(db: Connection, organisation: Organisation) -> None:
    accounts.open_organisation(db, name=organisation.name, locale=organisation.locale, organisation_id=organisation.id)
    for person in organisation.people:
        accounts.open_account(
            db,
            organisation_id=organisation.id,
            login=person.login,
            password=PASSWORD,
            role=person.role,
            badge=person.badge,
            locale=person.locale,
            community_ids=person.community_ids,
            unit_ids=person.unit_ids,
            skills=person.skills,
            account_id=person.id,
        )


def _in_words() -> str:
    communities = [community for organisation in ORGANISATIONS for community in organisation.communities]
    homes = sum(len(community.units()) for community in communities)
    people = sum(len(organisation.people) for organisation in ORGANISATIONS)
    return f"{len(ORGANISATIONS)} organisations, {len(communities)} communities, {homes} homes, {people} people"


@contextmanager
def _database(server_url: str, role_secret: str, service: str) -> Iterator[Connection]:
    engine = make_engine(migrate.database_url(server_url, role_secret, service, worker=True), pool_size=1)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
