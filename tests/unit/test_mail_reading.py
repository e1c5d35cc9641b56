"""Letters as mail programs write them, and as nobody should: each is read, or said to be unreadable."""

import base64
import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tickets.mail.authenticity import Origin, origin_of
from services.tickets.mail.html_text import text_of
from services.tickets.mail.parts import Unreadable
from services.tickets.mail.quoting import answer_in, without_signature
from services.tickets.mail.reading import Letter, read_head, read_letter

HEAD = "From: Li Lei <li@example.org>\r\nTo: desk@example.org\r\nMessage-ID: <1@example.org>\r\n"


def letter(head: str = "", body: bytes = b"hello", kind: str = "text/plain; charset=utf-8") -> Letter:
    return read_letter(f"{HEAD}{head}Content-Type: {kind}\r\n\r\n".encode() + body)


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("gb18030", "8bit"), ("gb2312", "8bit"), ("gbk", "base64"), ("utf-8", "base64"), ("big5", "quoted-printable")],
)
def test_chinese_is_read_in_every_charset_it_is_written_in(charset: str, encoding: str) -> None:
    words = "廚房水管漏水" if charset == "big5" else "厨房水管漏水，卫生间镕化"
    data = words.encode("gb18030" if charset.startswith("gb") else charset)
    if encoding == "base64":
        data = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        data = "".join(f"={byte:02X}" for byte in data).encode()
    subject = f"=?{charset}?B?{base64.b64encode('漏水'.encode('gb18030' if charset[0] == 'g' else charset)).decode()}?="
    read = letter(
        f"Subject: {subject}\r\nContent-Transfer-Encoding: {encoding}\r\n", data, f"text/plain; charset={charset}"
    )
    assert read.text == words
    assert read.subject == "漏水"


@pytest.mark.parametrize(
    "named", ["", "; charset=unknown-8bit", "; charset=us-ascii", "; charset=utf-8", '; charset="']
)
def test_a_charset_that_is_missing_or_wrong_is_guessed(named: str) -> None:
    assert letter(body="电梯坏了".encode("gb18030"), kind=f"text/plain{named}").text == "电梯坏了"
    assert letter(body="电梯坏了".encode(), kind=f"text/plain{named}").text == "电梯坏了"


def test_headers_in_bare_bytes_are_read() -> None:
    raw = HEAD.encode() + "Subject: 三单元漏水\r\n\r\nx".encode("gb18030")
    assert read_letter(raw).subject == "三单元漏水"
    assert read_head(raw).subject == "三单元漏水"


def test_of_two_versions_the_plain_one_is_read_and_html_where_it_is_all_there_is() -> None:
    message = EmailMessage(policy=SMTP)
    message["From"] = "li@example.org"
    message.set_content("plain words")
    message.add_alternative("<p>other words</p>", subtype="html")
    assert read_letter(message.as_bytes()).text == "plain words"
    html = (
        "<html><head><style>p{}</style><body><p>您好，<br>厨房&nbsp;漏水<script>x()</script><blockquote>旧</blockquote>"
    )
    assert letter(body=html.encode(), kind="text/html; charset=utf-8").text == "您好，\n厨房 漏水\n> 旧"


def test_photos_are_found_and_ornaments_are_not() -> None:
    message = EmailMessage(policy=SMTP)
    message["From"] = "li@example.org"
    message.set_content("see the photos")
    message.add_attachment(b"p" * 20_000, maintype="image", subtype="jpeg", filename="漏水.jpg")
    message.add_attachment(b"h" * 20_000, maintype="application", subtype="octet-stream", filename="IMG_1.HEIC")
    message.add_attachment(b"l" * 500, maintype="image", subtype="png", filename="logo.png", disposition="inline")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bill.pdf")
    read = read_letter(message.as_bytes())
    assert [one.name for one in read.photos] == ["漏水.jpg", "IMG_1.HEIC"]
    assert [one.name for one in read.attachments] == ["漏水.jpg", "IMG_1.HEIC", "logo.png", "bill.pdf"]
    assert read.text == "see the photos"


