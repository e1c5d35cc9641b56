"""Lets a resident's request be judged by what only the desk may see, such as how many others have signed up."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select


@contextmanager
def as_the_desk(db: Connection, role: str = "system") -> Iterator[None]:
    """Read and write as the desk itself for a moment, within the caller's organisation and transaction.

    Another role is for what policies keep to its people, such as plans to those who make them.
    """
    before = db.execute(select(func.current_setting("doorstep.role", True))).scalar_one()
    db.execute(select(func.set_config("doorstep.role", role, True)))
    yield
    db.execute(select(func.set_config("doorstep.role", before or "", True)))
