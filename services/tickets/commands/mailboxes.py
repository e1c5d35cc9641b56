"""Where an organisation takes mail in: its address, the servers it believes, and the secret that signs."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts import to_event
from services.contracts.mail import MailboxChanged
from services.contracts.notify import AddressChanged
from services.kit import clock, hook_signing, outbox
from services.kit.errors import NotFound, Stale
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets.models import addresses, mailboxes
from services.tickets.models import outbox as outbox_table

# So long the secret before still signs: a mail server is told the new one meanwhile.
OVERLAP = timedelta(hours=24)
SHOWN = tuple(
    mailboxes.c[name] for name in ("id", "address", "authserv_ids", "previous_until", "changed_at", "version")
)


def mailbox_of(db: Connection, organisation_id: str) -> dict[str, Any]:
    """Return an organisation's mailbox without its secrets; raises NotFound where it takes no mail."""
    wanted = select(*SHOWN, mailboxes.c.sealed_secret.is_not(None).label("signed"))
    row = db.execute(wanted.where(mailboxes.c.organisation_id == organisation_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("This desk takes no mail yet.", "本服务台尚未开通邮件接收。")
    return dict(row)


def set_mailbox(db: Connection, actor: Actor, changes: Mapping[str, Any], expected: int | None) -> dict[str, Any]:
    """Set the address and the servers to believe; the first time it is made. Raises Stale."""
    values = {**changes, "changed_by": actor.id, "changed_at": clock.now()}
    first = insert(mailboxes).values(id=str(new_id()), organisation_id=actor.organisation_id, version=0, **values)
    db.execute(first.on_conflict_do_nothing())
    change = update(mailboxes).where(mailboxes.c.organisation_id == actor.organisation_id)
    if expected is not None:
        change = change.where(mailboxes.c.version == expected)
    if not db.execute(change.values(**values, version=mailboxes.c.version + 1)).rowcount:
        raise Stale("The mailbox was changed meanwhile. Read it again.", "邮箱设置刚刚已被更新，请重新读取。")
    row = mailbox_of(db, actor.organisation_id)
    fact = MailboxChanged(revision=row["version"], mailbox=row["address"])
    event = to_event(fact, organisation_id=actor.organisation_id, subject=row["id"], at=clock.now())
    outbox.emit(db, outbox_table, event)
    return row


def new_secret(db: Connection, actor: Actor, house_secret: str) -> tuple[dict[str, Any], str]:
    """Give the mailbox a new secret; returns the mailbox and the secret, which is shown this once. Raises NotFound.

    The one before it lasts another day; a second change within the day ends it at once.
    """
    mailbox_of(db, actor.organisation_id)
    secret, now = hook_signing.new_secret(), clock.now()
    mine = mailboxes.c.organisation_id == actor.organisation_id
    values: dict[str, Any] = {
        "previous_secret": mailboxes.c.sealed_secret,
        "previous_until": now + OVERLAP,
        "sealed_secret": hook_signing.seal(secret, house_secret),
        "changed_by": actor.id,
        "changed_at": now,
        "version": mailboxes.c.version + 1,
    }
    db.execute(update(mailboxes).where(mine).values(values))
    return mailbox_of(db, actor.organisation_id), secret


def secrets_of(mailbox: Mapping[str, Any], house_secret: str) -> list[str]:
    """Return the secrets that sign mail now, the newest first."""
    sealed = [mailbox["sealed_secret"]]
    if mailbox["previous_until"] is not None and mailbox["previous_until"] > clock.now():
        sealed.append(mailbox["previous_secret"])
    return [secret for one in sealed if one and (secret := hook_signing.unseal(one, house_secret))]


def remember_address(db: Connection, organisation_id: str, fact: AddressChanged) -> None:
    """Keep whose address is whose; an older revision arriving late only tells of one that was theirs."""
    values = {
        "person_id": fact.account_id,
        "organisation_id": organisation_id,
        "digest": fact.address_digest,
        "revision": fact.revision,
    }
    new = insert(addresses).values(values)
    db.execute(
        new.on_conflict_do_update(
            index_elements=["person_id"],
            set_={
                "digest": new.excluded.digest,
                "revision": new.excluded.revision,
                "former": _with(addresses.c.former, addresses.c.digest),
            },
            where=addresses.c.revision < new.excluded.revision,
        )
    )
    if fact.address_digest is not None:
        late = (addresses.c.person_id == fact.account_id) & (addresses.c.revision > fact.revision)
        change = update(addresses).where(late)
        db.execute(change.values(former=_with(addresses.c.former, literal(fact.address_digest))))


def _with(former: ColumnElement[Any], digest: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the former addresses with one more, each once; with none where there was none."""
    more = func.array_append(func.array_remove(former, digest), digest)
    return case((digest.is_not(None), more), else_=former)
