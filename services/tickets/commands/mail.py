"""Letters: kept before anything else, then filed, remarked, set aside, or decided about by the desk."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts import to_event
from services.contracts.mail import MailBounced
from services.kit import clock, letters, outbox
from services.kit.errors import Conflict, NotFound, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets.commands.filing import Filing, file_ticket
from services.tickets.commands.remarks import add_photo, comment
from services.tickets.mail.decision import Decision, Verb, cut
from services.tickets.mail.reading import read_head
from services.tickets.models import mails, tickets
from services.tickets.models import outbox as outbox_table
from services.tickets.pictures import Picture
from services.tickets.triage import Corrections

EMAIL = "email"
# Who asks for proof that a letter came: so long it can be had as it came, after it was dealt with.
RAW_KEPT = timedelta(days=30)
Photos = Sequence[tuple[str, Picture]]


def keep(db: Connection, mailbox: Mapping[str, Any], raw: bytes, secret: str) -> str:
    """Keep a letter as it came; returns its id. One that came before is kept once, and its first id returned."""
    head, now = read_head(raw), clock.now()
    organisation_id = mailbox["organisation_id"]
    row = {
        "id": str(new_id()),
        "organisation_id": organisation_id,
        "mailbox_id": mailbox["id"],
        "key": head.key,
        "received_at": now,
        "sender": head.sender,
        "sender_name": head.sender_name,
        "sender_digest": letters.address_digest(secret, organisation_id, head.sender),
        "subject": head.subject,
        "raw": raw,
        "size_bytes": len(raw),
        "next_attempt_at": now,
    }
    new = db.execute(insert(mails).values(row).on_conflict_do_nothing().returning(mails.c.id)).scalar_one_or_none()
    if new is not None:
        return str(new)
    same = (mails.c.organisation_id == organisation_id) & (mails.c.key == head.key)
    return str(db.execute(select(mails.c.id).where(same)).scalar_one())


def settle(db: Connection, mail_id: str, decision: Decision, read: Mapping[str, Any]) -> None:
    """Write what became of a received letter, with its words as `read`."""
    sender = decision.sender
    values = {
        **read,
        "state": decision.verb.value,
        "reason": decision.reason,
        "person_id": sender.id if sender else None,
        "ticket_id": decision.ticket_id,
        "decided_at": None if decision.verb is Verb.WAIT else clock.now(),
        "next_attempt_at": None,
    }
    db.execute(update(mails).where(mails.c.id == mail_id).values(values))


def file_letter(
    db: Connection, actor: Actor, decision: Decision, unit_id: str, corrections: Corrections, photos: Photos
) -> str:
    """File what a resident wrote, in their name; returns the ticket. Whether the home was a guess is told with it."""
    filing = Filing(
        description=decision.words,
        title=decision.title,
        unit_id=unit_id,
        channel=EMAIL,
        place_assumed=len(actor.unit_ids) > 1,
    )
    ticket_id: str = file_ticket(db, actor, filing, corrections)["id"]
    _add_photos(db, actor, ticket_id, photos)
    return ticket_id


def remark_letter(db: Connection, actor: Actor, decision: Decision, photos: Photos) -> None:
    """Write an answer as a remark on its ticket. What staff write by mail stays among staff."""
    assert decision.ticket_id
    if decision.words:
        comment(db, actor, decision.ticket_id, body=decision.words, visible=actor.role == "resident")
    _add_photos(db, actor, decision.ticket_id, photos)


def tell_bounces(db: Connection, organisation_id: str, delivery_ids: Sequence[str]) -> None:
    """Tell notify which of its letters came back."""
    now = clock.now()
    for delivery_id in delivery_ids:
        fact = MailBounced(delivery_id=delivery_id)
        outbox.emit(db, outbox_table, to_event(fact, organisation_id=organisation_id, subject=delivery_id, at=now))


def _add_photos(db: Connection, actor: Actor, ticket_id: str, photos: Photos) -> None:
    for photo_id, picture in photos:
        add_photo(db, actor, ticket_id, picture, photo_id)


def lock_waiting(db: Connection, mail_id: str) -> dict[str, Any]:
    """Lock a letter that the desk is to decide about. Raises NotFound, or Conflict where somebody did."""
    row = db.execute(select(mails).where(mails.c.id == mail_id).with_for_update()).mappings().one_or_none()
    if row is None:
        raise no_such_mail()
    if row["state"] not in ("waiting", "automatic"):
        raise Conflict(
            f"This letter is {row['state']} already.", "该邮件已处理。", state=row["state"], ticket_id=row["ticket_id"]
        )
    return dict(row)


def file_for(
    db: Connection, actor: Actor, mail_id: str, body: Mapping[str, Any], corrections: Corrections, photos: Photos
) -> dict[str, Any]:
    """File a letter on somebody's behalf, as a member of staff; returns the ticket."""
    mail = lock_waiting(db, mail_id)
    description = body["description"] or mail["text"] or mail["subject"]
    if not description.strip():
        raise invalid_field(
            "description", "The letter has no words; please say what it is about.", "邮件没有文字内容，请填写描述。"
        )
    given = {name: value for name, value in body.items() if name != "description"}
    title = given.pop("title") or cut(mail["subject"], 120) or None
    filed = file_ticket(
        db, actor, Filing(description=cut(description, 5000), title=title, channel=EMAIL, **given), corrections
    )
    _add_photos(db, actor, filed["id"], photos)
    _decide(db, actor, mail_id, state="filed", ticket_id=filed["id"], person_id=filed["requester_id"])
    return filed


def attach(db: Connection, actor: Actor, mail_id: str, ticket_id: str, visible: bool, photos: Photos) -> dict[str, Any]:
    """Write a letter down as a remark on a ticket, by the member of staff who found that it belongs there."""
    mail = lock_waiting(db, mail_id)
    requester = db.execute(select(tickets.c.requester_id).where(tickets.c.id == ticket_id)).scalar_one_or_none()
    after, remark = comment(
        db, actor, ticket_id, body=cut(mail["text"] or mail["subject"] or "—", 2000), visible=visible
    )
    _add_photos(db, actor, ticket_id, photos)
    _decide(db, actor, mail_id, state="remarked", ticket_id=after["id"], person_id=mail["person_id"] or requester)
    return remark


def discard(db: Connection, actor: Actor, mail_id: str, reason: str) -> None:
    """Lay a letter aside for good, with the reason on record."""
    lock_waiting(db, mail_id)
    _decide(db, actor, mail_id, state="discarded", note=reason)


def _decide(db: Connection, actor: Actor, mail_id: str, **values: Any) -> None:
    row = {**values, "decided_by": actor.id, "decided_at": clock.now()}
    db.execute(update(mails).where(mails.c.id == mail_id).values(row))


def no_such_mail() -> NotFound:
    """Return the refusal for a letter that is not there, or not theirs to see."""
    return NotFound("There is no such letter.", "没有找到该邮件。")


def forget_old(db: Connection) -> int:
    """Blank every letter that was dealt with a month ago, raw form and words; returns how many.

    What was filed or remarked lives on as a ticket's words. What waits is kept until somebody decides.
    """
    old = mails.c.decided_at <= clock.now() - RAW_KEPT
    done = mails.c.state.in_(("filed", "remarked", "bounced", "automatic", "discarded"))
    nothing: dict[str, Any] = {
        "raw": None,
        "sender": "",
        "sender_name": "",
        "subject": "",
        "text": "",
        "attachments": [],
        "note": None,
    }
    return db.execute(update(mails).where(old, done, mails.c.raw.is_not(None)).values(nothing)).rowcount
