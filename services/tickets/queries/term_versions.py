"""What a community was served on over time: each version of its calendar and own policies, who wrote it, and why."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, cast, literal, select, union_all

from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets.commands.terms import in_reach, no_such_community
from services.tickets.models import calendars, communities, people, policies
from services.tickets.queries.views import moment

CALENDAR, POLICY = "calendar", "policy"
_SHOWN = ("kind", "version", "note", "author_id", "author_name")


def term_versions(
    db: Connection, actor: Actor, community_id: str, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of versions without their documents, the latest first, and the next cursor or None.

    A shipped policy is nobody's version; raises NotFound.
    """
    wanted = select(communities.c.id).where(
        communities.c.id == community_id, communities.c.organisation_id == actor.organisation_id
    )
    if not in_reach(actor, community_id) or db.execute(wanted).one_or_none() is None:
        raise no_such_community()
    both = union_all(
        *(
            select(
                literal(kind, Text).label("kind"),
                cast(table.c.version, Text).label("version"),
                table.c.note,
                table.c.author_id,
                table.c.at,
            ).where(table.c.community_id == community_id)
            for kind, table in ((CALENDAR, calendars), (POLICY, policies))
        )
    ).subquery()
    statement = select(both, people.c.badge.label("author_name")).outerjoin(people, people.c.id == both.c.author_id)
    cursor = read_cursor(after, datetime)
    if cursor is not None:
        statement = statement.where(both.c.at < cursor[0])
    rows = db.execute(statement.order_by(both.c.at.desc()).limit(limit + 1)).mappings().all()
    shown, more = cut(rows, limit, "at")
    return [{**{name: row[name] for name in _SHOWN}, "at": moment(row["at"])} for row in shown], more
