"""What letters carry home: references that only this installation makes, and digests that give no address away."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks

from services.kit import hook_signing, letters
from services.kit.testing import fresh

SECRET = "a secret of the tests"
NOW = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
BODY = "From: li@example.org\r\n\r\n漏水".encode()


def test_a_reply_token_leads_back_to_its_ticket_and_fits_into_an_address() -> None:
    organisation, ticket = fresh(), fresh()
    token = letters.reply_token(SECRET, organisation, ticket)
    assert letters.read_reply_token(SECRET, organisation, token) == ticket
    assert letters.read_reply_token(SECRET, organisation, token.upper()) == ticket
    assert re.fullmatch("[a-z2-7]{42}", token), "a local part has 64 characters at the most"


def test_a_message_id_tells_the_delivery_and_the_ticket_if_there_was_one() -> None:
    organisation, delivery, ticket = fresh(), fresh(), fresh()
    both = letters.message_id(SECRET, organisation, delivery, ticket, "desk.example.org")
    alone = letters.message_id(SECRET, organisation, delivery, None, "desk.example.org")
    assert letters.read_message_id(SECRET, organisation, f" {both} ") == letters.Sent(delivery, ticket)
    assert letters.read_message_id(SECRET, organisation, alone) == letters.Sent(delivery, None)
    assert both == letters.message_id(SECRET, organisation, delivery, ticket, "desk.example.org")


def test_what_was_made_elsewhere_or_for_another_organisation_leads_nowhere() -> None:
    organisation, ticket = fresh(), fresh()
    token = letters.reply_token(SECRET, organisation, ticket)
    assert letters.read_reply_token("another secret", organisation, token) is None
    assert letters.read_reply_token(SECRET, fresh(), token) is None
    alone = letters.message_id(SECRET, organisation, ticket, None, "x.org")
    assert letters.read_reply_token(SECRET, organisation, alone[1:43]) is None, "a letter's reference is no reply token"
    for place in range(0, 42, 5):
        other = "a" if token[place] != "a" else "b"
        assert letters.read_reply_token(SECRET, organisation, token[:place] + other + token[place + 1 :]) is None


@pytest.mark.parametrize("odd", ["", "a", "1" * 42, "ä" * 42, "a" * 41, "a" * 43, "<@>", "<a@b>", f"<{'a' * 68}@>"])
def test_what_looks_otherwise_is_not_ours(odd: str) -> None:
    assert letters.read_reply_token(SECRET, fresh(), odd) is None
    assert letters.read_message_id(SECRET, fresh(), odd) is None


def test_an_address_has_one_digest_an_organisation_whatever_its_case() -> None:
    organisation = fresh()
    digest = letters.address_digest(SECRET, organisation, " Li@Example.org ")
    assert digest == letters.address_digest(SECRET, organisation, "li@example.ORG")
    assert digest != letters.address_digest(SECRET, fresh(), "li@example.org")
    assert digest != letters.address_digest("another secret", organisation, "li@example.org")


def test_what_a_stranger_to_us_signs_by_the_standard_is_accepted() -> None:
    secret = hook_signing.new_secret()
    moment = datetime.now(UTC)
    signature = standardwebhooks.Webhook(secret).sign("msg_1", moment, BODY.decode())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": f"v1a,other {signature}",
    }
    assert hook_signing.is_signed([hook_signing.new_secret(), secret], headers, moment, BODY)


def test_an_altered_old_or_half_signed_message_is_refused() -> None:
    secret = hook_signing.new_secret()
    good = hook_signing.signed(secret, "msg_1", NOW, BODY)
    assert hook_signing.is_signed([secret], good, NOW, BODY)
    assert not hook_signing.is_signed([secret], good, NOW, BODY + b" ")
    assert not hook_signing.is_signed([hook_signing.new_secret()], good, NOW, BODY)
    assert not hook_signing.is_signed([], good, NOW, BODY)
    assert not hook_signing.is_signed([secret], good, NOW + timedelta(minutes=6), BODY)
    assert not hook_signing.is_signed([secret], good, NOW - timedelta(minutes=6), BODY)
    for name in hook_signing.HEADERS:
        assert not hook_signing.is_signed([secret], {**good, name: ""}, NOW, BODY)
        assert not hook_signing.is_signed([secret], {**good, name: "²é"}, NOW, BODY)
    assert not hook_signing.is_signed([secret], {**good, "webhook-signature": "v1,eA=="}, NOW, BODY)
