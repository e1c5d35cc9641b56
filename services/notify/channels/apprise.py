"""Everything Apprise speaks to a provider at a fixed place: WeCom, DingTalk, Feishu, SMS gateways and more."""

import hashlib
import logging
import re
import warnings
from collections.abc import Mapping
from typing import Any

import apprise

from services.notify.audience import Contact
from services.notify.channels.channel import Outgoing, Permanent, Temporary

NAME = "apprise"
TIMEOUT_SECONDS = 30

# Each of these reaches one provider's own address over the internet, whatever the URL says after the scheme.
# Schemes that run programs, write files or call a host of the writer's choosing (syslog, dbus, json, mqtt, ...)
# are not among them: anybody may write their own address here, and it must not become a way into the network.
# fmt: off
SCHEMES = frozenset(
    (
        "wecombot", "wechat", "wecom", "pushplus", "dingtalk", "feishu", "lark", "schan", "wxpusher",
        "wpush",
        "tgram", "slack", "discord", "wxteams", "webex", "gchat", "line", "viber", "kakao", "kakaotalk",
        "whatsapp", "pover",
        "twilio", "vonage", "nexmo", "sns", "clicksend", "msg91", "plivo", "msgbird", "sinch", "octopush",
        "d7sms", "seven", "bulksms",
    )
)
# fmt: on
_SCHEME = re.compile(r"^([a-z0-9]{2,20})://\S+$")

# Apprise writes what it is about to do to the log, addresses included.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class Apprise:
    """Sends through whichever provider the address names."""

    name = NAME

    def __init__(self, more_schemes: frozenset[str] = frozenset()) -> None:
        self._schemes = SCHEMES | more_schemes
        self._asset = apprise.AppriseAsset(
            app_id="Doorstep", app_desc="Doorstep", async_mode=False, storage_mode="memory", http_redirects=False
        )
        # The first address loads every service Apprise knows, one of which imports a module on its way out of Python.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            apprise.Apprise.instantiate("json://localhost")

    def addresses(self, contact: Contact) -> Mapping[str, str]:
        """Return the person's addresses by a key that tells them apart."""
        return {address_key(url): url for url in contact.apprise_urls}

    def accepts(self, url: str) -> bool:
        """True where the address is one Apprise can read and its scheme is allowed."""
        match = _SCHEME.match(url)
        if match is None or match[1] not in self._schemes:
            return False
        service = apprise.Apprise.instantiate(url, asset=self._asset)
        return service is not None and _stays_with_its_provider(service)

    def send(self, outgoing: Outgoing) -> str:
        """Send; an address we would not accept today is permanent, a refusal or silence of the provider temporary."""
        if not self.accepts(outgoing.address):
            raise Permanent("the address is none that Apprise can read, or its scheme is not allowed")
        service = apprise.Apprise(asset=self._asset)
        service.add(outgoing.address)
        result = service.notify(title=outgoing.title, body=outgoing.words, timeout=TIMEOUT_SECONDS)
        if not result:
            raise Temporary(f"{scheme_of(outgoing.address)} did not take it")
        return f"{scheme_of(outgoing.address)} took it"


class Sms(Apprise):
    """The same, to the addresses a person named for short messages: for what nobody read elsewhere."""

    name = "sms"

    def addresses(self, contact: Contact) -> Mapping[str, str]:
        """Return the person's addresses for short messages."""
        return {address_key(url): url for url in contact.sms_urls}


def _stays_with_its_provider(service: Any) -> bool:
    """True where nothing in the address leads elsewhere than to the provider.

    Slack, Discord and Telegram take `?template=`, a file of ours or an address in our network that they would read
    and send on, and every service takes `?redirect=yes`.
    """
    elsewhere = any(isinstance(value, apprise.AppriseAttachment) and len(value) for value in vars(service).values())
    return not elsewhere and not service.redirects


def scheme_of(url: str) -> str:
    """Return the part of an address that is no secret."""
    return url.partition("://")[0]


def address_key(url: str) -> str:
    """Return a short name for an address from which the address cannot be read back."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def masked(url: str) -> str:
    """Return what its owner sees of an address: enough to recognise and to keep it, too little to use it."""
    return f"{scheme_of(url)}://***{address_key(url)}"
