"""Reports of people without an account: filed at a shared spot, with a photo or two, and a number if they like."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from services.contracts.tickets import TicketPhotographed
from services.kit import clock as time
from services.kit.errors import Conflict, Forbidden, NotFound
from services.kit.identity import NOBODY, Actor
from services.tickets import lifecycle
from services.tickets.commands.contacts import forget_number, leave_number
from services.tickets.commands.filing import Filing, file_ticket
from services.tickets.commands.steps import Step, Ticket, lock, take
from services.tickets.estate.spots import (
    CHANNEL,
    FOLLOWED_DAYS,
    MOST_AT_SPOT,
    MOST_IN_COMMUNITY,
    MOST_PHOTOS,
    VISITOR,
    is_code,
)
from services.tickets.models import photos, tickets
from services.tickets.models.spots import spots
from services.tickets.photo_files import record_photo
from services.tickets.pictures import Picture
from services.tickets.triage import Corrections
from services.tickets.visitor_links import unknown_link


def visitor_of(db: Connection, code: str, locale: str) -> Actor:
    """Return whoever stands before a code: nobody, in its organisation and community. Raises NotFound."""
    row: Row[Any] | None = None
    if is_code(code):
        row = db.execute(select(func.spot_behind(code).table_valued("organisation_id", "community_id"))).one_or_none()
    if row is None:
        raise no_such_code()
    return Actor(NOBODY, str(row.organisation_id), VISITOR, (str(row.community_id),), locale=locale)


def no_such_code() -> NotFound:
    """Return the refusal of a code that opens nothing: made up, replaced, or of a spot that is closed."""
    return NotFound(
        "Nothing is behind this code, or no longer. Look for a newer print, or tell the service desk.",
        "该二维码无效或已更换，请查看现场的新码，或联系客服。",
    )


def file_as_visitor(
    db: Connection, actor: Actor, code: str, corrections: Corrections, *, description: str, phone: str | None
) -> Ticket | None:
    """File what somebody found at a shared spot; None where so many were filed of late that nothing more is taken.

    Locks the spot, so that the count holds. Raises NotFound, and Forbidden where one has to sign in.
    """
    spot = _shared_spot(db, code)
    if not spot["shared"]:
        raise Forbidden("Please sign in to report something here.", "此处报事需先登录。")
    key = f"visitors at {spot['community_id']}"
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    if _is_full(db, spot):
        return None
    ticket = file_ticket(db, actor, Filing(description, spot_code=code, channel=CHANNEL), corrections)
    if phone is not None:
        leave_number(db, ticket, phone)
    return ticket


def _shared_spot(db: Connection, code: str) -> Mapping[str, Any]:
    found = db.execute(select(spots).where(spots.c.code == code)).mappings().one_or_none()
    if found is None:
        raise no_such_code()
    return dict(found)


def _is_full(db: Connection, spot: Mapping[str, Any]) -> bool:
    of_visitors = (tickets.c.channel == CHANNEL, tickets.c.filed_at > time.now() - timedelta(hours=1))
    here = func.count().filter(tickets.c.spot_id == spot["id"])
    wanted = select(here, func.count()).where(
        tickets.c.community_id == spot["community_id"], tickets.c.spot_id.is_not(None), *of_visitors
    )
    at_spot, in_community = db.execute(wanted).one()
    return at_spot >= MOST_AT_SPOT or in_community >= MOST_IN_COMMUNITY


def followed(db: Connection, ticket_id: str) -> Ticket:
    """Lock and return a ticket that a visitor filed; raises NotFound, also when it is long over."""
    return require_followed(lock(db, ticket_id))


def require_followed(ticket: Ticket) -> Ticket:
    """Return a ticket that a visitor filed and may follow; raises NotFound."""
    over = ticket["status"] in (*lifecycle.DONE, *lifecycle.ENDED)
    if ticket["channel"] != CHANNEL or (over and ticket["changed_at"] < time.now() - timedelta(days=FOLLOWED_DAYS)):
        raise unknown_link()
    return ticket


def require_photo_possible(db: Connection, ticket_id: str) -> Ticket:
    """Return a visitor's ticket, locked, that may take one more photo; raises NotFound and Conflict."""
    ticket = followed(db, ticket_id)
    if ticket["status"] not in lifecycle.OPEN:
        raise Conflict("The work is done; no photo is needed any more.", "该报事已处理完毕，无需再传照片。")
    taken = select(func.count()).where(photos.c.ticket_id == ticket_id, photos.c.author_role == VISITOR)
    if db.execute(taken).scalar_one() >= MOST_PHOTOS:
        raise Conflict(f"{MOST_PHOTOS} photos are there already; thank you.", f"已收到 {MOST_PHOTOS} 张照片，谢谢。")
    return ticket


def add_visitors_photo(
    db: Connection, actor: Actor, ticket_id: str, picture: Picture, photo_id: str
) -> tuple[Ticket, dict[str, Any]]:
    """Record a visitor's photo that is already stored under `photo_id`; returns the ticket and what is told of it."""
    ticket = require_photo_possible(db, ticket_id)
    step = Step(
        "photograph",
        TicketPhotographed,
        told={"photo_id": photo_id},
        data={"photo_id": photo_id, "sha256": picture.sha256},
    )
    rule = lifecycle.Rule("photograph", VISITOR, lifecycle.OPEN, None)
    after = take(db, actor, ticket, step, rule)
    size = {"width": picture.width, "height": picture.height, "size_bytes": len(picture.content)}
    common = {"organisation_id": ticket["organisation_id"], "ticket_id": ticket_id, "sha256": picture.sha256}
    author = {"author_id": actor.id, "author_role": actor.role}
    record_photo(db, {"id": photo_id, **common, **author, **size, "at": after["changed_at"]})
    return after, {"id": photo_id, **size}


def forget_phone(db: Connection, ticket_id: str) -> None:
    """Take away the number that a visitor left; there may be none."""
    followed(db, ticket_id)
    forget_number(db, ticket_id)
