"""Opening and changing accounts; every change is published whole, with its revision."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway import models
from gateway.commands import sessions
from gateway.passwords import hash_password
from services.contracts import to_event
from services.contracts.gateway import AccountChanged
from services.kit import clock, outbox
from services.kit.errors import Conflict, Invalid, NotFound, Stale, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor

accounts = models.accounts
NO_PASSWORD = ""


def open_organisation(db: Connection, *, name: str, locale: str, organisation_id: str | None = None) -> str:
    """Add an organisation, as the worker role; returns its id."""
    organisation_id = organisation_id or str(new_id())
    db.execute(insert(models.organisations).values(id=organisation_id, name=name, locale=locale))
    return organisation_id


def open_account(
    db: Connection,
    *,
    organisation_id: str,
    login: str,
    password: str | None,
    role: str,
    badge: str | None = None,
    locale: str | None = None,
    community_ids: Sequence[str] = (),
    unit_ids: Sequence[str] = (),
    skills: Sequence[str] = (),
    account_id: str | None = None,
) -> dict[str, Any]:
    """Open an account and publish it; raises Conflict when the login is taken, in whatever organisation.

    Without a password nobody signs in until whoever is invited chose one, and without a language it is that of the
    organisation.
    """
    if locale is None:
        of = select(models.organisations.c.locale).where(models.organisations.c.id == organisation_id)
        locale = db.execute(of).scalar_one()
    row = {
        "id": account_id or str(new_id()),
        "organisation_id": organisation_id,
        "login": login,
        "password_hash": NO_PASSWORD if password is None else hash_password(password),
        "role": role,
        "badge": badge,
        "locale": locale,
        "community_ids": list(community_ids),
        "unit_ids": list(unit_ids),
        "skills": list(skills),
        "active": True,
        "revision": 1,
        "erased_at": None,
    }
    _check(row)
    try:
        with db.begin_nested():
            db.execute(insert(accounts).values(row))
    except IntegrityError as problem:
        if "uq_accounts_login" not in str(problem.orig):
            raise
        raise Conflict(
            "This login is taken. Choose another one.", "该登录名已被使用，请更换。", fields={"login": ["taken"]}
        ) from problem
    publish(db, row)
    return row


def change_account(
    db: Connection, by: Actor, account_id: str, changes: Mapping[str, Any], expected: int | None
) -> dict[str, Any]:
    """Change an account of the caller's organisation, if it is still at revision `expected`.

    A new password, role or a deactivation ends the sessions; access tokens given before last up to 15 minutes.
    """
    wanted = select(accounts).where(accounts.c.id == account_id).with_for_update()
    held = db.execute(wanted).mappings().one_or_none()
    if held is None:
        raise NotFound("There is no such account.", "没有该账号。")
    found = dict(held)
    if found["erased_at"] is not None:
        raise Conflict("This person was erased; the account stays closed.", "该人员信息已删除，账号不再启用。")
    if expected is not None and found["revision"] != expected:
        raise Stale(
            "Somebody changed this account since you read it. Read it again and repeat your change.",
            "该账号已被他人更新，请重新读取后再修改。",
        )
    row = {**found, **{k: v for k, v in changes.items() if k != "password"}, "revision": found["revision"] + 1}
    _keep_an_admin(by, found, row)
    _check(row)
    if "password" in changes:
        row["password_hash"] = hash_password(changes["password"])
    db.execute(update(accounts).where(accounts.c.id == account_id).values(row))
    if "password" in changes or not row["active"] or row["role"] != found["role"]:
        sessions.end_all(db, account_id)
    publish(db, row)
    return row


def choose_password(
    db: Connection, account_id: str, password_hash: str, locale: str | None = None, *, before: str | None = None
) -> dict[str, Any]:
    """Give an account the password its owner chose, and the language they read; ends every session. Locks it.

    Raises Conflict where the hash `before` is no longer the one there is.
    """
    wanted = select(accounts).where(accounts.c.id == account_id).with_for_update()
    found = dict(db.execute(wanted).mappings().one())
    if before is not None and found["password_hash"] != before:
        raise Conflict("The password was changed meanwhile.", "密码刚刚已被更改。")
    row = {**found, "password_hash": password_hash, "locale": locale or found["locale"]}
    row["revision"] = found["revision"] + 1
    db.execute(update(accounts).where(accounts.c.id == account_id).values(row))
    sessions.end_all(db, account_id)
    publish(db, row)
    return row


def choose_locale(db: Connection, account_id: str, locale: str) -> None:
    """Let an account be written to in the language its owner reads. Locks it."""
    wanted = select(accounts).where(accounts.c.id == account_id).with_for_update()
    row = dict(db.execute(wanted).mappings().one())
    if row["locale"] == locale:
        return
    row.update(locale=locale, revision=row["revision"] + 1)
    db.execute(update(accounts).where(accounts.c.id == account_id).values(row))
    publish(db, row)


def announce(db: Connection, after: str | None, most: int) -> list[str]:
    """Publish again up to `most` accounts as they are, by id after `after`; returns their ids in order.

    A service that begins to listen knows of no account opened before; to those that know them the revision says that
    nothing is new. Each account is locked, so that a change meanwhile is published after it, with a higher revision.
    """
    wanted = select(accounts).order_by(accounts.c.id).limit(most).with_for_update()
    if after is not None:
        wanted = wanted.where(accounts.c.id > after)
    rows = [dict(row) for row in db.execute(wanted).mappings()]
    for row in rows:
        publish(db, row)
    return [row["id"] for row in rows]


def _keep_an_admin(by: Actor, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Nobody locks themselves out: an admin's own role and activity are changed by another admin."""
    if before["id"] == by.id and (not after["active"] or after["role"] != before["role"]):
        raise Invalid(
            "You cannot deactivate your own account or change your own role; ask another admin.",
            "不能停用自己的账号或更改自己的角色，请由另一位管理员操作。",
        )


def _check(row: Mapping[str, Any]) -> None:
    if row["role"] == "resident" and row["badge"] is not None:
        raise invalid_field("badge", "Residents have no badge.", "住户账号没有工牌。")
    if row["role"] != "resident" and not row["badge"]:
        raise invalid_field("badge", "Staff work under a badge: name one.", "员工账号须填写工牌。")
    if row["role"] != "resident" and row["unit_ids"]:
        raise invalid_field("units", "Only residents live in units.", "只有住户账号可以关联房屋。")


def publish(db: Connection, row: Mapping[str, Any]) -> None:
    """Say how an account is now."""
    fact = AccountChanged(
        account_id=row["id"],
        revision=row["revision"],
        role=row["role"],
        active=row["active"],
        locale=row["locale"],
        community_ids=tuple(row["community_ids"]),
        unit_ids=tuple(row["unit_ids"]),
        skills=tuple(row["skills"]),
        badge=row["badge"],
    )
    event = to_event(fact, organisation_id=row["organisation_id"], subject=row["id"], at=clock.now())
    outbox.emit(db, models.outbox, event)
