"""Announcements: planned work, outages and notices to chosen homes, with who has read them."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import (
    IF_MATCH,
    Answer,
    access,
    expected_version,
    one_effect,
    page_link,
    respond,
    scoped,
    version_tag,
)
from services.kit.identity import ROLES, current_actor
from services.tickets.api.answers import words
from services.tickets.commands import announcements as commands
from services.tickets.commands.reminding import remind_by_hand
from services.tickets.queries.announcement_readers import readers_of, steps_of
from services.tickets.queries.announcements import AnnouncementFilter, list_announcements, notice_of, one_announcement
from services.tickets.schemas import Nothing, Reason
from services.tickets.schemas.announcements import (
    AnnouncementChange,
    AnnouncementQuery,
    Announcements,
    AnnouncementSteps,
    AnnouncementView,
    NewAnnouncement,
    Notice,
    NoticeQuery,
    Publication,
    Readers,
    Reminded,
)

announcements = Blueprint("announcements", __name__, description="What residents are told of work and outages")
DESK = access("dispatcher", "manager")
PATH = "/announcements/<uuid:announcement_id>"


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {key: [str(one) for one in value] if key.endswith("_ids") else value for key, value in words(body).items()}


def _answer(db: Connection, announcement_id: str, status: int = 200, **headers: str) -> Answer:
    view = one_announcement(db, current_actor(), announcement_id)
    return Answer(view, status, {**version_tag(view["version"]), **headers})


@announcements.route("/announcements", methods=["POST"])
@DESK
@announcements.arguments(NewAnnouncement)
@announcements.alt_response(201, schema=AnnouncementView)
@one_effect
def draft(db: Connection, body: dict[str, Any]) -> Answer:
    """Write an announcement; nobody hears of it before it is published. `wording` holds advice on its words."""
    row = commands.draft(db, current_actor(), _given(body))
    return _answer(db, row["id"], 201, Location=f"/api/v1/announcements/{row['id']}")


@announcements.route("/announcements", methods=["GET"])
@access(*ROLES)
@announcements.arguments(AnnouncementQuery, location="query")
@announcements.alt_response(200, schema=Announcements)
def list_all(query: dict[str, Any]) -> Response:
    """List announcements, the latest to begin first; residents see those for their homes."""
    limit, after = query.pop("limit"), query.pop("after")
    with scoped() as db:
        found, more = list_announcements(db, current_actor(), AnnouncementFilter(**words(query)), limit, after)
    return respond(Answer({"items": found}, 200, page_link(more)))


@announcements.route("/announcements/notice", methods=["GET"])
@DESK
@announcements.arguments(NoticeQuery, location="query")
@announcements.alt_response(200, schema=Notice)
def notice(query: dict[str, Any]) -> Response:
    """Say whether something would be announced in time, and when it may begin at the earliest; nothing is written."""
    with scoped() as db:
        return respond(Answer(notice_of(db, current_actor(), **words(query))))


@announcements.route(PATH, methods=["GET"])
@access(*ROLES)
@announcements.alt_response(200, schema=AnnouncementView)
def read_one(announcement_id: uuid.UUID) -> Response:
    """Read an announcement. That somebody has read it is said by POST …/read, for a list may fetch it too."""
    with scoped() as db:
        return respond(_answer(db, str(announcement_id)))


@announcements.route(PATH, methods=["PATCH"])
@DESK
@announcements.doc(parameters=[IF_MATCH])
@announcements.arguments(AnnouncementChange)
@announcements.alt_response(200, schema=AnnouncementView)
@one_effect
def change(db: Connection, body: dict[str, Any], announcement_id: uuid.UUID) -> Answer:
    """Change an announcement; other times are told to everybody concerned."""
    late_because = body.pop("late_because")
    version = expected_version(required=True)
    commands.change(db, current_actor(), str(announcement_id), _given(body), late_because=late_because, version=version)
    return _answer(db, str(announcement_id))


@announcements.route(f"{PATH}/publish", methods=["POST"])
@DESK
@announcements.arguments(Publication)
@announcements.alt_response(200, schema=AnnouncementView)
@one_effect
def publish(db: Connection, body: dict[str, Any], announcement_id: uuid.UUID) -> Answer:
    """Publish now or at a moment to come; too late for its notice period only with the reason."""
    commands.publish(db, current_actor(), str(announcement_id), **body, version=expected_version())
    return _answer(db, str(announcement_id))


@announcements.route(f"{PATH}/withdraw", methods=["POST"])
@DESK
@announcements.arguments(Reason)
@announcements.alt_response(200, schema=AnnouncementView)
@one_effect
def withdraw(db: Connection, body: dict[str, Any], announcement_id: uuid.UUID) -> Answer:
    """Take an announcement back; whoever was told of it is told so."""
    commands.withdraw(db, current_actor(), str(announcement_id), **body, version=expected_version())
    return _answer(db, str(announcement_id))


@announcements.route(f"{PATH}/restore", methods=["POST"])
@DESK
@announcements.arguments(Nothing)
@announcements.alt_response(200, schema=AnnouncementView)
@one_effect
def restore(db: Connection, _body: dict[str, Any], announcement_id: uuid.UUID) -> Answer:
    """Say that it is over and everything works again."""
    commands.restore(db, current_actor(), str(announcement_id), version=expected_version())
    return _answer(db, str(announcement_id))


@announcements.route(f"{PATH}/read", methods=["POST"])
@access("resident")
@announcements.arguments(Nothing)
@announcements.alt_response(200, schema=AnnouncementView)
@one_effect
def mark_read(db: Connection, _body: dict[str, Any], announcement_id: uuid.UUID) -> Answer:
    """Say that one has read it; again, it changes nothing."""
    commands.read(db, current_actor(), str(announcement_id))
    return _answer(db, str(announcement_id))


@announcements.route(f"{PATH}/readers", methods=["GET"])
@DESK
@announcements.alt_response(200, schema=Readers)
def readers(announcement_id: uuid.UUID) -> Response:
    """Count the homes that were told and have read it, by building, and list those that have not."""
    with scoped() as db:
        return respond(Answer(readers_of(db, str(announcement_id))))


@announcements.route(f"{PATH}/steps", methods=["GET"])
@DESK
@announcements.alt_response(200, schema=AnnouncementSteps)
def steps(announcement_id: uuid.UUID) -> Response:
    """Read what was done about an announcement, by whom, and what it said each time."""
    with scoped() as db:
        return respond(Answer({"items": steps_of(db, str(announcement_id))}))


@announcements.route(f"{PATH}/remind", methods=["POST"])
@DESK
@announcements.arguments(Nothing)
@announcements.alt_response(200, schema=Reminded)
@one_effect
def remind(db: Connection, _body: dict[str, Any], announcement_id: uuid.UUID) -> Answer:
    """Remind the homes in which nobody has read it; once an hour at the most."""
    return Answer(remind_by_hand(db, current_actor(), str(announcement_id)))
