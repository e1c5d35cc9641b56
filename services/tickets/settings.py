"""What the tickets service reads from the environment beside the kit's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from services.kit import settings
from services.kit.settings import Reader, Settings
from services.tickets.case_file import seals


@dataclass(frozen=True)
class TicketsSettings:
    """`photo_bucket` switches photos from disk to an S3-compatible store; `close_after` ends silent completions.

    `case_key` signs case files: an Ed25519 private key in PEM that only the web process is told, None elsewhere.
    """

    kit: Settings
    photo_bucket: str | None = None
    photo_endpoint: str | None = None
    close_after: timedelta = timedelta(days=7)
    # Not in its repr: what is printed of settings when something fails must not hand the key out.
    case_key: str | None = field(default=None, repr=False)


def load(environ: Mapping[str, str] | None = None, *, signs: bool = True) -> TicketsSettings:
    """Read the environment; raises SettingsError naming everything that is wrong. A worker signs nothing."""
    reader = Reader(environ)
    found = TicketsSettings(
        kit=settings.load("tickets", reader, default_port=8001),
        photo_bucket=reader.optional("DOORSTEP_PHOTO_BUCKET"),
        photo_endpoint=reader.optional("DOORSTEP_PHOTO_ENDPOINT"),
        close_after=reader.duration("DOORSTEP_CLOSE_AFTER", "PT168H"),
        case_key=_case_key(reader) if signs else None,
    )
    reader.done()
    return found


def _case_key(reader: Reader) -> str:
    """Return the key as PEM text, read once to see that it is one: a damaged key must stop the start, not an export."""
    text, named = reader.file("DOORSTEP_CASE_KEY_FILE"), reader.optional("DOORSTEP_CASE_KEY_FILE")
    if named and Path(named).is_file():
        try:
            seals.read_private(text.encode())
        except seals.NoKey as problem:
            reader.refuse(f"DOORSTEP_CASE_KEY_FILE: {problem}")
    return text
