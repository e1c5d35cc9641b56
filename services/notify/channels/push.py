"""Web push (RFC 8030): encrypted for the device (RFC 8291), signed with our VAPID key (RFC 8292)."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from py_vapid import Vapid02
from pywebpush import WebPusher

from services.kit import clock
from services.notify.audience import Contact
from services.notify.channels.channel import Gone, Outgoing, Permanent, Temporary
from services.notify.outward import Outward, Unreachable, Unsafe

NAME = "push"
# A device that is off gets what can wait within a day, and an emergency within the hour in which it is one.
ROUTINE_TTL_SECONDS, URGENT_TTL_SECONDS = 86_400, 3_600
VAPID_SECONDS = 12 * 3600
# Push services take 4096 bytes in all, encryption included.
MOST_BYTES = 3_500
GONE = (404, 410)


class Push:
    """Sends to the push services of the browsers that people subscribed with."""

    name = NAME

    def __init__(self, vapid_key: str, public_url: str, outward: Outward) -> None:
        self._vapid = Vapid02.from_pem(vapid_key.encode())
        self._contact = public_url if public_url.startswith("https://") else "mailto:desk@doorstep.invalid"
        self._outward = outward

    def addresses(self, contact: Contact) -> Mapping[str, str]:
        """Return the person's devices by a key that tells them apart."""
        return {device["key"]: orjson.dumps(device).decode() for device in contact.devices}

    def send(self, outgoing: Outgoing) -> str:
        """Encrypt and send. 404 and 410 mean that the device is gone; other refusals of our message are permanent."""
        device = orjson.loads(outgoing.address)
        body = WebPusher({"endpoint": device["endpoint"], "keys": device}).encode(_payload(outgoing))["body"]
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(URGENT_TTL_SECONDS if outgoing.urgent else ROUTINE_TTL_SECONDS),
            "Urgency": "high" if outgoing.urgent else "normal",
            # The same over every attempt: a device that was off shows a repeated message once.
            "Topic": base64.urlsafe_b64encode(bytes.fromhex(outgoing.id.replace("-", ""))).decode().rstrip("="),
            **self._signature(device["endpoint"]),
        }
        try:
            status = self._outward.post(device["endpoint"], body, headers).status
        except Unsafe as problem:
            raise Permanent(str(problem)) from problem
        except Unreachable as problem:
            raise Temporary(str(problem)) from problem
        if status in GONE:
            raise Gone(f"{status}: the device is no longer subscribed")
        if status in (400, 413):
            raise Permanent(f"{status}: the push service refuses the message")
        if not 200 <= status < 300:
            raise Temporary(f"{status} from the push service")
        return f"{status} from the push service"

    def _signature(self, endpoint: str) -> Mapping[str, str]:
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(clock.now().timestamp()) + VAPID_SECONDS,
            "sub": self._contact,
        }
        signed: Mapping[str, str] = self._vapid.sign(claims)
        return signed


def public_key(vapid_key: str) -> str:
    """Return what browsers need to subscribe: the public half as an uncompressed point in base64url."""
    key = load_pem_private_key(vapid_key.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError("the VAPID key is no P-256 key")
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def is_key(text: str) -> bool:
    """True where this is a point of P-256, as a browser gives it in `p256dh`."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(text))
    except (ValueError, binascii.Error):
        return False
    return True


def is_secret(text: str) -> bool:
    """True where this is a browser's authentication secret: 16 bytes."""
    try:
        return len(_bytes(text)) == 16
    except (ValueError, binascii.Error):
        return False


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)


def _payload(outgoing: Outgoing) -> bytes:
    """Return the message as the page's service worker reads it, its body cut to what fits."""
    body = outgoing.body
    # Where nothing else is to be opened it is the ticket's page, which each role has at its own place.
    link = outgoing.link or (f"/tickets/{outgoing.ticket_id}" if outgoing.ticket_id else None)
    while True:
        data = orjson.dumps({"title": outgoing.title, "body": body, "link": link, "lang": outgoing.locale})
        if len(data) <= MOST_BYTES:
            return data
        body = body[: len(body) * 3 // 4]
