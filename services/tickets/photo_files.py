"""Files of photos: each is noted for removal before it is stored, and the note goes with the photo that is recorded.

A kill, a refusal or a lost connection in between then leaves no file that no row and no erasure knows of. Every file
has an id of its own, and none is stored twice under one.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert

from services.kit import clock
from services.kit.database import transaction
from services.kit.errors import Unavailable
from services.kit.identity import Actor
from services.tickets.models import photo_removals, photos
from services.tickets.pictures import Picture, Store

# From storing to recording it takes seconds.
REMOVED_AFTER = timedelta(hours=1)
# Nothing is recorded any more so shortly before: the clocks of two hosts may differ.
APART = timedelta(minutes=10)


def store_file(engine: Engine, actor: Actor, store: Store, photo_id: str, picture: Picture) -> None:
    """Store a picture that is about to be recorded; raises Unavailable where the store does not answer."""
    row = {"photo_id": photo_id, "organisation_id": actor.organisation_id, "not_before": clock.now() + REMOVED_AFTER}
    with transaction(engine, actor) as db:
        db.execute(insert(photo_removals).values(row))
    store.put(photo_id, picture)


def record_photo(db: Connection, row: Mapping[str, Any]) -> None:
    """Insert the row of a photo whose file is stored; raises Unavailable where the file may be gone again."""
    stays = photo_removals.c.not_before > clock.now() + APART
    if not db.execute(delete(photo_removals).where(photo_removals.c.photo_id == row["id"], stays)).rowcount:
        raise Unavailable("The photo took too long. Please send it again.", "照片处理超时，请重新发送。")
    db.execute(insert(photos).values(dict(row)))
