"""A tiny service on which the kit is tested: parcels are left at a door, and an event tells it."""

import threading

import marshmallow as ma
import psycopg
from flask import request
from flask_smorest import Blueprint
from sqlalchemy import Column, DateTime, Engine, Table, Text, func, select, text
from sqlalchemy.dialects.postgresql import UUID

from services.kit import clock, inbox, migrate, outbox
from services.kit.database import make_engine, new_metadata
from services.kit.errors import Conflict, NotFound, Unavailable
from services.kit.events import Event, new_id
from services.kit.http import (
    Answer,
    Line,
    Page,
    Prose,
    StrictSchema,
    access,
    create_app,
    current_service,
    cut,
    effects,
    expected_version,
    one_effect,
    page_link,
    public,
    read_cursor,
    respond,
    scoped,
)
from services.kit.identity import current_actor
from services.kit.settings import Settings

SERVICE = "kitdemo"
LEFT = "parcel.left.v1"

metadata = new_metadata()
parcels = Table(
    "parcels",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("words", Text, nullable=False),
    Column("left_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
heard = Table(
    "heard",
    metadata,
    Column("event_id", UUID(as_uuid=False), primary_key=True),
    Column("words", Text, nullable=False),
)
outbox_table = outbox.define(metadata)
inbox_table = inbox.define(metadata)
idempotency_keys = effects.define(metadata)


def build(server_url: str, secret: str) -> None:
    """Make the demo's database anew, with roles, grants and row-level security as a migration would."""
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {migrate.database_name(SERVICE)} WITH (FORCE)")
    migrate.provision(server_url, secret, SERVICE)
    engine = make_engine(migrate.owner_url(server_url, SERVICE))
    with engine.begin() as connection:
        metadata.create_all(connection)
        for statement in (
            *migrate.protect(
                SERVICE, "parcels", migrate.in_tenant(), web="SELECT, INSERT", worker="SELECT, INSERT, DELETE"
            ),
            *migrate.grant(SERVICE, "heard", web="", worker="SELECT, INSERT, DELETE"),
            *migrate.plumbing(SERVICE),
        ):
            connection.execute(text(statement))
    engine.dispose()


def left(words: str = "a parcel", *, organisation_id: str | None = None, **changes: object) -> Event:
    """Return an event that a parcel was left."""
    return Event(
        type=LEFT,
        source=SERVICE,
        subject=str(new_id()),
        occurred_at=clock.now(),
        organisation_id=organisation_id or str(new_id()),
        data={"words": words},
        **changes,  # type: ignore[arg-type]
    )


def words_heard(engine: Engine) -> list[str]:
    """Return what handlers wrote down, in the order of the events' ids."""
    with engine.connect() as connection:
        return list(connection.execute(select(heard.c.words).order_by(heard.c.event_id)).scalars())


blueprint = Blueprint("parcels", __name__)


class Parcel(StrictSchema):
    """What a caller sends."""

    words = Line(required=True, most=40)
    note = Prose(load_default="", least=0, most=100)
    count = ma.fields.Integer(strict=True, load_default=1)


# A parcel that says "slow" waits for this.
GO_ON = threading.Event()


@blueprint.route("/parcels", methods=["POST"])
@access("resident", "crew")
@blueprint.arguments(Parcel)
@one_effect
def leave(db, sent):
    """Leave a parcel; some words make trouble on purpose."""
    actor = current_actor()
    parcel_id = str(new_id())
    db.execute(parcels.insert().values(id=parcel_id, organisation_id=actor.organisation_id, words=sent["words"]))
    event = left(sent["words"], organisation_id=actor.organisation_id)
    outbox.emit(db, outbox_table, event)
    if sent["words"] == "refuse":
        raise Conflict("It does not fit.", "放不下。", free=0)
    if sent["words"] == "crash":
        raise ZeroDivisionError("insides")
    if sent["words"] == "away":
        raise Unavailable("Not now.", "暂不可用。")
    if sent["words"] == "slow":
        assert GO_ON.wait(60)
    return Answer({"id": parcel_id, "words": sent["words"]}, 201, {"Location": f"/parcels/{parcel_id}"})


@blueprint.route("/uploads", methods=["POST"])
@access("resident")
@one_effect
def upload(db):
    """Take a file of a form."""
    return Answer({"size": len(request.files["file"].read()), "id": str(new_id())}, 201)


@blueprint.route("/parcels", methods=["GET"])
@access("resident", "crew")
@blueprint.arguments(Page, location="query")
def listing(page):
    """List the parcels of the caller's organisation."""
    place = read_cursor(page["after"], str)
    with scoped() as db:
        query = select(parcels.c.id, parcels.c.words).order_by(parcels.c.id).limit(page["limit"] + 1)
        rows = db.execute(query.where(parcels.c.id > place[0]) if place else query).all()
    shown, more = cut(rows, page["limit"], "id")
    return respond(Answer([{"id": row.id, "words": row.words} for row in shown], headers=page_link(more)))


@blueprint.route("/parcels/<uuid:parcel_id>", methods=["PUT"])
@access("crew")
@one_effect
def replace(db, parcel_id):
    """Pretend to replace a parcel of version 3."""
    version = expected_version(required=True)
    return Answer({"version": version}, headers={"ETag": '"v4"'})


@blueprint.route("/nowhere", methods=["GET"])
@public
def nowhere():
    """Refuse what does not exist."""
    raise NotFound("There is no such parcel.", "没有这个包裹。")


@blueprint.route("/slow-query", methods=["GET"])
@public
def slow_query():
    """Ask the database for more time than a statement may take."""
    with current_service().engine.begin() as db:
        db.execute(text("SET LOCAL statement_timeout = '50ms'"))
        db.execute(text("SELECT pg_sleep(5)"))
    return respond(Answer({}))


def make_app(settings: Settings, *, body_limit: int = 4096):
    """Return the demo's application."""
    return create_app(
        settings, [blueprint], title="Parcels", idempotency=idempotency_keys, prefix="", body_limit=body_limit
    )
