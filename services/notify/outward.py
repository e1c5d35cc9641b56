"""HTTP to addresses that others wrote down: never into our own network, never where a redirect leads.

A name is resolved once, every address it has is checked, and the connection goes to one of exactly those, with the
certificate checked against the name. What a name means a second later cannot matter any more.
"""

import ipaddress
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3
from urllib3.util import Timeout

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
# Each byte may come within READ_SECONDS; all of them together may not take longer than this.
WHOLE_SECONDS = 20.0
LONGEST_URL = 2000
# Addresses in which another is hidden: NAT64, 6to4, Teredo and the discarded IPv4-compatible ones.
_HIDING = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))


class Unsafe(Exception):
    """The address leads where we do not go."""


class Unreachable(Exception):
    """Nobody answered in time, or not in HTTP."""


@dataclass(frozen=True)
class Reply:
    """What the other side said; its body is not read."""

    status: int


@dataclass(frozen=True)
class Outward:
    """The one door through which we post. `allow_loopback` is for tests, which run their own servers."""

    allow_loopback: bool = False

    def check(self, url: str) -> None:
        """Raise Unsafe for an address that could never be used; asks no name server."""
        parts = self._parts(url)
        try:
            self._refuse_inside(ipaddress.ip_address(parts.hostname or ""))
        except ValueError:
            return  # A name: what it means is asked when we send.

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post and return the status. Raises Unsafe or Unreachable, neither of which repeats the address."""
        parts = self._parts(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        address = self._resolve(host, port)
        timeout = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        pool: urllib3.HTTPConnectionPool
        if secure:
            pool = urllib3.HTTPSConnectionPool(
                address, port, timeout=timeout, server_hostname=host, assert_hostname=host, cert_reqs="CERT_REQUIRED"
            )
        else:
            pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout)
        named = f"[{host}]" if ":" in host else host
        usual = port == (443 if secure else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return _ask(pool, path, body, {"Host": named if usual else f"{named}:{port}", **headers})

    def _parts(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise Unsafe("it is no address") from None
        schemes = ("https", "http") if self.allow_loopback else ("https",)
        if parts.scheme not in schemes or not parts.hostname or len(url) > LONGEST_URL or not url.isascii():
            raise Unsafe("it must begin with https:// and name a host")
        if parts.username or parts.password or parts.fragment or port == 0:
            raise Unsafe("it must hold no user, password or fragment")
        if any(character.isspace() or not character.isprintable() for character in url):
            raise Unsafe("it must hold no blanks")
        return parts

    def _resolve(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            raise Unreachable("its name is not known") from problem
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            self._refuse_inside(ipaddress.ip_address(address.partition("%")[0]))
        return addresses[0]

    def _refuse_inside(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if self.allow_loopback and address.is_loopback:
            return
        hiding = isinstance(address, ipaddress.IPv6Address) and any(address in network for network in _HIDING)
        if hiding or not address.is_global or address.is_multicast or address.is_reserved:
            raise Unsafe("it leads into a network that is not the public internet")


def _ask(pool: urllib3.HTTPConnectionPool, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    late = threading.Event()
    connection: Any = pool._get_conn()

    def give_up() -> None:
        late.set()
        if connection.sock is not None:
            # Closing alone does not wake a thread that reads.
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                late.set()

    watch = threading.Timer(WHOLE_SECONDS, give_up)
    watch.daemon = True
    watch.start()
    try:
        pool._put_conn(connection)
        answer = pool.urlopen(
            "POST", path, body=body, headers=dict(headers), retries=False, redirect=False, preload_content=False
        )
        reply = Reply(answer.status)
        answer.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
        raise Unreachable("it took too long" if late.is_set() else type(problem).__name__) from problem
    finally:
        watch.cancel()
        pool.close()
    return reply