def test_a_letter_forwarded_as_an_attachment_speaks_for_nobody() -> None:
    inner = EmailMessage(policy=SMTP)
    inner["From"] = "somebody@else.example"
    inner.set_content("inner words")
    outer = EmailMessage(policy=SMTP)
    outer["From"] = "li@example.org"
    outer.set_content("look at this")
    outer.add_attachment(inner)
    read = read_letter(outer.as_bytes())
    assert (read.senders, read.text) == (("li@example.org",), "look at this")


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("Auto-Submitted: auto-replied", "auto_submitted"),
        ("Auto-Submitted: Auto-Generated; owner-email=x", "auto_submitted"),
        ("Precedence: Bulk", "precedence"),
        ("Precedence: list", "precedence"),
        ("Precedence: junk", "precedence"),
        ("List-Id: <news.example.org>", "list"),
        ("X-Auto-Response-Suppress: All", "suppress"),
        ("Return-Path: <>", "no_return_path"),
        ("X-Autoreply: yes", "auto_reply"),
        ("Auto-Submitted: no", None),
        ("Return-Path: <li@example.org>", None),
        ("Precedence: first-class", None),
    ],
)
def test_machines_make_themselves_known(head: str, why: str | None) -> None:
    assert letter(f"{head}\r\n").automatic == why


def test_a_mail_server_is_a_machine() -> None:
    assert read_letter(b"From: MAILER-DAEMON@mx.example.org\r\n\r\nno").automatic == "mail_server"


ANSWERS = [
    (
        "还是漏水，请尽快来。\n\n张三\n发自我的iPhone\n\n> 在 2026年3月4日，10:00，D <d@example.org> 写道：\n>\n> 已报",
        "还是漏水，请尽快来。\n\n张三",
    ),
    ("明天可以\n\n2026年3月4日 10:00，Desk <d@example.org> 写道：\n> x", "明天可以"),
    (
        '明天可以\n\n------------------ 原始邮件 ------------------\n发件人: "D" <d@example.org>;\n主题: 已受理\n\n您',
        "明天可以",
    ),
    ('五点后在家\n\n\n在 2026-03-04 12:00:00，"Desk" <d@example.org> 写道：\n\n已受理\n', "五点后在家"),
    (
        "Still leaking.\n\nBest regards,\nLi\n\nOn Wed, Mar 4, 2026 at 10:00 AM Desk <d@example.org> wrote:\n> Yours",
        "Still leaking.",
    ),
    ("ok\n\nOn Wed, Mar 4, 2026 at 10:00 AM Some Long Desk Name\n<d@example.org> wrote:\n\n> abc\n> def", "ok"),
    (
        "At 5.\n\n-----Original Message-----\nFrom: Desk <d@example.org>\nSent: Wednesday\nTo: Li\n\nYour request",
        "At 5.",
    ),
    ("好的\n\nFrom: Desk <d@example.org>\nDate: 2026-03-04 10:00\nTo: li@example.org\nSubject: x\n\n您的", "好的"),
    (
        "On Wed, Mar 4, 2026 at 10 Desk <d@example.org> wrote:\n> Is five fine?\nyes\n> And the key?\nat the gate",
        "On Wed, Mar 4, 2026 at 10 Desk <d@example.org> wrote:\nyes\nat the gate",
    ),
    ("厨房漏水\n- 水槽下面\n- 阀门", "厨房漏水\n- 水槽下面\n- 阀门"),
    ("谢谢，\n水管好了，但是还漏。", "谢谢，\n水管好了，但是还漏。"),
    ("Kitchen leaks\n\nThanks\nWe are home after six.", "Kitchen leaks\n\nThanks\nWe are home after six."),
    ("从昨天开始漏水", "从昨天开始漏水"),
    ("> only what was quoted", ""),
    ("Still leaking\n-- \nLi\nUnit 3", "Still leaking"),
    ("好\n\nSent from my Huawei phone", "好"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "answer"), ANSWERS)
def test_an_answer_is_what_was_written_above_what_is_quoted(text: str, answer: str) -> None:
    assert answer_in(text) == answer


def test_a_new_letter_keeps_what_it_forwards() -> None:
    text = "请看\n\n-----Original Message-----\nFrom: Power company\nTo: all\nNo power on Monday"
    assert without_signature(text) == text


