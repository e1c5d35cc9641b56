"""`doorstep mail-in` tells a mail server what became of a letter by the exit status that mail servers understand."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from click.testing import CliRunner, Result

from doorstep.cli import main
from services.kit import hook_signing
from services.kit.testing import free_port

LETTER = "From: li@example.org\r\n\r\n漏水".encode()


class Desk(HTTPServer):
    """Takes letters, and answers as it is told."""

    status = 202

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/v1/mail-in/box"


class Taking(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((dict(self.headers.items()), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def desk() -> Iterator[Desk]:
    server = Desk()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def secret() -> str:
    return hook_signing.new_secret()


def pipe(url: str, secret: str, letter: bytes = LETTER, *more: str) -> Result:
    return CliRunner().invoke(
        main, ["mail-in", "--url", url, *more], input=letter, env={"DOORSTEP_MAIL_SECRET": secret}
    )


def test_a_letter_is_brought_as_it_came_and_signed_by_the_standard(desk: Desk, secret: str, tmp_path: Path) -> None:
    kept = tmp_path / "secret"
    kept.write_text(f"{secret}\n")
    assert pipe(desk.url, "", LETTER, "--secret-file", str(kept)).exit_code == 0
    ((headers, body),) = desk.taken
    assert body == LETTER
    assert headers["Content-Type"] == "message/rfc822"
    signed = {name.lower(): value for name, value in headers.items()}
    moment = datetime.fromtimestamp(int(signed["webhook-timestamp"]), UTC)
    assert (
        standardwebhooks.Webhook(secret).sign(signed["webhook-id"], moment, body.decode())
        == signed["webhook-signature"]
    )


@pytest.mark.parametrize(
    ("status", "ended"),
    [(202, 0), (503, 75), (500, 75), (429, 75), (401, 75), (404, 75), (413, 69), (422, 69), (302, 69)],
)
def test_the_mail_server_hears_whether_to_try_again(desk: Desk, secret: str, status: int, ended: int) -> None:
    desk.status = status
    assert pipe(desk.url, secret).exit_code == ended


def test_a_desk_that_is_away_gets_the_letter_later(secret: str) -> None:
    assert pipe(f"http://127.0.0.1:{free_port()}/", secret).exit_code == 75


def test_what_is_too_large_is_refused_before_it_is_sent(desk: Desk, secret: str) -> None:
    assert pipe(desk.url, secret, b"x" * (20 * 1024 * 1024 + 1)).exit_code == 69
    assert desk.taken == []


@pytest.mark.parametrize("secret", ["", "no secret", "whsec_***"])
def test_without_a_secret_nothing_is_sent_and_the_letter_stays(desk: Desk, secret: str) -> None:
    ended = pipe(desk.url, secret)
    assert (ended.exit_code, desk.taken) == (78, [])
    assert "secret" in ended.stderr
