"""Signing in, renewing and signing out: short access tokens, refresh tokens that are used once."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from gateway import models
from gateway.commands import web_sessions
from gateway.passwords import matches
from services.kit import clock
from services.kit.database import set_scope
from services.kit.errors import Unauthenticated
from services.kit.events import new_id
from services.kit.identity import Actor

LIFETIME = timedelta(days=30)
# Two tabs renew at the same moment; both hold the same token, and neither is a thief.
GRACE = timedelta(seconds=10)

accounts = models.accounts
tokens = models.refresh_tokens


@dataclass(frozen=True)
class Session:
    """What a sign-in or a renewal gives: who it is, and the next refresh token of which family."""

    actor: Actor
    family: str
    refresh_token: str


def refused() -> Unauthenticated:
    """Return the one answer to a wrong login and to a wrong password."""
    return Unauthenticated("The login or the password is not right.", "登录名或密码不正确。")


def ended() -> Unauthenticated:
    """Return the one answer to every refresh token that cannot be used."""
    return Unauthenticated("Your session has ended. Please sign in again.", "登录已失效，请重新登录。")


def find_login(db: Connection, login: str) -> Mapping[str, Any] | None:
    """Return the active account of a login, before any tenant is known: the policy shows this one row."""
    db.execute(text("SELECT set_config('doorstep.login', :login, true)"), {"login": login})
    found = db.execute(select(accounts).where(accounts.c.login == login)).mappings().one_or_none()
    db.execute(text("SELECT set_config('doorstep.login', '', true)"))
    return dict(found) if found and found["active"] else None


def check_password(account: Mapping[str, Any] | None, password: str) -> Actor:
    """Return who the account stands for; the same work and refusal whether the login is known or not.

    No database is held meanwhile: hashing takes longer than everything else in a sign-in.
    """
    if not matches(password, account["password_hash"] if account else None) or account is None:
        raise refused()
    return actor_of(account)


def begin(db: Connection, actor: Actor) -> Session:
    """Start a new family of refresh tokens for somebody whose password was right."""
    set_scope(db, actor)
    return _issue(db, actor, str(new_id()), None)


def refresh(db: Connection, token: str) -> Session | None:
    """Exchange a refresh token for the next one; None where it cannot be used.

    A token used before revokes its whole family, for one of its two holders stole it. Only the immediate
    predecessor of the newest token is forgiven, for a few seconds. The caller commits in every case.
    """
    row = _hold(db, token)
    if row is None or row["revoked_at"] is not None or row["expires_at"] <= clock.now():
        return None
    if row["used_at"] is not None and not _forgiven(db, row):
        _revoke(db, tokens.c.family == row["family"])
        return None
    account = db.execute(select(accounts).where(accounts.c.id == row["account_id"])).mappings().one()
    if not account["active"]:
        return None
    if row["used_at"] is None:
        db.execute(update(tokens).where(tokens.c.token_hash == row["token_hash"]).values(used_at=clock.now()))
    return _issue(db, actor_of(dict(account)), row["family"], row["token_hash"])


def revoke(db: Connection, token: str) -> None:
    """Sign out: end the token's family. A token nobody knows ends nothing, and that is no error."""
    row = _hold(db, token)
    if row is not None:
        _revoke(db, tokens.c.family == row["family"])


def end_all(db: Connection, account_id: str) -> None:
    """End every session of an account, those of browsers too."""
    _revoke(db, tokens.c.account_id == account_id)
    web_sessions.end_all(db, account_id)


def actor_of(account: Mapping[str, Any]) -> Actor:
    """Return the actor an account's tokens stand for."""
    return Actor(
        id=account["id"],
        organisation_id=account["organisation_id"],
        role=account["role"],
        community_ids=tuple(account["community_ids"]),
        unit_ids=tuple(account["unit_ids"]),
        skills=tuple(account["skills"]),
        locale=account["locale"],
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _hold(db: Connection, token: str) -> Mapping[str, Any] | None:
    """Find a token's row before any tenant is known, enter its owner's scope and lock its family."""
    digest = _digest(token)
    db.execute(text("SELECT set_config('doorstep.token_hash', :digest, true)"), {"digest": digest})
    wanted = select(tokens).where(tokens.c.token_hash == digest)
    found = db.execute(wanted).mappings().one_or_none()
    if found is None:
        return None
    set_scope(db, Actor(found["account_id"], found["organisation_id"], "resident"))
    db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:family, 0))"), {"family": found["family"]})
    return dict(db.execute(wanted).mappings().one())


def _forgiven(db: Connection, row: Mapping[str, Any]) -> bool:
    if clock.now() - row["used_at"] > GRACE:
        return False
    used_successor = select(tokens.c.token_hash).where(
        tokens.c.predecessor == row["token_hash"], tokens.c.family == row["family"], tokens.c.used_at.is_not(None)
    )
    return db.execute(used_successor.limit(1)).first() is None


def _issue(db: Connection, actor: Actor, family: str, predecessor: str | None) -> Session:
    token, now = secrets.token_urlsafe(32), clock.now()
    db.execute(
        insert(tokens).values(
            token_hash=_digest(token),
            family=family,
            organisation_id=actor.organisation_id,
            account_id=actor.id,
            predecessor=predecessor,
            issued_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return Session(actor, family, token)


def _revoke(db: Connection, which: Any) -> None:
    db.execute(update(tokens).where(which, tokens.c.revoked_at.is_(None)).values(revoked_at=clock.now()))
