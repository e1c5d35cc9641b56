"""Who took a report out as a table."""

from typing import Any

from sqlalchemy import Connection, select

from services.kit.exports import REPORT
from services.notify.models import exports


def list_exports(db: Connection, after: str | None, limit: int, viewer_id: str | None) -> list[dict[str, Any]]:
    """Return who took what out, the latest first, after a position. People's names are not known here."""
    wanted = select(exports).order_by(exports.c.id.desc()).limit(limit)
    if after is not None:
        wanted = wanted.where(exports.c.id < after)
    if viewer_id is not None:
        wanted = wanted.where(exports.c.viewer_id == viewer_id)
    found = db.execute(wanted).mappings()
    return [{**row, "what": REPORT, "subject": row["report"], "ticket_id": None, "viewer_name": None} for row in found]
