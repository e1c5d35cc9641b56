"""PostgreSQL: metadata with named constraints, engines, transactions under a tenant's row-level security."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import orjson
import psycopg
from sqlalchemy import Connection, Engine, ExceptionContext, MetaData, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.kit.identity import Actor

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLSTATE classes: connection exception, insufficient resources, operator intervention, system error.
CLASSES_OF_ABSENCE = ("08", "53", "57", "58")
QUERY_CANCELLED = "57014"

# One statement sets who is asking for the length of a transaction; policies read it back.
_SCOPE = text(
    "SELECT set_config('doorstep.organisation', :organisation, true),"
    " set_config('doorstep.role', :role, true),"
    " set_config('doorstep.person', :person, true),"
    " set_config('doorstep.communities', :communities, true),"
    " set_config('doorstep.units', :units, true)"
)


def new_metadata() -> MetaData:
    """Return metadata whose constraints all have predictable names, so that migrations can speak of them."""
    return MetaData(naming_convention=NAMING)


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


def make_engine(url: str, *, pool_size: int = 5, name: str = "doorstep") -> Engine:
    """Return an engine for a `postgresql://` URL. Made after fork: a pool must not cross one.

    Time-outs live on the role (see `grants`), so that no connection can forget them.
    """
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=False,
        pool_use_lifo=True,
        # What residents write must not reach the logs by way of an error message.
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": name, "prepare_threshold": 2},
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
    )
    event.listen(engine, "handle_error", _leave_values_out)
    return engine


def _leave_values_out(context: ExceptionContext) -> None:
    """Keep the first line of a refusal: the DETAIL below it quotes the row, with whatever somebody wrote in it.

    `orig.diag` still has it for whoever needs to know which value was meant.
    """
    original, wrapper = context.original_exception, context.sqlalchemy_exception
    if isinstance(original, psycopg.Error) and original.args:
        head = str(original.args[0]).partition("\n")[0]
        original.args = (head,)
        if wrapper is not None:
            wrapper.args = (f"({type(original).__module__}.{type(original).__name__}) {head}",)


@contextmanager
def transaction(engine: Engine, actor: Actor | None = None) -> Iterator[Connection]:
    """Open a transaction that commits at the end of the block, in `actor`'s scope.

    Without an actor the scope is empty, and row-level security shows the web role nothing.
    """
    with engine.begin() as connection:
        if actor is not None:
            set_scope(connection, actor)
        yield connection


def set_scope(connection: Connection, actor: Actor) -> None:
    """Tell row-level security who is asking, until this transaction ends."""
    connection.execute(
        _SCOPE,
        {
            "organisation": actor.organisation_id,
            "role": actor.role,
            "person": actor.id,
            "communities": ",".join(actor.community_ids),
            "units": ",".join(actor.unit_ids),
        },
    )


def database_now(connection: Connection) -> datetime:
    """Return the database's clock: timers of many processes must agree on one."""
    moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment


def is_away(problem: BaseException) -> bool:
    """True where the database itself did not answer: gone, starting, out of connections or of disk.

    A statement that ran too long, waited too long for a lock or met a deadlock is not that: the database was
    there, and the same work may fail in the same way again.
    """
    if isinstance(problem, PoolTimeout):
        return True
    if not isinstance(problem, DBAPIError):
        return False
    state = getattr(problem.orig, "sqlstate", None) or ""
    if state == QUERY_CANCELLED:
        return False
    away = not state or state[:2] in CLASSES_OF_ABSENCE
    return problem.connection_invalidated or (isinstance(problem, OperationalError) and away)


def answers(engine: Engine) -> bool:
    """Return whether the database answers a query: what readiness asks."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except (DBAPIError, PoolTimeout):
        return False
    return True
