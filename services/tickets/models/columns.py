"""What every table of the tickets service is written with."""

from sqlalchemy import CheckConstraint, Column, DateTime
from sqlalchemy.dialects.postgresql import UUID

from services.kit.database import new_metadata

metadata = new_metadata()

Id = UUID(as_uuid=False)
Moment = DateTime(timezone=True)


def organisation() -> Column[str]:
    """Return the column that says whose row it is."""
    return Column("organisation_id", Id, nullable=False)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """Return the constraint that a column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
