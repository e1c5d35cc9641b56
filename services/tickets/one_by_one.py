"""How the loops work off what is due: one row a transaction, and one that cannot be done holds no other up."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, RowMapping, Select

Done = TypeVar("Done")

Act = Callable[[Connection, RowMapping], Done | None]


def one_by_one(engine: Engine, due: Select[Any], act: Act[Done], failed: str) -> Iterator[tuple[RowMapping, Done]]:
    """Claim a row, act on it and commit, until there is none left; yields each after its commit, with what was done.

    `due` selects and locks (SKIP LOCKED) one row with its `id`, which is none of those in its parameter `left`.
    Any number of processes may do this at once. A row for which `act` returns None stays as it is until the next
    sweep, and so does one that cannot be done: the troubles are raised together, as `failed`, at the end.
    """
    left: list[Any] = []
    troubles: list[Exception] = []
    while True:
        with engine.begin() as db:
            row = db.execute(due, {"left": left}).mappings().one_or_none()
            if row is None:
                break
            try:
                with db.begin_nested():
                    done = act(db, row)
            except Exception as trouble:
                done = None
                troubles.append(trouble)
            if done is None:
                left.append(row["id"])
                continue
        yield row, done
    if troubles:
        raise ExceptionGroup(failed, troubles)
