"""Reads the environment once, names everything missing or malformed at once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

_DURATION = re.compile(r"^PT?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$")


class SettingsError(Exception):
    """The environment lacks something; the message lists every variable concerned."""


class Reader:
    """Collects variables from an environment; `done()` raises once for all that is wrong."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Return the variable, or `default`; without a default it is required."""
        value = self._environ.get(name, "").strip()
        if value:
            return value
        if default is None:
            self._problems.append(f"{name} is not set")
            return ""
        return default

    def optional(self, name: str) -> str | None:
        """Return the variable, or None where it is unset or empty."""
        return self._environ.get(name, "").strip() or None

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        """Return a whole number of at least `least`."""
        raw = self.text(name, str(default))
        if not re.fullmatch(r"-?[0-9]{1,18}", raw) or int(raw) < least:
            self._problems.append(f"{name} must be a whole number of at least {least}, not {raw!r}")
            return default
        return int(raw)

    def duration(self, name: str, default: str) -> timedelta:
        """Return an ISO 8601 duration of hours, minutes and seconds, such as PT24H."""
        raw = self.text(name, default)
        match = _DURATION.match(raw)
        if not match or not any(match.groups()):
            self._problems.append(f"{name} must be a duration such as PT24H or PT30S, not {raw!r}")
            match = _DURATION.match(default)
            assert match
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)

    def file(self, name: str) -> str:
        """Return the text of the file that the variable names."""
        path = self.text(name)
        if not path:
            return ""
        try:
            return Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            self._problems.append(f"{name} names no readable file")
            return ""

    def refuse(self, problem: str) -> None:
        """Add what a caller found wrong with a value it read."""
        self._problems.append(problem)

    def done(self) -> None:
        """Raise SettingsError naming everything that was wrong."""
        if self._problems:
            raise SettingsError("; ".join(self._problems))


@dataclass(frozen=True)
class Settings:
    """What every process of every service needs to know."""

    service: str
    environment: str
    database_url: str
    worker_database_url: str
    amqp_url: str | None
    bus_database_url: str | None
    verify_key: str
    secret: str
    home: Path
    public_url: str
    host: str
    port: int
    metrics_port: int


def load(service: str, reader: Reader | None = None, *, default_port: int = 0) -> Settings:
    """Read the settings of `service` (`tickets`, `notify`, `surveys` or `gateway`).

    Raises SettingsError when `reader` was not given; a given reader is left for the caller to finish.
    """
    own = reader or Reader()
    prefix = service.upper()
    amqp = own.optional("AMQP_URL")
    settings = Settings(
        service=service,
        environment=own.text("DOORSTEP_ENV", "development"),
        database_url=own.text(f"{prefix}_DATABASE_URL"),
        worker_database_url=own.text(f"{prefix}_WORKER_DATABASE_URL"),
        amqp_url=amqp,
        bus_database_url=own.optional("BUS_DATABASE_URL") if amqp else own.text("BUS_DATABASE_URL"),
        verify_key=own.file("DOORSTEP_VERIFY_KEY_FILE"),
        secret=own.text("DOORSTEP_SECRET"),
        home=Path(own.text("DOORSTEP_HOME", "var")),
        public_url=own.text("DOORSTEP_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        host=own.text(f"{prefix}_HOST", "127.0.0.1"),
        port=own.number(f"{prefix}_PORT", default_port),
        metrics_port=own.number(f"{prefix}_METRICS_PORT", 0),
    )
    if reader is None:
        own.done()
    return settings
