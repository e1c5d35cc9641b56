"""Inviting somebody to their account: a link that is used once, and a password that only they choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from gateway import models
from gateway.commands import sessions
from gateway.commands.accounts import choose_password
from services.contracts import to_event
from services.contracts.gateway import AccountReinvited
from services.kit import clock, outbox
from services.kit.database import set_scope
from services.kit.errors import Conflict, Forbidden, NotFound
from services.kit.events import new_id
from services.kit.identity import Actor

# A letter has to be printed and carried to the door; a forgotten password is waited for at the desk.
LIFETIMES = {"join": timedelta(days=14), "reset": timedelta(hours=24)}
# Whom managers look after; those above them are the admins' affair.
OF_MANAGERS = ("resident", "crew", "dispatcher")

accounts, invitations = models.accounts, models.invitations


@dataclass(frozen=True)
class Invited:
    """An invitation that can still be used, and the account it opens."""

    invitation: Mapping[str, Any]
    account: Mapping[str, Any]


def may_look_after(by: Actor, account: Mapping[str, Any]) -> bool:
    """Say whether this admin or manager may open and invite such an account (its role and `community_ids`)."""
    if by.role == "admin":
        return True
    theirs = set(account["community_ids"])
    within = not by.community_ids or (bool(theirs) and theirs <= set(by.community_ids))
    return by.role == "manager" and account["role"] in OF_MANAGERS and within


def check_may_look_after(by: Actor, account: Mapping[str, Any]) -> None:
    """Raise Forbidden where an account is not theirs to look after."""
    if not may_look_after(by, account):
        raise Forbidden(
            "Managers look after residents, crews and dispatchers of their own communities; ask an admin.",
            "项目经理仅可管理本小区的住户、维修人员与客服账号；其他账号请联系管理员。",
        )


def invite(db: Connection, by: Actor, account_id: str) -> dict[str, Any]:
    """Invite an account to choose a password, in place of any earlier invitation; returns the new one.

    Locks the account. The old password, where there is one, holds until the new one is chosen; its owner is told.
    """
    account = _hold_account(db, account_id)
    check_may_look_after(by, account)
    now = clock.now()
    still_open = (invitations.c.used_at.is_(None), invitations.c.revoked_at.is_(None))
    db.execute(update(invitations).where(invitations.c.account_id == account_id, *still_open).values(revoked_at=now))
    purpose = "reset" if account["password_hash"] else "join"
    row = {
        "id": str(new_id()),
        "organisation_id": account["organisation_id"],
        "account_id": account_id,
        "purpose": purpose,
        "made_by": by.id,
        "made_at": now,
        "expires_at": now + LIFETIMES[purpose],
        "sent_at": None,
        "used_at": None,
        "revoked_at": None,
    }
    db.execute(insert(invitations).values(row))
    if purpose == "reset":
        fact = AccountReinvited(account_id=account_id, actor_id=by.id, expires_at=row["expires_at"])
        event = to_event(fact, organisation_id=account["organisation_id"], subject=account_id, at=now)
        outbox.emit(db, models.outbox, event)
    return row


def note_sent(db: Connection, by: Actor, invitation_id: str) -> None:
    """Note that the link of an open invitation is on its way by e-mail."""
    check_open(find(db, by, invitation_id).invitation)
    db.execute(update(invitations).where(invitations.c.id == invitation_id).values(sent_at=clock.now()))


def revoke(db: Connection, by: Actor, invitation_id: str) -> dict[str, Any]:
    """Take an invitation back; one that was taken back before stays as it is. Raises Conflict where it was used."""
    found = find(db, by, invitation_id)
    row = dict(found.invitation)
    if row["used_at"] is not None:
        raise _used()
    if row["revoked_at"] is None:
        row["revoked_at"] = clock.now()
        done = update(invitations).where(invitations.c.id == invitation_id, invitations.c.used_at.is_(None))
        if not db.execute(done.values(revoked_at=row["revoked_at"])).rowcount:
            raise _used()
    return row


def find(db: Connection, by: Actor, invitation_id: str) -> Invited:
    """Return an invitation with its account; raises NotFound, and Forbidden where it is not theirs."""
    row = db.execute(select(invitations).where(invitations.c.id == invitation_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such invitation.", "没有该邀请。")
    account = dict(db.execute(select(accounts).where(accounts.c.id == row["account_id"])).mappings().one())
    check_may_look_after(by, account)
    return Invited(dict(row), account)


def look(db: Connection, invitation_id: str | None) -> Invited:
    """Return the open invitation a link stands for, before any tenant is known, and enter its account's scope.

    Raises NotFound with one and the same sentence for a link that is forged, used, taken back or over.
    """
    if invitation_id is None:
        raise over()
    db.execute(text("SELECT set_config('doorstep.invitation', :id, true)"), {"id": invitation_id})
    row = db.execute(select(invitations).where(invitations.c.id == invitation_id)).mappings().one_or_none()
    if row is None or not is_open(dict(row)):
        raise over()
    set_scope(db, Actor(row["account_id"], row["organisation_id"], "resident"))
    account = db.execute(select(accounts).where(accounts.c.id == row["account_id"])).mappings().one()
    if not account["active"]:
        raise over()
    return Invited(dict(row), dict(account))


def accept(db: Connection, invitation_id: str | None, password_hash: str, locale: str | None) -> sessions.Session:
    """Use an invitation: the account has this password from now on, and whoever has the link is signed in.

    Of several who try at once one succeeds. Every session of the account ends.
    """
    found = look(db, invitation_id)
    used = update(invitations).where(
        invitations.c.id == invitation_id, invitations.c.used_at.is_(None), invitations.c.revoked_at.is_(None)
    )
    if not db.execute(used.values(used_at=clock.now())).rowcount:
        raise over()
    account = choose_password(db, found.account["id"], password_hash, locale)
    return sessions.begin(db, sessions.actor_of(account))


def is_open(row: Mapping[str, Any]) -> bool:
    """Say whether an invitation can be used now."""
    return state_of(row) == "open"


def state_of(row: Mapping[str, Any]) -> str:
    """Return what became of an invitation: open, used, revoked or expired."""
    if row["used_at"] is not None:
        return "used"
    if row["revoked_at"] is not None:
        return "revoked"
    return "open" if row["expires_at"] > clock.now() else "expired"


def over() -> NotFound:
    """Return the one refusal of every link that opens nothing."""
    return NotFound(
        "This link opens nothing any more. Please ask your service desk for a new one.",
        "该链接已失效，请向物业服务中心索取新的链接。",
    )


def _hold_account(db: Connection, account_id: str) -> Mapping[str, Any]:
    wanted = select(accounts).where(accounts.c.id == account_id).with_for_update()
    account = db.execute(wanted).mappings().one_or_none()
    if account is None:
        raise NotFound("There is no such account.", "没有该账号。")
    if not account["active"]:
        raise Conflict("This account is closed; nobody can be invited to it.", "该账号已停用，无法邀请。")
    return dict(account)


def check_open(row: Mapping[str, Any]) -> None:
    """Raise Conflict where an invitation can be used no more."""
    if not is_open(row):
        raise Conflict(
            "This invitation was used, taken back, or is over. Make a new one.",
            "该邀请已使用、已撤回或已过期，请重新邀请。",
        )


def _used() -> Conflict:
    return Conflict("This invitation was used already.", "该邀请已被使用。")
