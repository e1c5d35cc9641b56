"""Whether a letter comes from where it says: what our own mail server found out about it (RFC 8601).

SPF, DKIM and DMARC are checked by the server that took the letter in; it writes the result on top of the letter, and
takes away what others wrote in its name (RFC 8601 §5). Only the topmost header of a server named in the mailbox counts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

LONGEST_HEADER = 4000
_COMMENT = re.compile(r"\([^()\"\\]*\)")
_QUOTED = re.compile(r"\"[^\"\\;()=]*\"")
_RESULT = re.compile(r"^([a-z0-9-]+)(?:/\d+)? *= *([a-z]+)\b", re.IGNORECASE)
_PROPERTY = re.compile(r"\b(header|smtp|policy)\.([a-z0-9_-]+) *= *(\"[^\"]*\"|[^\s;]+)", re.IGNORECASE)


class Origin(StrEnum):
    """What is known of where a letter comes from."""

    PROVEN = "proven"
    UNKNOWN = "unknown"
    FORGED = "forged"


@dataclass(frozen=True)
class Result:
    """One method's result, with the domains it speaks of by property (`header.d`, `smtp.mailfrom`)."""

    method: str
    result: str
    domains: dict[str, str]


def origin_of(headers: Sequence[str], trusted: Iterable[str], sender: str) -> Origin:
    """Return what the trusted server found of the domain behind `sender`, an address.

    DMARC decides where it was asked. Without it, a signature (DKIM) or a path (SPF) of the sender's own domain proves.
    """
    names = {name.lower() for name in trusted}
    domain = sender.rpartition("@")[2].lower()
    found = next((results for name, results in map(read_header, headers) if name in names), [])
    policy = [one for one in found if one.method == "dmarc" and one.result != "none"]
    if policy:
        if any(one.result == "fail" for one in policy):
            return Origin.FORGED
        right = all(one.result == "pass" and one.domains.get("header.from", domain) == domain for one in policy)
        return Origin.PROVEN if right else Origin.UNKNOWN
    proofs = {("dkim", "header.d"), ("dkim", "header.i"), ("spf", "smtp.mailfrom")}
    for one in found:
        for method, key in proofs:
            if one.method == method and one.result == "pass" and _aligned(one.domains.get(key, ""), domain):
                return Origin.PROVEN
    return Origin.UNKNOWN


def read_header(header: str) -> tuple[str, list[Result]]:
    """Return who wrote an Authentication-Results header, and what it says; an empty name for what is none.

    What a sender wrote may stand in it, quoted or in a comment. Where that could be read as a result of the server's,
    the header says nothing, and its server's name still counts, so that no header below is asked instead.
    """
    text = " ".join(header[:LONGEST_HEADER].split())
    for _ in range(5):  # Comments may lie within comments.
        text = _COMMENT.sub(" ", text)
    first, *rest = text.split(";")
    words = first.split()
    if not words:
        return "", []
    if any(one in _QUOTED.sub("", text) for one in '()"\\'):
        return words[0].lower(), []
    return words[0].lower(), [result for part in rest if (result := _result(part.strip()))]


def _result(part: str) -> Result | None:
    match = _RESULT.match(part)
    if not match:
        return None
    domains = {
        f"{kind}.{name}".lower(): value.strip('"').rpartition("@")[2].lower()
        for kind, name, value in _PROPERTY.findall(part)
    }
    return Result(match[1].lower(), match[2].lower(), domains)


def _aligned(proven: str, domain: str) -> bool:
    """Relaxed alignment (RFC 7489 §3.1): the same domain, or one below the other, with at least two labels."""
    if not proven or "." not in proven or "." not in domain:
        return False
    return proven == domain or domain.endswith(f".{proven}") or proven.endswith(f".{domain}")
