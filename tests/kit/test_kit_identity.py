"""Tokens: only what we signed, for us, of this kind and still in time, says who is asking."""

import base64
import dataclasses
import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.kit import clock, identity
from services.kit.errors import Unauthenticated
from services.kit.testing import actor, fresh, keys


def claims(**changes) -> dict:
    now = int(clock.now().timestamp())
    given = {
        "iss": "doorstep", "aud": "doorstep", "sub": fresh(), "org": fresh(), "role": "crew", "communities": [],
        "units": [], "skills": [], "locale": "en", "iat": now, "exp": now + 60,
    }  # fmt: skip
    given |= changes
    return {name: value for name, value in given.items() if value is not ...}


def signed(
    given: dict, *, key: str | None = None, algorithm: str = "EdDSA", typ: str | None = "at+jwt", **header
) -> str:
    return jwt.encode(given, key or keys()[0], algorithm=algorithm, headers={"typ": typ, **header})


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        identity.verify(token, keys()[1])


def test_an_actor_comes_back_as_it_was_minted():
    who = actor("crew", community_ids=(fresh(),), unit_ids=(fresh(), fresh()), skills=("lift", "gas"), locale="en")
    assert identity.verify(identity.mint(who, keys()[0]), keys()[1]) == who


def test_what_we_signed_by_hand_is_accepted_so_that_the_refusals_below_mean_something():
    assert identity.verify(signed(claims()), keys()[1]).role == "crew"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody-else"}, {"aud": ...}, {"iss": "somebody-else"}, {"iss": ...},
        {"exp": 1}, {"exp": ...}, {"exp": "soon"}, {"iat": ...}, {"iat": 99999999999}, {"nbf": 99999999999},
        {"sub": ...}, {"sub": "1"}, {"sub": 5}, {"org": ...}, {"org": None}, {"org": "x' OR 1=1"},
        {"role": "system"}, {"role": ...}, {"role": ["admin"]}, {"role": "Admin"},
        {"communities": ["x"]}, {"communities": ...}, {"communities": 5}, {"units": [None]}, {"units": {"a": 1}},
        {"skills": None}, {"skills": 5},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_with_a_wrong_claim_is_refused(changes):
    refused(signed(claims(**changes)))


@pytest.mark.parametrize("typ", ["JWT", "rt+jwt", None, "", "AT+JWT "])
def test_a_token_of_another_kind_is_refused(typ):
    refused(signed(claims(), typ=typ))


def test_an_unsigned_token_is_refused():
    for algorithm in ("none", "None", "nOnE"):
        header = part({"alg": algorithm, "typ": "at+jwt"})
        refused(f"{header}.{part(claims())}.")
        refused(f"{header}.{part(claims())}.AAAA")


def test_the_public_key_is_no_secret_to_sign_with():
    unsigned = f"{part({'alg': 'HS256', 'typ': 'at+jwt'})}.{part(claims())}"
    for secret in (keys()[1], keys()[1].strip(), ""):
        digest = hmac.new(secret.encode(), unsigned.encode(), hashlib.sha256).digest()
        refused(f"{unsigned}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}")


def test_another_key_or_another_algorithm_is_refused():
    encoding, form, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    other = Ed25519PrivateKey.generate().private_bytes(encoding, form, plain).decode()
    refused(signed(claims(), key=other))
    rsa_key = rsa.generate_private_key(65537, 2048).private_bytes(encoding, form, plain).decode()
    refused(signed(claims(), key=rsa_key, algorithm="RS256"))


def test_a_key_that_the_token_brings_along_is_never_followed():
    other = Ed25519PrivateKey.generate()
    pem = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    for header in ({"kid": "../../dev/null"}, {"jku": "http://127.0.0.1:9/k"}, {"x5u": "http://127.0.0.1:9/k"}):
        refused(signed(claims(), key=pem, **header))
        assert identity.verify(signed(claims(), **header), keys()[1])


def test_a_token_altered_by_one_letter_is_refused():
    header, payload, signature = signed(claims()).split(".")
    refused(f"{header}.{part(claims(role='admin'))}.{signature}")
    refused(f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}")


@pytest.mark.parametrize(
    "garbage",
    ["", ".", "..", "...", "a.b.c", "é.ü.ß", "\x00.\x00.\x00", "null", "e30.e30.e30", "A" * 100_000, "." * 10_000,
     "\ud800"],
    ids=range(12),
)  # fmt: skip
def test_garbage_is_refused(garbage):
    refused(garbage)


def test_a_token_ends_when_its_time_is_over():
    old = identity.mint(actor(), keys()[0], at=clock.now() - identity.ACCESS_LIFETIME - timedelta(seconds=1))
    refused(old)
    assert identity.verify(identity.mint(actor(), keys()[0], at=clock.now() - timedelta(minutes=14)), keys()[1])


def test_the_refusal_speaks_both_languages():
    with pytest.raises(Unauthenticated) as refusal:
        identity.verify("x", keys()[1])
    assert "sign in" in refusal.value.sentence("en")
    assert "登录" in refusal.value.sentence("zh-CN")


def test_the_desk_itself_is_nobody_who_could_sign_in():
    desk = identity.system_actor(fresh())
    assert not desk.is_staff
    refused(identity.mint(dataclasses.replace(desk), keys()[0]))
