"""What becomes of a letter: a ticket, a remark, or a place on the desk's list. Pure, so that each case can be told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.kit.letters import Sent
from services.tickets.mail.authenticity import Origin
from services.tickets.mail.quoting import answer_in, without_signature
from services.tickets.mail.reading import Letter

# Beyond this the desk looks first: a mail program gone wrong must not become a hundred tickets.
MOST_AN_HOUR = 10
LONGEST_TITLE = 120
LONGEST_REMARK = 2000
LONGEST_DESCRIPTION = 5000


class Verb(StrEnum):
    """What is done with a letter; the desk decides about what waits."""

    FILE = "filed"
    REMARK = "remarked"
    BOUNCE = "bounced"
    SET_ASIDE = "automatic"
    WAIT = "waiting"


@dataclass(frozen=True)
class Sender:
    """A person whose confirmed address the letter names as its sender."""

    id: str
    role: str
    unit_ids: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """What to do, why where it waits, and with which words. `delivery_ids` are letters of ours that came back."""

    verb: Verb
    reason: str | None = None
    sender: Sender | None = None
    ticket_id: str | None = None
    title: str | None = None
    words: str = ""
    delivery_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Circumstances:
    """What the desk knows around a letter: its origin, whose address it is, how many came, and how to read references.

    `sent` reads a Message-ID of ours, `ticket_of` a reply token; both return None for anything else.
    """

    origin: Origin
    senders: Sequence[Sender]
    within_the_hour: int
    mailbox: str | None
    sent: Callable[[str], Sent | None]
    ticket_of: Callable[[str], str | None]


def decide(letter: Letter, known: Circumstances) -> Decision:
    """Return what becomes of a letter. Machines are never answered, and strangers file nothing."""
    machine = _from_a_machine(letter, known)
    if machine is not None:
        return machine
    doubt = _doubt(letter, known)
    if doubt is not None:
        return Decision(Verb.WAIT, doubt, sender=known.senders[0] if len(known.senders) == 1 else None)
    sender = known.senders[0]
    answered, ticket_id = _answered(letter, known)
    if answered:
        words = cut(answer_in(letter.text), LONGEST_REMARK)
        if ticket_id is None:
            return Decision(Verb.WAIT, "which_ticket", sender)
        if not words and not letter.photos:
            return Decision(Verb.WAIT, "empty", sender, ticket_id)
        return Decision(Verb.REMARK, None, sender, ticket_id, words=words)
    return _new_request(letter, known, sender)


def _new_request(letter: Letter, known: Circumstances, sender: Sender) -> Decision:
    words = cut(without_signature(letter.text) or letter.topic, LONGEST_DESCRIPTION)
    reason = None
    if sender.role != "resident":
        reason = "not_resident"
    elif known.origin is not Origin.PROVEN:
        reason = "not_proven"
    elif not sender.unit_ids:
        reason = "no_home"
    elif not words:
        reason = "empty"
    if reason:
        return Decision(Verb.WAIT, reason, sender)
    return Decision(Verb.FILE, None, sender, title=cut(letter.topic, LONGEST_TITLE) or None, words=words)


def _from_a_machine(letter: Letter, known: Circumstances) -> Decision | None:
    if letter.bounce is not None:
        sent = [one for name in letter.bounce.message_ids if (one := known.sent(name))]
        if letter.bounce.failed and sent:
            return Decision(Verb.BOUNCE, delivery_ids=tuple(dict.fromkeys(one.delivery_id for one in sent)))
        return Decision(Verb.SET_ASIDE, "report")
    if letter.automatic:
        return Decision(Verb.SET_ASIDE, letter.automatic)
    if known.sent(letter.message_id) or (known.mailbox and known.mailbox.lower() in letter.senders):
        return Decision(Verb.SET_ASIDE, "own")
    return None


def _doubt(letter: Letter, known: Circumstances) -> str | None:
    """Return why nobody can be taken for its sender, or None."""
    if len(letter.senders) != 1:
        return "unclear_sender"
    if known.origin is Origin.FORGED:
        return "forged"
    if not known.senders:
        return "unknown_sender"
    if len(known.senders) > 1:
        return "shared_address"
    return "too_many" if known.within_the_hour > MOST_AN_HOUR else None


def _answered(letter: Letter, known: Circumstances) -> tuple[bool, str | None]:
    """Return whether it answers a letter of ours, and about which ticket; a broken reference names none."""
    tokens = [address.partition("@")[0].partition("+")[2] for address in letter.recipients]
    for ticket_id in (known.ticket_of(token) for token in tokens if token):
        if ticket_id:
            return True, ticket_id
    for sent in (known.sent(name) for name in letter.answers):
        if sent:
            return True, sent.ticket_id
    return False, None


def cut(words: str, most: int) -> str:
    """Return words within a length, the last one a mark that there were more."""
    return words if len(words) <= most else f"{words[: most - 1]}…"
