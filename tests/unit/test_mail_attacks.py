"""Letters that are made to be believed, or to keep the desk busy: what a sender writes is never a server's word."""

import time

import pytest

from services.tickets.mail.authenticity import Origin, origin_of
from services.tickets.mail.html_text import text_of
from services.tickets.mail.parts import Unreadable
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


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"], ids=["crlf", "lf", "cr"])
@pytest.mark.parametrize(("depth", "lines"), [(90, 200_000), (0, 4_000_000)])
def test_a_letter_of_very_many_lines_is_not_begun(depth: int, lines: int, end: bytes) -> None:
    parts = b"".join(b'Content-Type: Multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))
    raw = parts.replace(b"\n", end) + b"Content-Type: text/plain" + end * lines
    with pytest.raises(Unreadable, match="too many lines"):
        read_letter(raw)


def test_the_largest_letter_with_photos_is_read() -> None:
    photo = (b"QUJD" * 19 + b"\r\n") * (20 * 1024 * 1024 // 78)
    raw = b"From: a@b.c\r\n"
    for number, kind in enumerate((b"mixed", b"related", b"alternative")):
        raw += b"Content-Type: multipart/%s; boundary=b%d\r\n\r\n--b%d\r\n" % (kind, number, number)
    raw += b"Content-Type: text/plain\r\n\r\nA leak\r\n--b2--\r\n--b1\r\nContent-Type: image/jpeg; name=a.jpg\r\n"
    letter = read_letter(raw + b"Content-Transfer-Encoding: base64\r\n\r\n" + photo + b"--b1--\r\n--b0--\r\n")
    assert (letter.text, len(letter.photos)) == ("A leak", 1)
