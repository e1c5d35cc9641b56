"""Reading accounts, organisations and the stream's rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, text

from gateway import models
from gateway.commands.invitations import OF_MANAGERS
from services.kit import clock
from services.kit.errors import NotFound
from services.kit.identity import Actor

accounts = models.accounts
stream = models.stream_events


def organisation(db: Connection, organisation_id: str) -> Mapping[str, Any]:
    """Return the caller's organisation."""
    found = db.execute(select(models.organisations).where(models.organisations.c.id == organisation_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such organisation.", "没有该组织。")
    return dict(row)


def named(organisation: Mapping[str, Any], locale: str) -> str:
    """Return what an organisation is called in a language."""
    name: str = (organisation["name_en"] if locale == "en" else None) or organisation["name"]
    return name


def organisation_changes(db: Connection, limit: int, after: str | None) -> Sequence[Mapping[str, Any]]:
    """Return up to `limit` + 1 changes of the organisation, the latest first; the one too many says there is more."""
    table = models.organisation_changes
    wanted = select(table)
    if after is not None:
        wanted = wanted.where(table.c.id < after)
    return [dict(row) for row in db.execute(wanted.order_by(table.c.id.desc()).limit(limit + 1)).mappings()]


def account(db: Connection, account_id: str) -> Mapping[str, Any]:
    """Return an account the caller may see; raises NotFound."""
    row = db.execute(select(accounts).where(accounts.c.id == account_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such account.", "没有该账号。")
    return dict(row)


def account_page(
    db: Connection, organisation_id: str, *, limit: int, after: str | None, role: str | None
) -> Sequence[Mapping[str, Any]]:
    """Return up to `limit` + 1 accounts in the order they were opened; the one too many says there is more."""
    wanted = select(accounts).where(accounts.c.organisation_id == organisation_id)
    if after is not None:
        wanted = wanted.where(accounts.c.id > after)
    if role is not None:
        wanted = wanted.where(accounts.c.role == role)
    return [dict(row) for row in db.execute(wanted.order_by(accounts.c.id).limit(limit + 1)).mappings()]


def residents_like(
    db: Connection, actor: Actor, *, said: str | None, unit_ids: Sequence[str], ids: Sequence[str] = (), limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return active residents of the caller's communities by part of their login, by their homes or ids, by login."""
    wanted = select(accounts).where(
        accounts.c.organisation_id == actor.organisation_id, accounts.c.role == "resident", accounts.c.active
    )
    if actor.community_ids:
        wanted = wanted.where(accounts.c.community_ids.overlap(list(actor.community_ids)))
    if said is not None:
        wanted = wanted.where(accounts.c.login.icontains(said, autoescape=True))
    if unit_ids:
        wanted = wanted.where(accounts.c.unit_ids.overlap(list(unit_ids)))
    if ids:
        wanted = wanted.where(accounts.c.id.in_(ids))
    return [dict(row) for row in db.execute(wanted.order_by(accounts.c.login).limit(limit)).mappings()]


def erasure_page(db: Connection, limit: int, after: str | None) -> Sequence[Mapping[str, Any]]:
    """Return up to `limit` + 1 erasures, the latest first; the one too many says there is more."""
    wanted = select(models.erasures)
    if after is not None:
        wanted = wanted.where(models.erasures.c.id < after)
    rows = db.execute(wanted.order_by(models.erasures.c.id.desc()).limit(limit + 1)).mappings()
    return [dict(row) for row in rows]


def stream_page(db: Connection, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
    """Return the events after id `after` that the scope of this transaction may see, oldest first."""
    wanted = select(stream).where(stream.c.id > after).order_by(stream.c.id).limit(limit)
    return [dict(row) for row in db.execute(wanted).mappings()]


def open_feed(db: Connection) -> None:
    """Let this transaction read the stream of every tenant, as the one listener of a web process."""
    db.execute(text("SELECT set_config('doorstep.feed', 'on', true)"))


def newest_stream_id(db: Connection) -> int:
    """Return the id of the newest event this transaction may see, 0 where there is none."""
    newest: int | None = db.execute(select(func.max(stream.c.id))).scalar_one()
    return newest or 0


def oldest_stream_id(db: Connection) -> int:
    """Return the id of the oldest event this transaction may see, 0 where there is none."""
    oldest: int | None = db.execute(select(func.min(stream.c.id))).scalar_one()
    return oldest or 0


def invitation_page(
    db: Connection, by: Actor, *, limit: int, after: str | None, state: str | None, account_id: str | None
) -> Sequence[Mapping[str, Any]]:
    """Return up to `limit` + 1 invitations to accounts that `by` looks after, the latest first, with their accounts."""
    made, now = models.invitations, clock.now()
    theirs = (accounts.c.login, accounts.c.role, accounts.c.unit_ids)
    wanted = select(made, *theirs).join(accounts, accounts.c.id == made.c.account_id)
    if by.role == "manager":
        wanted = wanted.where(accounts.c.role.in_(OF_MANAGERS))
        if by.community_ids:
            within = accounts.c.community_ids
            wanted = wanted.where(within != [], within.contained_by(list(by.community_ids)))
    untouched = made.c.used_at.is_(None) & made.c.revoked_at.is_(None)
    conditions = {
        "used": made.c.used_at.is_not(None),
        "revoked": made.c.revoked_at.is_not(None),
        "open": untouched & (made.c.expires_at > now),
        "expired": untouched & (made.c.expires_at <= now),
    }
    if state is not None:
        wanted = wanted.where(conditions[state])
    if account_id is not None:
        wanted = wanted.where(made.c.account_id == account_id)
    if after is not None:
        wanted = wanted.where(made.c.id < after)
    return [dict(row) for row in db.execute(wanted.order_by(made.c.id.desc()).limit(limit + 1)).mappings()]
