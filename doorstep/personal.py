"""Looks for somebody's words in everything a desk keeps: every column of every table, and every file of its home."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from services.kit import migrate

# A database server's own files hold what was deleted until they are vacuumed and its log is recycled; what they hold
# is looked for through the tables. Everything else of a home is read as bytes.
NOT_READ = ("postgres",)
LARGE_BYTES = 64 * 1024 * 1024

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, NULL),
        has_column_privilege(c.oid, a.attnum, 'SELECT') AND has_table_privilege(c.oid, 'SELECT')
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm') AND a.attnum > 0
        AND NOT a.attisdropped
        AND format_type(a.atttypid, NULL) ~ '^(text|character varying|character|jsonb?|bytea|text\\[\\]|tsvector|name)'
    ORDER BY 1, 2
"""


@dataclass
class Search:
    """Where words were found, what could not be read, and how many columns or files were."""

    where: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    read: int = 0

    def add(self, other: "Search", prefix: str = "") -> None:
        """Take over what another search found, its places under a name."""
        self.where += [prefix + place for place in other.where]
        self.unread += [prefix + place for place in other.unread]
        self.read += other.read


def spellings(words: Sequence[str]) -> list[str]:
    """Return the words, and how JSON that is all ASCII spells them."""
    escaped = [json.dumps(word)[1:-1] for word in words]
    return list(dict.fromkeys([*words, *(word.casefold() for word in words), *escaped]))


def found_in(server_url: str, service: str, words: Sequence[str]) -> Search:
    """Search a service's database on a server, as whoever the URL names."""
    return found_at(migrate.owner_url(server_url, service), words)


def found_at(url: str, words: Sequence[str]) -> Search:
    """Search every column that can hold words of every table of a database."""
    search, wanted = Search(), spellings(words)
    with psycopg.connect(url) as db:
        for table, column, kind, readable in db.execute(_COLUMNS).fetchall():
            place = f"{table}.{column}"
            if not readable:
                search.unread.append(place)
                continue
            search.read += 1
            count = _count(db, table, column, kind, wanted)
            if count:
                search.where.append(f"{place} ({count})")
    return search


def _count(db: psycopg.Connection, table: str, column: str, kind: str, words: Sequence[str]) -> int:
    name = sql.Identifier(column)
    if kind == "bytea":
        held = sql.SQL("position(convert_to(_sought, 'UTF8') IN {}) > 0").format(name)
    else:
        held = sql.SQL("strpos({}::text, _sought) > 0").format(name)
    query = sql.SQL("SELECT count(*) FROM {} WHERE EXISTS (SELECT FROM unnest(%s::text[]) AS _sought WHERE {})")
    row = db.execute(query.format(sql.Identifier(table), held), (list(words),)).fetchone()
    return int(row[0]) if row else 0


def found_under(home: Path, words: Sequence[str]) -> Search:
    """Search every file under a folder, by name and by content, but for the database server's own."""
    search, wanted = Search(), [word.encode() for word in spellings(words)]
    for path in _files(home):
        search.read += 1
        place = str(path.relative_to(home))
        if any(word in place.encode() for word in wanted) or _holds(path, wanted):
            search.where.append(place)
    return search


def _files(home: Path) -> Iterator[Path]:
    for path in sorted(home.iterdir()):
        if path.name in NOT_READ:
            continue
        yield from (one for one in ([path] if path.is_file() else path.rglob("*")) if one.is_file())


def _holds(path: Path, words: Sequence[bytes]) -> bool:
    """Read a file piece by piece, each overlapping the one before by as much as a word is long."""
    overlap, before = max(map(len, words)), b""
    with path.open("rb") as file:
        while piece := file.read(LARGE_BYTES):
            text = before + piece
            if any(word in text for word in words):
                return True
            before = text[-overlap:]
    return False
