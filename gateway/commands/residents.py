"""Accounts for the residents of a table: opened and invited, or given the homes they have besides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select, text, update

from gateway import models
from gateway.commands import invitations
from gateway.commands.accounts import open_account, publish
from gateway.residents import Named, Unit
from services.kit.identity import Actor
from services.kit.tables import Finding

accounts = models.accounts
# So many homes an account may have (schemas.AccountChange).
MOST_HOMES = 200


@dataclass
class Changes:
    """What a table changes: whom it would open accounts for, who gets homes besides, and for whom nothing is new.

    `known` are accounts by login, `letters` the open invitations that nobody was sent yet, with the address to send to.
    """

    new: list[Named] = field(default_factory=list)
    more_homes: list[tuple[Named, Mapping[str, Any]]] = field(default_factory=list)
    unchanged: int = 0
    known: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def compare(db: Connection, by: Actor, people: Mapping[str, Named], units: Mapping[str, Unit]) -> Changes:
    """Return what a table would change, and whose login is somebody else's. Writes nothing."""
    changes = Changes()
    for one in people.values():
        account = _account(db, one.login)
        theirs = [units[code] for code in one.unit_codes if code in units]
        if account is None:
            changes.new.append(one)
            continue
        if account["organisation_id"] != by.organisation_id or account["role"] != "resident" or not account["active"]:
            changes.findings.append(
                Finding(one.rows[0], "login", "This login is taken by somebody else.", "该登录名已被他人使用。")
            )
            continue
        # A letter opens the account, and an address in a table is anybody's: only who looks after it sends one.
        if invitations.may_look_after(by, account):
            changes.known[one.login] = account
        if {unit.id for unit in theirs} <= set(account["unit_ids"]):
            changes.unchanged += 1
        elif len({*account["unit_ids"], *(unit.id for unit in theirs)}) > MOST_HOMES:
            changes.findings.append(
                Finding(
                    one.rows[0],
                    "unit_code",
                    f"Nobody has more than {MOST_HOMES} homes.",
                    f"每人最多 {MOST_HOMES} 套房屋。",
                )
            )
        else:
            changes.more_homes.append((one, account))
    return changes


def apply(db: Connection, by: Actor, changes: Changes, units: Mapping[str, Unit]) -> None:
    """Open and invite who is new, and add homes to who is known. Raises Conflict where a login was taken meanwhile."""
    for one in changes.new:
        homes = [units[code] for code in one.unit_codes]
        account = open_account(
            db,
            organisation_id=by.organisation_id,
            login=one.login,
            password=None,
            role="resident",
            locale=one.locale,
            unit_ids=[unit.id for unit in homes],
            community_ids=sorted({unit.community_id for unit in homes}),
        )
        invitations.invite(db, by, account["id"])
        changes.known[one.login] = account
    for one, known in changes.more_homes:
        wanted = select(accounts).where(accounts.c.id == known["id"]).with_for_update()
        row = dict(db.execute(wanted).mappings().one())
        homes = [units[code] for code in one.unit_codes]
        row["unit_ids"] = list(dict.fromkeys([*row["unit_ids"], *(unit.id for unit in homes)]))
        if row["community_ids"]:
            row["community_ids"] = sorted({*row["community_ids"], *(unit.community_id for unit in homes)})
        row["revision"] += 1
        db.execute(update(accounts).where(accounts.c.id == row["id"]).values(row))
        publish(db, row)


def unsent(db: Connection, people: Mapping[str, Named], known: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """Return (invitation, locale, address) of whoever has an address and an invitation that nobody sent yet."""
    wanted = {account["id"]: people[login] for login, account in known.items() if people[login].email}
    table = models.invitations
    rows = db.execute(select(table).where(table.c.account_id.in_(wanted), table.c.sent_at.is_(None))).mappings()
    return [
        (dict(row), wanted[row["account_id"]].locale, wanted[row["account_id"]].email)
        for row in rows
        if invitations.is_open(dict(row))
    ]


def _account(db: Connection, login: str) -> Mapping[str, Any] | None:
    """Return the account of a login in whatever organisation: the policy shows the one row that is named."""
    db.execute(text("SELECT set_config('doorstep.login', :login, true)"), {"login": login})
    found = db.execute(select(accounts).where(accounts.c.login == login)).mappings().one_or_none()
    db.execute(text("SELECT set_config('doorstep.login', '', true)"))
    return dict(found) if found else None
