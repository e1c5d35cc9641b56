"""Lets a resident's request be judged by what only the desk may see, such as how many others have signed up."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select


@contextmanager
def as_the_desk(db: Connection) -> Iterator[None]:
    """Read and write as the desk itself for a moment, within the caller's organisation and transaction."""
    role = db.execute(select(func.current_setting("doorstep.role", True))).scalar_one()
    db.execute(select(func.set_config("doorstep.role", "system", True)))
    yield
    db.execute(select(func.set_config("doorstep.role", role or "", True)))
