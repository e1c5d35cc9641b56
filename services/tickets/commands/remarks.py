"""What people say and show about a ticket: comments, visible to the resident or internal, and photos."""

from typing import Any

from sqlalchemy import Connection

from services.contracts.tickets import TicketCommented, TicketPhotographed
from services.kit.errors import Forbidden
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets.acts import Phone
from services.tickets.commands.acting import act_of
from services.tickets.commands.steps import Step, Ticket, allow, lock, take
from services.tickets.photo_files import record_photo
from services.tickets.pictures import Picture


def comment(
    db: Connection, actor: Actor, ticket_id: str, *, body: str, visible: bool, phone: Phone | None = None
) -> tuple[Ticket, dict[str, Any]]:
    """Add a comment; returns the ticket and the comment. A resident's is always visible."""
    if actor.role == "resident" and not visible:
        raise Forbidden("Internal comments are for staff.", "内部备注仅限工作人员。")
    ticket = lock(db, ticket_id)
    rule = allow(ticket, actor, "comment")
    comment_id = str(new_id())
    step = Step(
        "comment",
        TicketCommented,
        told={"comment_id": comment_id, "visible": visible},
        note=body,
        note_visible=visible,
        note_id=comment_id,
    )
    after = take(db, actor, ticket, step, rule, act_of(db, actor, ticket, "comment", phone))
    return after, {
        "id": comment_id,
        "ticket_id": ticket_id,
        "author_id": actor.id,
        "author_role": actor.role,
        "kind": "comment",
        "visible": visible,
        "body": body,
        "at": after["changed_at"].isoformat(),
    }


def add_photo(
    db: Connection, actor: Actor, ticket_id: str, picture: Picture, photo_id: str, phone: Phone | None = None
) -> tuple[Ticket, dict[str, Any]]:
    """Record a photo that is already stored under `photo_id`; returns the ticket and the photo."""
    ticket = lock(db, ticket_id)
    rule = allow(ticket, actor, "photograph")
    step = Step(
        "photograph",
        TicketPhotographed,
        told={"photo_id": photo_id},
        data={"photo_id": photo_id, "sha256": picture.sha256},
    )
    act = act_of(db, actor, ticket, "photograph", phone, sha256=picture.sha256)
    after = take(db, actor, ticket, step, rule, act)
    row = {
        "id": photo_id,
        "organisation_id": ticket["organisation_id"],
        "ticket_id": ticket_id,
        "author_id": actor.id,
        "author_role": actor.role,
        "width": picture.width,
        "height": picture.height,
        "size_bytes": len(picture.content),
        "sha256": picture.sha256,
        "at": after["changed_at"],
    }
    record_photo(db, row)
    shown = {key: value for key, value in row.items() if key != "organisation_id"}
    return after, {**shown, "at": row["at"].isoformat()}
