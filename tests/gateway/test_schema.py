"""The migrations and the models say the same, and the database keeps tenants apart by itself."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, insert, select, text
from sqlalchemy.exc import ProgrammingError

from gateway import models
from gateway.commands import sessions
from services.kit import clock, migrate
from services.kit.database import transaction
from services.kit.testing import actor
from tests.gateway.conftest import Organisation


def test_migrations_and_models_agree(settings: object, server_url: str) -> None:
    engine = create_engine(
        migrate.owner_url(server_url, "gateway").replace("postgresql://", "postgresql+psycopg://", 1)
    )
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), models.metadata)
    engine.dispose()
    assert differences == []


def test_without_a_tenant_nothing_is_seen(web: Engine, organisation: Organisation) -> None:
    organisation.open()
    with transaction(web) as db:
        for table in (models.organisations, models.accounts, models.refresh_tokens, models.stream_events):
            assert db.execute(select(table)).all() == []


def test_a_tenant_sees_its_own_accounts_only(
    web: Engine, organisation: Organisation, other_organisation: Organisation
) -> None:
    own, other = organisation.open(), other_organisation.open()
    with transaction(web, actor("admin", organisation_id=organisation.id)) as db:
        assert db.execute(select(models.accounts.c.id)).scalars().all() == [own["id"]]
        changed = db.execute(text("UPDATE accounts SET role = 'admin' WHERE id = :id"), {"id": other["id"]})
        assert changed.rowcount == 0


def test_an_account_cannot_be_put_into_another_tenant(
    web: Engine, organisation: Organisation, other_organisation: Organisation
) -> None:
    row = {**organisation.open(), "id": actor().id, "login": actor().id, "organisation_id": other_organisation.id}
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction(web, actor("admin", organisation_id=organisation.id)) as db,
    ):
        db.execute(insert(models.accounts).values(row))


def test_signing_in_shows_the_one_account_that_is_named(web: Engine, organisation: Organisation) -> None:
    wanted, _ = organisation.open(), organisation.open()
    with transaction(web) as db:
        db.execute(text("SELECT set_config('doorstep.login', :login, true)"), {"login": wanted["login"]})
        assert db.execute(select(models.accounts.c.id)).scalars().all() == [wanted["id"]]
        found = sessions.find_login(db, wanted["login"])
        assert found is not None
        assert db.execute(select(models.accounts)).all() == []


def test_the_web_role_cannot_rewrite_the_stream(web: Engine, organisation: Organisation) -> None:
    row = {
        "organisation_id": organisation.id,
        "visible_to_resident": True,
        "type": "ticket.filed.v1",
        "subject": "x",
        "data": {},
        "at": clock.now(),
    }
    with (
        pytest.raises(ProgrammingError) as refused,
        transaction(web, actor("admin", organisation_id=organisation.id)) as db,
    ):
        db.execute(insert(models.stream_events).values(row))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
