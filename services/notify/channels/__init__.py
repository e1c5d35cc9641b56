"""The ways a notice leaves the house: one channel, one file."""

from collections.abc import Iterator, Sequence

from services.notify.audience import Contact
from services.notify.channels import in_app
from services.notify.channels.apprise import Apprise, Sms
from services.notify.channels.channel import Channel, Gone, Outgoing, Permanent, Temporary
from services.notify.channels.email import Email
from services.notify.channels.push import Push
from services.notify.outward import Outward
from services.notify.settings import NotifySettings

__all__ = [
    "NAMES",
    "Apprise",
    "Channel",
    "Email",
    "Gone",
    "Outgoing",
    "Permanent",
    "Push",
    "Sms",
    "Temporary",
    "configured",
    "planned",
]

NAMES = (in_app.NAME, Email.name, Push.name, Apprise.name, Sms.name)
# Costs money a message: used on the ladder of an emergency, and for kinds for which the person asks for it.
ON_REQUEST = frozenset({Sms.name})


def configured(settings: NotifySettings) -> list[Channel]:
    """Return the channels that can be used; without a mail server there is no e-mail."""
    email: list[Channel] = [Email(settings.smtp, settings.kit.secret)] if settings.smtp else []
    schemes = settings.more_apprise_schemes
    push: list[Channel] = []
    if settings.vapid_key:
        push = [Push(settings.vapid_key, settings.kit.public_url, Outward(settings.allow_loopback))]
    return [*email, *push, Apprise(schemes), Sms(schemes)]


def planned(
    contact: Contact, kind: str, channels: Sequence[Channel], *, must_reach: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield (channel, address key) for each way a notice of `kind` should reach the person.

    The in-app inbox always has it. Somebody whose account is closed is not written to. What must reach them goes every
    way there is, whatever they chose for its kind.
    """
    yield in_app.NAME, ""
    if not contact.active:
        return
    wanted = contact.channels.get(kind)
    for channel in channels:
        usual = channel.name not in ON_REQUEST
        if usual if wanted is None else channel.name in wanted or (must_reach and usual):
            for key in channel.addresses(contact):
                yield channel.name, key
