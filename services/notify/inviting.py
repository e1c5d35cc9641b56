"""The letters with links to accounts: whoever has the link chooses the account's password."""

from prometheus_client import Counter
from sqlalchemy import Engine

from services.kit.invitations import Invitations
from services.kit.process import Loop
from services.notify.channels import Email
from services.notify.linked import LinkSender, Row
from services.notify.models import invitation_letters
from services.notify.rendering import Words, invitation_words
from services.notify.settings import NotifySettings

INVITATIONS = Counter("doorstep_invitation_letters_total", "Letters with links to accounts.", ["outcome"])


def inviter(engine: Engine, channel: Email, links: Invitations) -> LinkSender:
    """Return what sends them; the address of one that was sent, or is over, is forgotten."""

    def words(row: Row) -> Words:
        return invitation_words(row["locale"], row["purpose"], links.link(row["invitation_id"]))

    table = invitation_letters
    return LinkSender(engine, channel, table, table.c.invitation_id, words, INVITATIONS)


def loops(settings: NotifySettings, engine: Engine) -> dict[str, Loop]:
    """Return the loop that sends the letters; without a mail server there is none, and links are printed."""
    if settings.smtp is None:
        return {}
    channel = Email(settings.smtp, settings.kit.secret)
    links = Invitations(settings.kit.secret, settings.kit.public_url)
    return {"invite": inviter(engine, channel, links).loop()}
