"""Letters that are made to be believed, or to keep the desk busy: what a sender writes is never a server's word."""

import time

import pytest

from services.tickets.mail.authenticity import Origin, origin_of
from services.tickets.mail.html_text import text_of
from services.tickets.mail.reading import read_head, read_letter

VICTIM = "li@victim.example"
SPOKEN = "dkim=pass header.d=victim.example"


@pytest.mark.parametrize(
    "header",
    [
        f'mx.ours; spf=pass smtp.mailfrom="a; {SPOKEN} "@evil.example',
        f'mx.ours; spf=pass (domain of "x) ; {SPOKEN} ("@evil.example may send) smtp.mailfrom=evil.example',
        f'mx.ours; spf=pass (domain of "x\\) ; {SPOKEN} (y"@evil.example may send) smtp.mailfrom=evil.example',
        'mx.ours; dmarc=none; spf=pass smtp.mailfrom="a; dmarc=pass header.from=victim.example "@evil.example',
    ],
)
def test_what_a_sender_put_into_the_servers_words_proves_nothing(header: str) -> None:
    assert origin_of([header], ["mx.ours"], VICTIM) is Origin.UNKNOWN


def test_no_header_below_a_broken_one_is_asked() -> None:
    assert origin_of(["mx.ours; spf=fail (open", f"mx.ours; {SPOKEN}"], ["mx.ours"], VICTIM) is Origin.UNKNOWN


def test_plain_quoting_is_still_read() -> None:
    header = f'mx.ours; spf=none smtp.mailfrom="li wei"@victim.example; {SPOKEN} (a key of 2048 bits)'
    assert origin_of([header], ["mx.ours"], VICTIM) is Origin.PROVEN


def test_brackets_within_brackets_break_nothing() -> None:
    raw = b"From: " + b"(" * 9000 + b"\r\n\r\nhello"
    assert read_head(raw).sender == ""
    assert read_letter(raw).senders == ()


@pytest.mark.parametrize("tag", ["<a b=", "<a b", "<a b='", "<a ", "<"])
def test_tags_without_an_end_take_no_time(tag: str) -> None:
    begun = time.process_time()
    text_of(tag * (300_000 // len(tag)))
    assert time.process_time() - begun < 5


def test_attributes_are_no_words() -> None:
    said = text_of("<p class=x style='color:red'>Leak<br/>in <a href=\"https://x.example/?a=1\">the</a> hall</p>")
    assert said == "Leak\nin the hall"
