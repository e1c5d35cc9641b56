"""Reading accounts, organisations and the stream's rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, text

from gateway import models
from services.kit.errors import NotFound

accounts = models.accounts
stream = models.stream_events


def organisation(db: Connection, organisation_id: str) -> Mapping[str, Any]:
    """Return the caller's organisation."""
    found = db.execute(select(models.organisations).where(models.organisations.c.id == organisation_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such organisation.", "没有该组织。")
    return dict(row)


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