@pytest.mark.parametrize(
    ("results", "origin"),
    [
        (["mx.desk.example; dmarc=pass header.from=example.org"], Origin.PROVEN),
        (
            ["mx.desk.example; dmarc=fail (p=NONE) header.from=example.org; spf=pass smtp.mailfrom=example.org"],
            Origin.FORGED,
        ),
        (["mx.desk.example; spf=pass smtp.mailfrom=li@mail.example.org"], Origin.PROVEN),
        (["mx.desk.example 1; dkim=pass (2048-bit key) header.d=example.org header.s=a"], Origin.PROVEN),
        (["MX.Desk.Example; dkim=fail header.d=example.org; spf=pass smtp.mailfrom=example.org"], Origin.PROVEN),
        (["mx.desk.example; dkim=pass header.d=mailer.example"], Origin.UNKNOWN),
        (["mx.desk.example; dkim=pass header.d=org; spf=softfail smtp.mailfrom=example.org"], Origin.UNKNOWN),
        (["mx.desk.example; dmarc=pass header.from=other.example"], Origin.UNKNOWN),
        (["mx.desk.example; none"], Origin.UNKNOWN),
        (["mx.elsewhere.example; dmarc=pass header.from=example.org"], Origin.UNKNOWN),
        (
            [
                "mx.desk.example; spf=fail smtp.mailfrom=x.example",
                "mx.desk.example; dmarc=pass header.from=example.org",
            ],
            Origin.UNKNOWN,
        ),
        (["mx.desk.example; x=y (dmarc=pass header.from=example.org)"], Origin.UNKNOWN),
        (["mx.desk.example (; dmarc=pass header.from=example.org"], Origin.UNKNOWN),
        (["", "((((;;;;", "mx.desk.example"], Origin.UNKNOWN),
        ([], Origin.UNKNOWN),
    ],
)
def test_only_our_own_server_says_where_a_letter_comes_from(results: list[str], origin: Origin) -> None:
    assert origin_of(results, ["mx.desk.example"], "li@example.org") is origin


HOSTILE = [
    b"",
    b"\r\n\r\n",
    b"\x00\xff\xfe" * 100,
    b"From: <<<>>>,,;:@\r\nSubject: =?utf-8?B?%%%?=\r\n\r\n",
    b"From: =?x?Q?=00?= <a@b>\r\nContent-Type: multipart/mixed\r\n\r\nno boundary",
    b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
    b"Content-Type: text/plain; charset*=x''%00; name*0*=utf-8''%ff\r\n\r\n\xff",
    b"Content-Type: text/plain; charset=rot13\r\n\r\nuryyb",
    b"Content-Type: text/plain; charset=idna\r\n\r\n\xff",
    b"Content-Transfer-Encoding: base64\r\n\r\n=====%%%",
    b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin\x00",
    b"Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n" * 50,
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=a\r\n\r\n--a\r\n"
    b"Content-Type: message/delivery-status\r\n\r\nAction\r\n\xff\r\n--a--",
    b"From: a@b\r\nFrom: c@d\r\n\r\nx",
    b"References: " + b"<a@b> " * 20_000 + b"\r\n\r\nx",
    b"From: " + b"a@b," * 20_000 + b"\r\n\r\nx",
    b"Subject: " + b"=?utf-8?Q?a?= " * 10_000 + b"\r\n\r\nx",
    b"A: b\r\n" * 50_000 + b"\r\nx",
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\nx\r\n" * 5_000,
    b"Content-Type: text/html\r\n\r\n" + b"<!--" * 75_000,
    b"Content-Type: text/html\r\n\r\n" + b"<div>" * 60_000,
    b"Content-Type: text/html\r\n\r\n" + b"</" * 150_000,
    b"Authentication-Results: " + b"(" * 50_000 + b"\r\n\r\n" + b"\n" * 100_000,
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_letter_is_read_or_unreadable_and_soon(raw: bytes) -> None:
    began = time.monotonic()
    read_head(raw)
    try:
        read = read_letter(raw)
    except Unreadable:
        return
    finally:
        assert time.monotonic() - began < 5
    answer_in(read.text)
    origin_of(read.results, ["x"], "a@b.c")
    assert "\x00" not in read.text + read.subject + "".join(one.name for one in read.attachments)


@pytest.mark.parametrize("depth", [50, 1000])
def test_letters_within_letters_end_somewhere(depth: int) -> None:
    raw = b"From: a@b.c\r\n"
    for number in range(depth):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
    try:
        assert read_letter(raw + b"\r\nx").senders == ("a@b.c",)
    except Unreadable:
        assert depth == 1000


@given(
    st.binary(max_size=2000),
    st.sampled_from(["", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n", "From: "]),
)
def test_no_bytes_are_too_much(raw: bytes, before: str) -> None:
    read_head(before.encode() + raw)
    try:
        read = read_letter(before.encode() + raw)
    except Unreadable:
        return
    (read.text + read.subject).encode()
    assert answer_in(read.text) is not None


@given(st.text(max_size=500))
def test_html_and_answers_take_any_text(text: str) -> None:
    text_of(text)
    assert len(answer_in(text)) <= len(text)
