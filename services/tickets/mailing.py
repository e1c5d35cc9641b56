"""Reads letters that were kept, and does what each asks for: decide, store photos (no transaction), write, commit.

What a person asks by mail is done with that person's own rights, under row-level security as over the API, in the one
transaction that also says so of the letter: whoever is killed leaves both or neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection, Engine, select, update

from services.kit import clock, letters
from services.kit.database import make_engine, set_scope, transaction
from services.kit.errors import Conflict, DeskError, Forbidden, Invalid, NotFound
from services.kit.events import new_id
from services.kit.identity import Actor, system_actor
from services.kit.process import Loop, every
from services.tickets import pictures, queries
from services.tickets.commands import mail as commands
from services.tickets.mail.authenticity import origin_of
from services.tickets.mail.decision import Circumstances, Decision, Sender, Verb, decide
from services.tickets.mail.parts import Unreadable
from services.tickets.mail.reading import Letter, read_letter
from services.tickets.models import mails
from services.tickets.photo_files import store_file
from services.tickets.queries import mail_senders
from services.tickets.settings import TicketsSettings

log = structlog.get_logger()

MAILS = Counter("doorstep_mails_total", "Letters that came in, by what became of them.", ["outcome"])
READ_SECONDS = 1.0
FORGET_SECONDS = 3600.0
AT_ONCE = 20
WAITS = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 3600, 3600))
_REFUSALS: dict[type[DeskError], str] = {
    NotFound: "not_theirs",
    Forbidden: "not_theirs",
    Conflict: "ticket_over",
    Invalid: "refused",
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """A letter with what was decided about it, and whose rights it is done with."""

    decision: Decision
    letter: Letter | None
    actor: Actor | None = None
    unit_id: str | None = None
    community_id: str | None = None


@dataclass(frozen=True)
class MailReader:
    """Reads what is due. `worker` sees every organisation's list, `web` does the work under row-level security."""

    worker: Engine
    web: Engine
    store: pictures.Store
    secret: str
    committed: Callable[[], None]

    def read_due(self) -> int:
        """Read every letter that is due; returns how many. One that cannot be read now holds no other up."""
        due = mails.c.next_attempt_at <= clock.now()
        wanted = select(mails.c.id, mails.c.organisation_id).where(due).order_by(mails.c.next_attempt_at)
        with self.worker.connect() as db:
            found = db.execute(wanted.limit(AT_ONCE)).all()
        troubles: list[Exception] = []
        for mail_id, organisation_id in found:
            try:
                self._read(mail_id, organisation_id)
            except Exception as trouble:
                self._later(mail_id, organisation_id)
                troubles.append(trouble)
        if troubles:
            raise ExceptionGroup("some letters could not be read", troubles)
        return len(found)

    def _read(self, mail_id: str, organisation_id: str) -> None:
        with transaction(self.web, system_actor(organisation_id)) as db:
            row = db.execute(mail_senders.received(mail_id)).mappings().one_or_none()
            if row is None:
                return
            reading = self._decide(db, dict(row))
        wanted = reading.decision.verb in (Verb.FILE, Verb.REMARK)
        photos = self._photos(organisation_id, reading) if wanted else []
        outcome = self._write(mail_id, organisation_id, reading, photos)
        if outcome is not None:
            self.committed()
            MAILS.labels(outcome.verb.value).inc()
            log.info("mail.read", mail_id=mail_id, outcome=outcome.verb.value, reason=outcome.reason)

    def _decide(self, db: Connection, row: Row) -> Reading:
        try:
            letter = read_letter(bytes(row["raw"]))
        except Unreadable:
            return Reading(Decision(Verb.WAIT, "unreadable"), None)
        organisation_id = row["organisation_id"]
        senders = mail_senders.senders(db, organisation_id, row["sender_digest"])
        known = Circumstances(
            origin=origin_of(letter.results, row["authserv_ids"], row["sender"]),
            senders=[Sender(one["id"], one["role"], tuple(one["unit_ids"])) for one in senders],
            within_the_hour=mail_senders.within_the_hour(db, row),
            mailbox=row["address"],
            sent=lambda name: letters.read_message_id(self.secret, organisation_id, name),
            ticket_of=lambda token: letters.read_reply_token(self.secret, organisation_id, token),
        )
        decision = decide(letter, known)
        if decision.sender is None:
            return Reading(decision, letter)
        (person,) = senders
        actor = mail_senders.rights_of(person)
        communities = actor.community_ids
        return Reading(
            decision,
            letter,
            actor,
            unit_id=mail_senders.home_of(db, actor) if decision.verb is Verb.FILE else None,
            community_id=communities[0] if len(communities) == 1 else None,
        )

    def _photos(self, organisation_id: str, reading: Reading) -> list[tuple[str, pictures.Picture]]:
        """Return the letter's photos, stored; what is no photo after all stays in the letter."""
        assert reading.letter
        kept = []
        for attachment in reading.letter.photos:
            try:
                picture = pictures.read_picture(attachment.content)
            except Invalid:
                continue
            photo_id = str(new_id())
            store_file(self.web, system_actor(organisation_id), self.store, photo_id, picture)
            kept.append((photo_id, picture))
        return kept

    def _write(self, mail_id: str, organisation_id: str, reading: Reading, photos: commands.Photos) -> Decision | None:
        """Do what was decided and say so of the letter, in one transaction; None where somebody else did."""
        desk = system_actor(organisation_id)
        with transaction(self.web, desk) as db:
            lock = select(mails.c.id).where(mails.c.id == mail_id, mails.c.state == "received")
            if db.execute(lock.with_for_update(skip_locked=True)).one_or_none() is None:
                return None
            decision = reading.decision
            try:
                with db.begin_nested():
                    decision = self._act(db, reading, photos)
            except (NotFound, Forbidden, Conflict, Invalid) as refusal:
                refused = _REFUSALS[type(refusal)]
                decision = Decision(Verb.WAIT, refused, decision.sender, decision.ticket_id)
            set_scope(db, desk)
            commands.settle(db, mail_id, decision, _shown(reading))
            commands.tell_bounces(db, organisation_id, decision.delivery_ids)
        return decision

    def _act(self, db: Connection, reading: Reading, photos: commands.Photos) -> Decision:
        decision, actor = reading.decision, reading.actor
        if decision.verb not in (Verb.FILE, Verb.REMARK):
            return decision
        assert actor
        corrections = queries.corrections_of(db, actor.organisation_id)
        set_scope(db, actor)
        if decision.verb is Verb.REMARK:
            commands.remark_letter(db, actor, decision, photos)
            return decision
        assert reading.unit_id
        ticket_id = commands.file_letter(db, actor, decision, reading.unit_id, corrections, photos)
        return Decision(Verb.FILE, None, decision.sender, ticket_id)

    def _later(self, mail_id: str, organisation_id: str) -> None:
        """Put a letter off that could not be read now; after the last attempt the desk has it."""
        with transaction(self.web, system_actor(organisation_id)) as db:
            row = db.execute(mail_senders.received(mail_id, lock=True)).mappings().one_or_none()
            if row is None:
                return
            attempts, values = row["attempts"] + 1, {}
            if attempts > len(WAITS):
                values = {"state": "waiting", "reason": "failed", "next_attempt_at": None}
            else:
                values = {"next_attempt_at": clock.now() + WAITS[attempts - 1]}
            db.execute(update(mails).where(mails.c.id == mail_id).values(attempts=attempts, **values))


def _shown(reading: Reading) -> Row:
    """Return what the desk sees of a letter, beside what was kept of it on arrival."""
    letter = reading.letter
    if letter is None:
        return {}
    attached = [
        {"name": one.name, "kind": one.kind, "size_bytes": one.size, "photo": one.photo} for one in letter.attachments
    ]
    return {"text": letter.text, "attachments": attached, "community_id": reading.community_id}


def forget_old(worker: Engine) -> int:
    """Drop what letters said a month after they were dealt with."""
    with worker.begin() as db:
        return commands.forget_old(db)


def loops(
    settings: TicketsSettings, worker: Engine, store: pictures.Store, committed: Callable[[], None]
) -> dict[str, Loop]:
    """Return the loops that read letters and forget them again."""
    web = make_engine(settings.kit.database_url, pool_size=2, name="tickets-mail")
    reader = MailReader(worker, web, store, settings.kit.secret, committed)
    return {
        "mail": every(READ_SECONDS, reader.read_due),
        "forget mail": every(FORGET_SECONDS, lambda: forget_old(worker)),
    }
