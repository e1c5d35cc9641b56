"""Opens a letter as it came (RFC 5322, MIME): headers and parts with their text, however badly they were written."""

import email.errors
import email.header
import email.utils
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32

# Of what calls itself the older standard, GB 18030 reads everything; mail programs mix them up.
_CHARSETS = dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk", "cp936", "euc-cn", "hz-gb-2312"), "gb18030")
_GUESSES = ("utf-8", "gb18030", "latin-1")
_KNOWN = frozenset(
    (*_GUESSES, "ascii", "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1250", "windows-1251",
     "windows-1252", "koi8-r", "utf-7", "utf-16", "big5", "big5hkscs", "iso-2022-cn", "iso-2022-jp", "shift_jis",
     "euc-jp", "euc-kr")
)  # fmt: skip
MOST_PARTS = 200
# The parser holds every line against the ends of all parts around it: 20 MiB of photos make 270,000 lines in three.
MOST_LINES_HELD = 3_000_000
HEAD_BYTES = 256 * 1024
LONGEST_VALUE = 10_000


class Unreadable(Exception):
    """A letter that nobody can make sense of by machine."""


def open_letter(raw: bytes) -> Message:
    """Return the letter with its parts; raises Unreadable, before any work, for one that would take many seconds."""
    lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    if lines * (1 + raw.lower().count(b"multipart/")) > MOST_LINES_HELD:
        raise Unreadable("too many lines within parts")
    try:
        return BytesParser(policy=compat32).parsebytes(raw)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as problem:
        raise Unreadable(type(problem).__name__) from problem


def open_head(raw: bytes) -> Message:
    """Return the headers alone; a letter without any has none."""
    try:
        return BytesHeaderParser(policy=compat32).parsebytes(raw[:HEAD_BYTES])
    except (ValueError, LookupError, TypeError, AttributeError):
        return Message()


def values(letter: Message, name: str) -> list[str]:
    """Return every header of a name as it was written, on one line each."""
    found = [str(value) for key, value in letter.raw_items() if key.lower() == name.lower()]
    return [" ".join(_repaired(value)[:LONGEST_VALUE].split()) for value in found]


def value(letter: Message, name: str) -> str:
    """Return the first header of a name as it was written; empty without one."""
    return next(iter(values(letter, name)), "")


def words(encoded: str) -> str:
    """Return a header's words in Unicode (RFC 2047), or as they are where they cannot be decoded."""
    try:
        pieces = email.header.decode_header(encoded)
    except (email.errors.HeaderParseError, ValueError, LookupError):
        return plain(encoded)
    said = [piece if isinstance(piece, str) else decoded(piece, charset) for piece, charset in pieces]
    return plain("".join(said))


def addresses(letter: Message, name: str) -> list[tuple[str, str]]:
    """Return (name, address) of everybody in the headers of a name."""
    try:
        found = email.utils.getaddresses(values(letter, name))
    except (ValueError, LookupError, TypeError, IndexError, AttributeError, RecursionError):
        return []
    return [(words(person), address.strip()) for person, address in found if "@" in address]


def leaves(letter: Message) -> Iterator[Message]:
    """Yield the parts that hold something, in order, without going into letters that are attached to this one.

    A part that says it has parts and has none holds something. Raises Unreadable for what no mail program makes.
    """
    waiting, seen = [letter], 0
    while waiting:
        part = waiting.pop(0)
        seen += 1
        if seen > MOST_PARTS:
            raise Unreadable("too many parts")
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            waiting = [*groups(part), *waiting]
        else:
            yield part


def groups(part: Message) -> list[Message]:
    """Return the letters, parts or groups of headers within a part; none within one that holds bytes."""
    inner = part.get_payload() if part.is_multipart() else []
    return [one for one in inner if isinstance(one, Message)]


def content(part: Message) -> bytes:
    """Return a part's bytes, as far as they can be decoded."""
    try:
        found = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return b""
    return found if isinstance(found, bytes) else b""


def text(part: Message) -> str:
    """Return a part's text in Unicode."""
    try:
        charset = part.get_content_charset()
    except (ValueError, LookupError, TypeError, AttributeError):
        charset = None
    return plain(decoded(content(part), charset), lines=True)


def file_name(part: Message) -> str:
    """Return what an attachment is called; empty where it has no name."""
    try:
        found = part.get_filename()
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return words(" ".join(_repaired(found).split()))[:200] if found else ""


def decoded(data: bytes, charset: str | None) -> str:
    """Return text from bytes: by the charset that is named where that fits, else by the first that does."""
    named = (charset or "").lower().strip()
    named = _CHARSETS.get(named, named)
    for guess in (named, *_GUESSES) if named in _KNOWN else _GUESSES:
        try:
            return data.decode(guess)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", "replace")


def plain(said: str, *, lines: bool = False) -> str:
    """Return text that a database takes and a reader can see: no control characters, no half characters."""
    said = said.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    kept = (one if one.isprintable() or (one == "\n" and lines) or one == "\u3000" else " " for one in said)
    return "".join(kept).strip()


def _repaired(raw: str) -> str:
    """Return a header that was written in bytes beyond ASCII as text; the parser keeps these as surrogates."""
    if raw.isascii():
        return raw
    try:
        return decoded(raw.encode("ascii", "surrogateescape"), None)
    except UnicodeEncodeError:
        return raw
