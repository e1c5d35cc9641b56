"""Changes of contacts, and notices with their deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.kit import clock
from services.kit.errors import NotFound, Stale
from services.kit.identity import Actor
from services.notify.commands.addresses import ask_whose, publish_preferences, withdraw
from services.notify.commands.opened import tell_opened
from services.notify.models import contacts, notices, tellings

# One parameter holds all rows, so that the statement is prepared once whatever their number. Deliveries follow
# only the notices that are new: a repeated event writes neither.
_WRITE = text(
    """
    WITH new AS (
        INSERT INTO notices (id, organisation_id, person_id, event_id, kind, ticket_id, locale, title, body, link,
                             data, urgent, created_at)
        SELECT id, organisation_id, person_id, event_id, kind, ticket_id, locale, title, body, link,
               data, urgent, created_at
        FROM json_populate_recordset(NULL::notices, CAST(:notices AS json))
        ON CONFLICT (event_id, person_id, kind) DO NOTHING
        RETURNING id
    ), sent AS (
        INSERT INTO deliveries (id, organisation_id, notice_id, person_id, channel, address_key, urgent, state,
                                next_attempt_at, sent_at)
        SELECT id, organisation_id, notice_id, person_id, channel, address_key, urgent, state, next_attempt_at, sent_at
        FROM json_populate_recordset(NULL::deliveries, CAST(:deliveries AS json))
        WHERE notice_id IN (SELECT id FROM new)
    ), measured AS (
        INSERT INTO tellings (notice_id, organisation_id, person_id, community_id, ticket_id, kind, audience, number,
                              urgency, need_level, occurred_at, counts_from, target_at, accepted_by, accepted_at)
        SELECT notice_id, organisation_id, person_id, community_id, ticket_id, kind, audience, number,
               urgency, need_level, occurred_at, counts_from, target_at, accepted_by, accepted_at
        FROM json_populate_recordset(NULL::tellings, CAST(:tellings AS json))
        WHERE notice_id IN (SELECT id FROM new)
    ), climbing AS (
        INSERT INTO alarms (notice_id, organisation_id, person_id, community_id, ticket_id, event_id, kind, audience,
                            occurred_at, step, next_at)
        SELECT notice_id, organisation_id, person_id, community_id, ticket_id, event_id, kind, audience,
               occurred_at, 0, next_at
        FROM json_populate_recordset(NULL::alarms, CAST(:alarms AS json))
        WHERE notice_id IN (SELECT id FROM new)
    )
    SELECT count(*) FROM new
    """
)


@dataclass
class Batch:
    """The rows that one batch of events makes."""

    notices: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    tellings: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)


def write_notices(connection: Connection, batch: Batch) -> int:
    """Write notices and what belongs to them in one statement; returns how many notices were new."""
    if not batch.notices:
        return 0
    written: int = connection.execute(
        _WRITE, {name: orjson.dumps(rows).decode() for name, rows in vars(batch).items()}
    ).scalar_one()
    return written


def upsert_contact(
    connection: Connection,
    *,
    person_id: str,
    organisation_id: str,
    role: str,
    revision: int,
    active: bool = True,
    locale: str = "zh-CN",
    community_ids: Iterable[str] = (),
    unit_ids: Iterable[str] = (),
    email: str | None = None,
) -> None:
    """Write down who somebody is. The highest revision wins, so late and repeated news changes nothing.

    `email` is one that somebody vouches for; it is kept as it was where it is None. How the person wants to be told is
    never touched.
    """
    upsert_contacts(
        connection,
        [
            {
                "person_id": person_id,
                "organisation_id": organisation_id,
                "role": role,
                "revision": revision,
                "active": active,
                "locale": locale,
                "community_ids": list(community_ids),
                "unit_ids": list(unit_ids),
                "email": email,
                "email_confirmed_at": clock.now() if email else None,
            }
        ],
    )


def upsert_contacts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down several people at once, each as `upsert_contact` does. Locks their rows."""
    latest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row["revision"] >= latest.get(row["person_id"], row)["revision"]:
            latest[row["person_id"]] = row
    if not latest:
        return
    # In order of id: two workers that write the same people must lock them in the same order.
    statement = insert(contacts).values([dict(latest[person]) for person in sorted(latest)])
    new = statement.excluded
    kept = ("person_id", "organisation_id", "email", "email_confirmed_at")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id"],
            set_={
                **{name: new[name] for name in rows[0] if name not in kept},
                "email": func.coalesce(new.email, contacts.c.email),
                "email_confirmed_at": func.coalesce(new.email_confirmed_at, contacts.c.email_confirmed_at),
            },
            where=(contacts.c.revision <= new.revision) & (contacts.c.organisation_id == new.organisation_id),
        )
    )


def mark_read(connection: Connection, notice_id: str) -> dict[str, Any]:
    """Note that its recipient read a notice, the first time only; returns it. Raises NotFound.

    Who announced something learns that it was read.
    """
    statement = (
        update(notices)
        .where(notices.c.id == notice_id)
        .values(read_at=func.coalesce(notices.c.read_at, bindparam("now")))
        .returning(notices)
    )
    row = connection.execute(statement, {"now": clock.now()}).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such notice in your inbox.", "您的收件箱里没有这条通知。")
    read = update(tellings).where(tellings.c.notice_id == notice_id, tellings.c.read_at.is_(None))
    if connection.execute(read.values(read_at=row["read_at"])).rowcount:
        tell_opened(connection, dict(row))
    return dict(row)


def set_preferences(
    connection: Connection, actor: Actor, changes: Mapping[str, Any], expected: int | None
) -> dict[str, Any]:
    """Change how `actor` wants to be told; returns the whole contact. Raises Stale.

    `expected` is the version the caller read, None for any. Somebody whose account was not heard of yet gets a row
    from their token, with revision 0, which the account's own event then completes. A new address is asked by letter
    whose it is, and until its answer nothing else goes there. Raises Conflict for the sixth new address in an hour.
    """
    first = insert(contacts).values(
        person_id=actor.id,
        organisation_id=actor.organisation_id,
        role=actor.role,
        community_ids=list(actor.community_ids),
        unit_ids=list(actor.unit_ids),
        locale=actor.locale,
    )
    connection.execute(first.on_conflict_do_nothing())
    mine = select(contacts.c.email, contacts.c.email_confirmed_at).where(contacts.c.person_id == actor.id)
    before = connection.execute(mine.with_for_update()).one()
    new_address = "email" in changes and changes["email"] != before.email
    if new_address:
        changes = {**changes, "email_confirmed_at": None}
    # The old version in the condition is the lock: of two edits at once, one finds it gone.
    change = update(contacts).where(contacts.c.person_id == actor.id)
    if expected is not None:
        change = change.where(contacts.c.version == expected)
    row = (
        connection.execute(change.values(**changes, version=contacts.c.version + 1).returning(contacts))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise Stale(
            "Your preferences were changed meanwhile. Read them again and repeat your change.",
            "您的设置刚刚已被更新，请重新读取后再修改。",
        )
    if new_address:
        ask_whose(connection, actor, dict(row))
        if before.email_confirmed_at is not None:
            withdraw(connection, dict(row))
    publish_preferences(connection, dict(row))
    return dict(row)
