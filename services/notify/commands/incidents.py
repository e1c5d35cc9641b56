"""Incidents: emergencies nobody could be told of, until a manager says what was done."""

from typing import Any

from sqlalchemy import Connection, select, update

from services.kit import clock
from services.kit.errors import Conflict, NotFound
from services.kit.identity import Actor
from services.notify.models import incidents


def close_incident(connection: Connection, actor: Actor, incident_id: str, remark: str) -> dict[str, Any]:
    """Close an incident with what was done, once. Raises NotFound or Conflict."""
    change = (
        update(incidents)
        .where(incidents.c.id == incident_id, incidents.c.closed_at.is_(None))
        .values(closed_at=clock.now(), closed_by=actor.id, remark=remark)
        .returning(incidents)
    )
    row = connection.execute(change).mappings().one_or_none()
    if row is not None:
        return dict(row)
    found = connection.execute(select(incidents.c.closed_by).where(incidents.c.id == incident_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such incident.", "没有这个事件。")
    raise Conflict("This incident is closed already.", "该事件已关闭。", closed_by=found.closed_by)
