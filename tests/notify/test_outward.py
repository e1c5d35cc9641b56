"""What others write down as an address leads to the public internet, or nowhere."""

import socket
from typing import Any

import pytest

from services.notify.outward import Outward, Unreachable, Unsafe
from tests.notify.receiving import receiving

INSIDE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "2001::1",
]  # fmt: skip


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to one answer after the other; returns what was asked."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, *_args: Any, **_kwargs: Any) -> list[Any]:
        if host == "127.0.0.1":  # An address means itself.
            found = [host]
        else:
            asked.append(host)
            found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr("services.notify.outward.socket.getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_ever_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    literal = f"https://[{address}]/x" if ":" in address else f"https://{address}/x"
    with pytest.raises(Unsafe):
        Outward().check(literal)
    resolving(monkeypatch, [address])
    with pytest.raises(Unsafe):
        Outward().post("https://innocent.example/x", b"{}", {})


def test_one_address_inside_among_many_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(Unsafe):
        Outward().post("https://innocent.example/x", b"{}", {})


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_other_spellings_of_this_machine_are_resolved_and_refused(host: str) -> None:
    with pytest.raises((Unsafe, Unreachable)):
        Outward().post(f"https://{host}/x", b"{}", {})


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "ftp://example.org/", "https://", "https://u:p@example.org/", "https://example.org:0/",
     "https://example.org:99999/", "https://exa mple.org/", "https://example.org/\r\nX: y", "https://[::1", "//x.org",
     "https://例子.example/", "https://example.org/#a", "https://example.org/" + "a" * 2000],
)  # fmt: skip
def test_what_is_no_plain_https_address_is_refused(url: str) -> None:
    with pytest.raises(Unsafe):
        Outward().check(url)


def test_the_name_is_asked_once_and_that_very_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means something else a moment later (DNS rebinding) changes nothing."""
    with receiving() as receiver:
        port = receiver.url.rpartition(":")[2]
        asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
        reply = Outward(allow_loopback=True).post(f"http://rebinding.example:{port}/x?y=1", b"{}", {"A": "b"})
        assert (reply.status, asked) == (201, ["rebinding.example"])
        ((path, headers, _),) = receiver.taken
        assert (path, headers["host"], headers["a"]) == ("/x?y=1", f"rebinding.example:{port}", "b")


def test_a_redirect_is_an_answer_and_no_way() -> None:
    with receiving() as receiver:
        receiver.answers = [302]
        assert Outward(allow_loopback=True).post(f"{receiver.url}/a", b"{}", {}).status == 302
        assert receiver.asked == 1


def test_loopback_is_for_tests_alone_and_opens_nothing_else() -> None:
    with pytest.raises(Unsafe):
        Outward(allow_loopback=True).check("https://10.0.0.1/")
    with receiving() as receiver, pytest.raises(Unsafe):
        Outward().post(receiver.url, b"{}", {})


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notify.outward.WHOLE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(Unreachable, match="too long"):
        Outward(allow_loopback=True).post(f"http://127.0.0.1:{mute.getsockname()[1]}/", b"{}", {})
