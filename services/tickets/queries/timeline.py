"""“Why did this breach?”: one clock of a ticket and its story, from history and the versions it speaks of."""

from typing import Any

from sqlalchemy import Connection, select

from services.kit import clock as time
from services.kit.errors import NotFound
from services.kit.identity import Actor
from services.tickets import service_levels
from services.tickets.books import books_of
from services.tickets.clock_view import NOT_LATER, clock_view
from services.tickets.models import history
from services.tickets.queries.tickets import ticket_row
from services.tickets.sla.targets import CLAIM
from services.tickets.stories import story_of, story_view


def clock_story(db: Connection, actor: Actor, ticket_id: str, kind: str, generation: int | None) -> dict[str, Any]:
    """Return `clock` as the list of clocks shows it, and its `timeline`. Raises NotFound where there is none.

    Without a generation the latest is told. How long a job may lie before the desk hears of it is a matter among
    staff, as in the list.
    """
    row = ticket_row(db, ticket_id)
    past = select(history).where(history.c.ticket_id == ticket_id).order_by(history.c.seq)
    entries = [dict(entry) for entry in db.execute(past).mappings()]
    library = books_of(db, row["organisation_id"], row["community_id"], entries)
    now = time.now()
    computed = service_levels.clocks_of(entries, row["community_id"], library, now)
    asked = [one for one in computed if one.kind == kind and generation in (None, one.generation)]
    if not asked or (kind == CLAIM and not actor.is_staff):
        raise NotFound(
            "The ticket has no such clock. GET /api/v1/tickets/{id}/clocks lists those it has.",
            "该工单没有此项计时，可在 GET /api/v1/tickets/{id}/clocks 查看。",
        )
    clock = max(asked, key=lambda one: one.generation)
    story = story_of(entries, row["community_id"], library, clock, now)
    return {"clock": {**NOT_LATER, **clock_view(clock)}, "timeline": story_view(story)}
