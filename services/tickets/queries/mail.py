"""The desk's list of letters."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from services.kit.http.paging import cut, read_cursor
from services.tickets.commands.mail import no_such_mail
from services.tickets.models import mails
from services.tickets.queries.views import moment

_KEPT = (
    "id", "sender", "sender_name", "subject", "text", "attachments", "size_bytes", "state", "reason", "person_id",
    "ticket_id", "decided_by", "note",
)  # fmt: skip
_SHOWN = (
    *(mails.c[name] for name in _KEPT),
    mails.c.received_at,
    mails.c.decided_at,
    mails.c.raw.is_not(None).label("has_raw"),
)


def list_mail(db: Connection, state: str, limit: int, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the letters in a state, the oldest first, for they wait; row-level security says which."""
    wanted = select(*_SHOWN).where(mails.c.state == state).order_by(mails.c.id).limit(limit + 1)
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        wanted = wanted.where(mails.c.id > str(cursor[0]))
    rows, more = cut(db.execute(wanted).mappings().all(), limit, "id")
    return [mail_view(dict(row)) for row in rows], more


def one_mail(db: Connection, mail_id: str) -> dict[str, Any]:
    """Return one letter; raises NotFound."""
    row = db.execute(select(*_SHOWN).where(mails.c.id == mail_id)).mappings().one_or_none()
    if row is None:
        raise no_such_mail()
    return mail_view(dict(row))


def raw_mail(db: Connection, mail_id: str) -> bytes:
    """Return a letter as it came; raises NotFound, also where its time is over."""
    raw = db.execute(select(mails.c.raw).where(mails.c.id == mail_id)).scalar_one_or_none()
    if raw is None:
        raise no_such_mail()
    return bytes(raw)


def mail_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a letter as it is dumped."""
    return {
        **{name: row[name] for name in _KEPT},
        "received_at": moment(row["received_at"]),
        "decided_at": moment(row["decided_at"]),
        "raw": row["has_raw"],
    }
