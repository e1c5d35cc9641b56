"""One clock for a desk that lives through the past: the program's and its databases' say the same moment."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import psycopg

from services.kit import migrate, testing

# The system's functions are found after those of `public`, so that what the migrations write down (defaults, the
# trigger that lets history be written only now) and what the services ask both mean the moved clock.
_FUNCTIONS = ("now", "clock_timestamp")
_MOVED = "SELECT coalesce((SELECT moment FROM public.moved_clock), pg_catalog.{}())"
_REAL = "SELECT pg_catalog.{}()"


class MovedClock:
    """The clock of a desk's databases on a server of its own, between `move_in` and `close`."""

    def __init__(self, server_url: str) -> None:
        self._urls = {service: migrate.owner_url(server_url, service) for service in migrate.SERVICES}
        self._kept = ExitStack()
        self._databases: list[psycopg.Connection[tuple[object, ...]]] = []
        self._program = ExitStack()

    def move_in(self, service: str) -> None:
        """Let a service's database, empty as yet, ask this clock. Its migrations come after."""
        name = migrate.database_name(service)
        database = self._kept.enter_context(psycopg.connect(self._urls[service], autocommit=True))
        database.execute(f"ALTER DATABASE {name} SET search_path = public, pg_catalog")
        # What the power takes away is a month that has to be lived again in any case.
        database.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        database.execute("SET synchronous_commit = off")
        database.execute("CREATE TABLE public.moved_clock (moment timestamptz)")
        database.execute("INSERT INTO public.moved_clock VALUES (NULL)")
        database.execute("GRANT SELECT ON public.moved_clock TO PUBLIC")
        for function in _FUNCTIONS:
            _define(database, function, _MOVED)
        self._databases.append(database)

    def set(self, moment: datetime) -> None:
        """Make it `moment` everywhere."""
        self._program.close()
        self._program.enter_context(testing.at(moment))
        for database in self._databases:
            database.execute("UPDATE public.moved_clock SET moment = %s", (moment,))

    def close(self) -> None:
        """Give program and databases the real time back, for good."""
        self._program.close()
        for database in self._databases:
            for function in _FUNCTIONS:
                _define(database, function, _REAL)
            database.execute("DROP TABLE public.moved_clock")
            database.execute(f"ALTER DATABASE {database.info.dbname} RESET search_path")
            database.execute(f"ALTER DATABASE {database.info.dbname} RESET synchronous_commit")
        self._kept.close()


@contextmanager
def moved_clock(server_url: str) -> Iterator[MovedClock]:
    """Yield the clock of a server's databases, and give them the real time back at the end."""
    clock = MovedClock(server_url)
    try:
        yield clock
    finally:
        clock.close()


def _define(database: "psycopg.Connection[tuple[object, ...]]", function: str, body: str) -> None:
    database.execute(
        f"CREATE OR REPLACE FUNCTION public.{function}() RETURNS timestamptz LANGUAGE sql STABLE"
        f" AS '{body.format(function)}'"
    )
