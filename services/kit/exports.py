"""Who took which report out of a service as a table: written down before the file is handed over, and only added to."""

from typing import Any

from sqlalchemy import Column, Connection, DateTime, Index, MetaData, Table, Text, func, insert
from sqlalchemy.dialects.postgresql import UUID

from services.kit.events import new_id
from services.kit.identity import Actor
from services.kit.migrate import in_tenant, protect

TABLE = "exports"
# What a list of looks calls such a row.
REPORT = "report"

_ROLE = "current_setting('doorstep.role', true)"
_PERSON = "NULLIF(current_setting('doorstep.person', true), '')::uuid"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"
# What was taken out of all communities concerns every manager.
_IN_REACH = f"({_COMMUNITIES} IS NULL OR community_id IS NULL OR community_id = ANY({_COMMUNITIES}))"


def define(metadata: MetaData) -> Table:
    """Add the record of exports; `community_id` is null where the table was of all communities."""
    table = Table(
        TABLE,
        metadata,
        Column("id", UUID(as_uuid=False), primary_key=True),
        Column("organisation_id", UUID(as_uuid=False), nullable=False),
        Column("community_id", UUID(as_uuid=False)),
        Column("report", Text, nullable=False),
        Column("viewer_id", UUID(as_uuid=False), nullable=False),
        Column("viewer_role", Text, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    )
    Index(None, table.c.organisation_id, table.c.id)
    return table


def statements(service: str) -> list[str]:
    """Return the statements that create the record in a service's database. Everybody signs for themselves."""
    seen = f"{in_tenant()} AND {_ROLE} IN ('manager', 'admin') AND {_IN_REACH}"
    signed = f"{in_tenant()} AND viewer_id = {_PERSON} AND viewer_role = {_ROLE}"
    return [
        f"""CREATE TABLE {TABLE} (
            id uuid NOT NULL, organisation_id uuid NOT NULL, community_id uuid, report text NOT NULL,
            viewer_id uuid NOT NULL, viewer_role text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT pk_exports PRIMARY KEY (id)
        )""",
        f"CREATE INDEX ix_exports_organisation_id_id ON {TABLE} (organisation_id, id)",
        *protect(service, TABLE, seen, check=signed, web="SELECT, INSERT", worker="SELECT"),
    ]


def note(db: Connection, table: Table, actor: Actor, report: str, community_id: str | None) -> None:
    """Write down that somebody takes a report out as a table."""
    row: dict[str, Any] = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": community_id,
        "report": report,
        "viewer_id": actor.id,
        "viewer_role": actor.role,
    }
    db.execute(insert(table).values(row))
