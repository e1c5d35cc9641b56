"""Erasing a resident: the account becomes an id without a name, and every service is told to do the same."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, delete, exists, insert, select, update

from gateway import models
from gateway.commands import sessions
from gateway.commands.accounts import publish
from services.contracts import to_event
from services.contracts.gateway import PersonErased
from services.kit import clock, outbox
from services.kit.erasures import Erasure, forget_answers, run_pass
from services.kit.errors import NotFound, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor

accounts, erasures = models.accounts, models.erasures


def erase_account(db: Connection, by: Actor, account_id: str, reason: str) -> tuple[Mapping[str, Any], bool]:
    """Erase a resident's account and publish that; returns the erasure, and whether it is new. Locks the account.

    Asked for again, the first erasure is the answer. Raises NotFound, and Invalid for staff: what staff did is the
    company's own record.
    """
    wanted = select(accounts).where(accounts.c.id == account_id, accounts.c.organisation_id == by.organisation_id)
    found = db.execute(wanted.with_for_update()).mappings().one_or_none()
    if found is None:
        raise NotFound("There is no such account.", "没有该账号。")
    earlier = db.execute(select(erasures).where(erasures.c.account_id == account_id)).mappings().one_or_none()
    if earlier is not None:
        return dict(earlier), False
    if found["role"] != "resident":
        raise invalid_field(
            "account_id",
            "Only residents are erased. Deactivate a staff account instead.",
            "仅可删除住户的个人信息；员工账号请停用。",
        )
    now = clock.now()
    row = {**found, **_nobody(account_id), "revision": found["revision"] + 1, "erased_at": now}
    db.execute(update(accounts).where(accounts.c.id == account_id).values(row))
    sessions.end_all(db, account_id)
    erasure = {
        "id": str(new_id()),
        "organisation_id": found["organisation_id"],
        "account_id": account_id,
        "reason": reason,
        "requested_by": by.id,
        "at": now,
    }
    db.execute(insert(erasures).values(erasure))
    publish(db, row)
    fact = PersonErased(account_id=account_id, erasure_id=erasure["id"], unit_ids=tuple(found["unit_ids"]))
    event = to_event(fact, organisation_id=found["organisation_id"], subject=account_id, at=now)
    outbox.emit(db, models.outbox, event)
    return erasure, True


def _nobody(account_id: str) -> dict[str, Any]:
    """What is left of an account: nothing that anybody could sign in with or be known by."""
    return {
        "login": f"erased-{account_id}",
        "password_hash": "",
        "badge": None,
        "community_ids": [],
        "unit_ids": [],
        "skills": [],
        "active": False,
    }


def erase_person(db: Connection, erasure: Erasure) -> dict[str, int]:
    """Erase what the gateway keeps beside the account, as the worker: sessions, and answers that name the login."""
    tokens, browsers = models.refresh_tokens, models.web_sessions
    return {
        "web_sessions": db.execute(delete(browsers).where(browsers.c.account_id == erasure.person_id)).rowcount,
        "refresh_tokens": db.execute(delete(tokens).where(tokens.c.account_id == erasure.person_id)).rowcount,
        "idempotency_keys": forget_answers(db, models.idempotency_keys, erasure),
    }


def erase_asked(engine: Engine) -> int:
    """Make the first pass over what the web role may not delete, for each erasure asked for; returns how many."""
    done = models.erasure_passes
    wanted = select(erasures, accounts.c.unit_ids).join(accounts, accounts.c.id == erasures.c.account_id)
    wanted = wanted.where(~exists().where(done.c.erasure_id == erasures.c.id))
    with engine.connect() as db:
        rows = db.execute(wanted).mappings().all()
    for row in rows:
        erasure = Erasure(row["id"], row["organisation_id"], row["account_id"], tuple(row["unit_ids"]))
        with engine.begin() as db:
            run_pass(db, done, erasure, erase_person)
    return len(rows)
