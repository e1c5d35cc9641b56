"""Browser sessions: an opaque token in a cookie, its SHA-256 in a row that can be ended at any moment."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from gateway import models
from services.kit import clock
from services.kit.database import set_scope
from services.kit.identity import Actor

# Phones of residents and crews stay signed in; a desk's browser is shared, and asks again every shift.
LIFETIMES = {"resident": timedelta(days=30), "crew": timedelta(days=30)}
AT_A_DESK = timedelta(hours=12)

accounts = models.accounts
sessions = models.web_sessions


def begin(db: Connection, actor: Actor) -> str:
    """Start a session for somebody whose password was right; returns its token."""
    set_scope(db, actor)
    token, now = secrets.token_urlsafe(32), clock.now()
    db.execute(
        insert(sessions).values(
            token_hash=_digest(token),
            organisation_id=actor.organisation_id,
            account_id=actor.id,
            issued_at=now,
            expires_at=now + LIFETIMES.get(actor.role, AT_A_DESK),
        )
    )
    return token


def account_of(db: Connection, token: str) -> Mapping[str, Any] | None:
    """Return the active account whose session this token is, before any tenant is known; None where it has ended."""
    row = _hold(db, token)
    if row is None or row["revoked_at"] is not None or row["expires_at"] <= clock.now():
        return None
    account = db.execute(select(accounts).where(accounts.c.id == row["account_id"])).mappings().one()
    return dict(account) if account["active"] else None


def end(db: Connection, token: str) -> None:
    """Sign out. A token nobody knows ends nothing, and that is no error."""
    row = _hold(db, token)
    if row is not None:
        _revoke(db, sessions.c.token_hash == row["token_hash"])


def end_all(db: Connection, account_id: str) -> None:
    """End every browser session of an account."""
    _revoke(db, sessions.c.account_id == account_id)


def _revoke(db: Connection, which: Any) -> None:
    db.execute(update(sessions).where(which, sessions.c.revoked_at.is_(None)).values(revoked_at=clock.now()))


def _hold(db: Connection, token: str) -> Mapping[str, Any] | None:
    """Find a token's row, which the policy shows to whoever names its hash, and enter its owner's scope."""
    digest = _digest(token)
    db.execute(text("SELECT set_config('doorstep.token_hash', :digest, true)"), {"digest": digest})
    found = db.execute(select(sessions).where(sessions.c.token_hash == digest)).mappings().one_or_none()
    if found is None:
        return None
    set_scope(db, Actor(found["account_id"], found["organisation_id"], "resident"))
    return dict(found)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
