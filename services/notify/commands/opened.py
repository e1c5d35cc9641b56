"""Tells whoever announced something that a resident read the notice of it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from services.contracts import to_event
from services.contracts.notify import AnnouncementOpened
from services.kit import clock
from services.kit import outbox as kit_outbox
from services.notify.models import outbox


def tell_opened(connection: Connection, notice: Mapping[str, Any]) -> None:
    """Tell that its recipient read a notice, where it is about an announcement."""
    about = notice["data"].get("announcement_id")
    if about is not None:
        fact = AnnouncementOpened(
            announcement_id=about, person_id=notice["person_id"], version=notice["data"]["version"]
        )
        event = to_event(fact, organisation_id=notice["organisation_id"], subject=about, at=clock.now())
        kit_outbox.emit(connection, outbox, event)
