"""`doorstep mail-in`: what a mail server pipes each letter to; brings it to the desk, signed."""

import base64
import os
import sys
from pathlib import Path
from typing import NoReturn

import click
import urllib3

from services.kit import clock, hook_signing
from services.kit.events import new_id

# sysexits.h, which mail servers understand: try again later; never again; and not set up.
TEMPORARY, REFUSED, UNCONFIGURED = 75, 69, 78
LARGEST = 20 * 1024 * 1024
SECONDS = 60.0
LEAST_KEY = 24  # Bytes; Standard Webhooks takes 24 to 64.


@click.command("mail-in")
@click.option("--url", envvar="DOORSTEP_MAIL_URL", required=True, help="The mailbox's url, from GET /api/v1/mailbox.")
@click.option(
    "--secret-file",
    type=click.Path(dir_okay=False),
    envvar="DOORSTEP_MAIL_SECRET_FILE",
    help="A file with the mailbox's secret; without it DOORSTEP_MAIL_SECRET holds the secret itself.",
)
def mail_in(url: str, secret_file: str | None) -> None:
    """Bring the letter on standard input to the desk.

    Ends with 0 once the letter is on the desk's disk, with 75 where the mail server should try again, and with 69 where
    the desk refused it for good. For Postfix: `doorstep unix - n n - 4 pipe user=doorstep argv=/…/doorstep mail-in`.
    """
    secret = _secret(secret_file)
    letter = sys.stdin.buffer.read(LARGEST + 1)
    if len(letter) > LARGEST:
        _end(REFUSED, "the letter is larger than 20 MiB")
    headers = {"Content-Type": "message/rfc822", **hook_signing.signed(secret, str(new_id()), clock.now(), letter)}
    try:
        answer = urllib3.request(
            "POST", url, body=letter, headers=headers, retries=False, timeout=SECONDS, redirect=False
        )
    except urllib3.exceptions.HTTPError as problem:
        _end(TEMPORARY, f"the desk does not answer: {type(problem).__name__}")
    if answer.status == 202:
        return
    # A wrong secret, a clock that is off or a busy desk can be put right; so long the mail server keeps the letter.
    later = answer.status >= 500 or answer.status in (401, 404, 408, 425, 429)
    _end(TEMPORARY if later else REFUSED, f"the desk answered {answer.status}")


def _secret(secret_file: str | None) -> str:
    try:
        kept = Path(secret_file).read_text(encoding="ascii") if secret_file else None
        secret = (os.environ.get("DOORSTEP_MAIL_SECRET", "") if kept is None else kept).strip()
        right = secret.startswith(hook_signing.PREFIX)
        right = right and len(base64.b64decode(secret.removeprefix(hook_signing.PREFIX), validate=True)) >= LEAST_KEY
    except (OSError, ValueError):
        right = False
    if not right:
        _end(UNCONFIGURED, "give the mailbox's secret by --secret-file or DOORSTEP_MAIL_SECRET")
    return secret


def _end(status: int, words: str) -> NoReturn:
    click.echo(f"doorstep mail-in: {words}", err=True)
    sys.exit(status)
