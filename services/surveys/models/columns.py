"""The metadata of the service's tables, and the columns they share."""

from typing import Any

from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import UUID

from services.kit.database import new_metadata

metadata = new_metadata()
Id = UUID(as_uuid=False)
Moment = DateTime(timezone=True)


def organisation() -> Column[Any]:
    """Return the column by which row-level security tells tenants apart."""
    return Column("organisation_id", Id, nullable=False)


def one_of(values: tuple[str, ...]) -> str:
    """Return the words of a list as SQL literals, for a check constraint."""
    return ", ".join(f"'{value}'" for value in values)
