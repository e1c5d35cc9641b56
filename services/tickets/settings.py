"""What the tickets service reads from the environment beside the kit's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.kit import settings
from services.kit.settings import Reader, Settings


@dataclass(frozen=True)
class TicketsSettings:
    """`photo_bucket` switches photos from disk to an S3-compatible store; `close_after` ends silent completions."""

    kit: Settings
    photo_bucket: str | None = None
    photo_endpoint: str | None = None
    close_after: timedelta = timedelta(days=7)


def load(environ: Mapping[str, str] | None = None) -> TicketsSettings:
    """Read the environment; raises SettingsError naming everything that is wrong."""
    reader = Reader(environ)
    found = TicketsSettings(
        kit=settings.load("tickets", reader, default_port=8001),
        photo_bucket=reader.optional("DOORSTEP_PHOTO_BUCKET"),
        photo_endpoint=reader.optional("DOORSTEP_PHOTO_ENDPOINT"),
        close_after=reader.duration("DOORSTEP_CLOSE_AFTER", "PT168H"),
    )
    reader.done()
    return found
