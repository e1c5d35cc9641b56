"""Erasing a person from a service's database: logged before anything goes, and again when their tokens have ended.

Words and addresses go; ids, codes, moments and sealed digests stay, so that history still verifies. What may otherwise
only be added to is opened by a trigger (migrate.erasures) for the length of a logged erasure and for nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID, insert

from services.kit import clock
from services.kit.identity import ACCESS_LIFETIME, NOBODY
from services.kit.process import Loop, every

log = structlog.get_logger()

TABLE = "erasure_passes"
# A token given before the erasure may still bring words in for a quarter of an hour, and events about them take longer.
AGAIN_AFTER = ACCESS_LIFETIME + timedelta(minutes=5)
LOOK_SECONDS = 60.0
FIRST, LAST = 1, 2


@dataclass(frozen=True)
class Erasure:
    """Whose data goes: `unit_ids` are the homes they lived in until then."""

    id: str
    organisation_id: str
    person_id: str
    unit_ids: tuple[str, ...]


# Erases in the caller's transaction and returns how many rows of which table were touched.
Erase = Callable[[Connection, Erasure], dict[str, int]]


def define(metadata: MetaData) -> Table:
    """Add the log of erasures: two passes each, with how many rows of each table they touched."""
    return Table(
        TABLE,
        metadata,
        Column("erasure_id", UUID(as_uuid=False), nullable=False),
        Column("number", SmallInteger, nullable=False),
        Column("organisation_id", UUID(as_uuid=False), nullable=False),
        Column("person_id", UUID(as_uuid=False), nullable=False),
        Column("unit_ids", ARRAY(UUID(as_uuid=False)), nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        # Empty while the pass is under way.
        Column("counts", JSONB(none_as_null=True)),
        PrimaryKeyConstraint("erasure_id", "number"),
    )


def run_pass(db: Connection, table: Table, erasure: Erasure, erase: Erase, number: int = FIRST) -> bool:
    """Log one pass and erase, in the caller's transaction; False where this pass was already made."""
    values = {
        "erasure_id": erasure.id,
        "number": number,
        "organisation_id": erasure.organisation_id,
        "person_id": erasure.person_id,
        "unit_ids": list(erasure.unit_ids),
        "at": clock.now(),
    }
    begun = insert(table).values(values).on_conflict_do_nothing().returning(table.c.number)
    if db.execute(begun).one_or_none() is None:
        return False
    db.execute(select(func.set_config("doorstep.erasure", erasure.id, True)))
    # Plain text: SQLAlchemy names are a kind of str of their own, which the JSON writer refuses as keys.
    counts = {"".join(name): count for name, count in erase(db, erasure).items() if count}
    mine = (table.c.erasure_id == erasure.id) & (table.c.number == number)
    db.execute(update(table).where(mine).values(counts=counts))
    db.execute(select(func.set_config("doorstep.erasure", "", True)))
    log.info("person.erased", erasure_id=erasure.id, number=number, counts=counts)
    return True


def run_due(engine: Engine, table: Table, erase: Erase) -> int:
    """Make the last pass of every erasure whose first is old enough, one transaction each; returns how many."""
    later = table.alias("later")
    done = select(later.c.erasure_id).where(later.c.erasure_id == table.c.erasure_id, later.c.number == LAST)
    wanted = select(table).where(table.c.number == FIRST, table.c.at <= clock.now() - AGAIN_AFTER, ~done.exists())
    with engine.connect() as db:
        rows = db.execute(wanted).mappings().all()
    for row in rows:
        erasure = Erasure(row["erasure_id"], row["organisation_id"], row["person_id"], tuple(row["unit_ids"]))
        with engine.begin() as db:
            run_pass(db, table, erasure, erase, LAST)
    return len(rows)


def repeating(engine: Engine, table: Table, erase: Erase) -> Loop:
    """Return the loop that makes the last passes."""
    return every(LOOK_SECONDS, lambda: run_due(engine, table, erase))


def forget_answers(db: Connection, idempotency: Table, erasure: Erasure, ids: tuple[str, ...] = ()) -> int:
    """Delete the answers kept for retries that were given to the person, or that speak of them or of `ids`.

    What anybody without an account was answered goes with them: whose it is cannot be told, and it is of no use but
    for a retry.
    """
    speaks = text(
        "EXISTS (SELECT FROM unnest(CAST(:named AS text[])) AS one"
        " WHERE strpos(route, one) > 0 OR position(convert_to(one, 'UTF8') IN body) > 0)"
    ).bindparams(named=[erasure.person_id, *ids])
    theirs = idempotency.c.person_id.in_([erasure.person_id, NOBODY])
    return db.execute(delete(idempotency).where(or_(theirs, speaks))).rowcount
