"""What the gateway needs to know beyond what every service does."""

from dataclasses import dataclass
from typing import Any

from gateway.limits import Limit
from services.kit import settings
from services.kit.settings import Reader, Settings, SettingsError


@dataclass(frozen=True)
class GatewaySettings:
    """Adds the signing key, where the services answer, and how much one caller may ask.

    Limits are written `30/minute`. `trusted_proxies` is how many proxies of ours stand in front and append to
    X-Forwarded-For; with 0 that header is not believed at all.
    """

    kit: Settings
    signing_key: str
    upstreams: dict[str, str]
    login_limit: Limit
    rate_limit: Limit
    trusted_proxies: int
    connect_seconds: float = 2.0
    read_seconds: float = 30.0
    concurrency: int = 256


def load(reader: Reader | None = None) -> GatewaySettings:
    """Read the environment; raises SettingsError naming all that is missing."""
    reader = reader or Reader()
    values: dict[str, Any] = {
        "kit": settings.load("gateway", reader, default_port=8000),
        "signing_key": reader.file("DOORSTEP_SIGNING_KEY_FILE"),
        "upstreams": {
            name: reader.text(f"{name.upper()}_URL").rstrip("/") for name in ("tickets", "notify", "surveys")
        },
        "trusted_proxies": reader.number("DOORSTEP_TRUSTED_PROXIES", 0),
        "concurrency": reader.number("DOORSTEP_UPSTREAM_CONCURRENCY", 256, least=1),
    }
    limits = {
        "login_limit": reader.text("DOORSTEP_LOGIN_LIMIT", "30/minute"),
        "rate_limit": reader.text("DOORSTEP_RATE_LIMIT", "1200/minute"),
    }
    reader.done()
    try:
        values |= {name: Limit.parse(text) for name, text in limits.items()}
    except ValueError as problem:
        raise SettingsError(f"DOORSTEP_LOGIN_LIMIT or DOORSTEP_RATE_LIMIT: {problem}") from problem
    return GatewaySettings(**values)
