"""The letters that ask whether an address is somebody's; whoever opens the link has confirmed it."""

from prometheus_client import Counter
from sqlalchemy import Engine

from services.kit.process import Loop
from services.notify.addresses import Confirmation, Confirmations
from services.notify.channels import Email
from services.notify.linked import LinkSender, Row
from services.notify.models import address_confirmations
from services.notify.rendering import Words, confirmation_words
from services.notify.settings import NotifySettings

CONFIRMATIONS = Counter("doorstep_confirmations_total", "Letters that ask whose an address is.", ["outcome"])


def confirmer(engine: Engine, channel: Email, links: Confirmations, public_url: str) -> LinkSender:
    """Return what sends them. The address stays: it is held against the person's when the link is opened."""

    def words(row: Row) -> Words:
        token = links.sign(Confirmation(row["id"], row["organisation_id"], row["person_id"]))
        return confirmation_words(row["locale"], f"{public_url}/confirm/{token}")

    table = address_confirmations
    return LinkSender(engine, channel, table, table.c.id, words, CONFIRMATIONS, keeps_address=True)


def loops(settings: NotifySettings, engine: Engine) -> dict[str, Loop]:
    """Return the loop that sends the letters; without a mail server there is none, and nobody can confirm."""
    if settings.smtp is None:
        return {}
    channel = Email(settings.smtp, settings.kit.secret)
    links = Confirmations(settings.kit.secret)
    return {"confirm": confirmer(engine, channel, links, settings.kit.public_url).loop()}
