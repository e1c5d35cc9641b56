"""Attacks on access tokens: whatever a token says about how to check it, one key and one algorithm decide."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient

from gateway.web import guard
from services.kit import clock, identity
from services.kit.http.access import declared
from services.kit.testing import actor, at, keys
from tests.gateway.conftest import FakeService, Organisation, bearer, sign_in


def encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def claims(**changes: Any) -> dict[str, Any]:
    who = actor("admin")
    good = jwt.decode(identity.mint(who, keys()[0]), options={"verify_signature": False})
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


def signed(payload: dict[str, Any], **headers: Any) -> str:
    return jwt.encode(payload, keys()[0], algorithm="EdDSA", headers={"typ": "at+jwt", **headers})


def unsigned() -> str:
    return f"{encode({'alg': 'none', 'typ': 'at+jwt'})}.{encode(claims())}."


def signed_with_the_public_key() -> str:
    content = f"{encode({'alg': 'HS256', 'typ': 'at+jwt'})}.{encode(claims())}"
    digest = hmac.new(keys()[1].encode(), content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def of_another_key(**headers: Any) -> str:
    return jwt.encode(claims(), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"typ": "at+jwt", **headers})


ATTACKS = {
    "no signature": unsigned,
    "the public key as a shared secret": signed_with_the_public_key,
    "another key": of_another_key,
    "another key, named by kid": lambda: of_another_key(kid="../../dev/null"),
    "another key, linked by jku": lambda: of_another_key(jku="https://attacker.example/keys"),
    "another key, enclosed": lambda: of_another_key(jwk={"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
    "another type": lambda: signed(claims(), typ="JWT"),
    "another audience": lambda: signed(claims(aud="elsewhere")),
    "no audience": lambda: signed(claims(aud=None)),
    "another issuer": lambda: signed(claims(iss="elsewhere")),
    "ended": lambda: signed(claims(exp=1)),
    "without an end": lambda: signed(claims(exp=None)),
    "a role nobody has": lambda: signed(claims(role="system")),
    "an organisation that is no id": lambda: signed(claims(org="' OR 1=1 --")),
    "units that are no ids": lambda: signed(claims(units=["x,y"])),
    "no token at all": lambda: "",
    "not three parts": lambda: "a.b",
    "a NUL": lambda: "a.b.\u00ff",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(client: FlaskClient, attack: str) -> None:
    answer = client.get("/api/v1/accounts", headers={"Authorization": f"Bearer {ATTACKS[attack]()}"})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_header_naming_a_user_signs_nobody_in(client: FlaskClient) -> None:
    answer = client.get("/api/v1/me", headers={"X-User": "admin1", "X-Forwarded-User": "admin1"})
    assert answer.status_code == 401


def test_a_cookie_or_a_query_carries_no_token(client: FlaskClient, organisation: Organisation) -> None:
    token = sign_in(client, organisation.open()["login"])["access_token"]
    client.set_cookie("access_token", token)
    assert client.get("/api/v1/me").status_code == 401
    assert client.get(f"/api/v1/stream?access_token={token}").status_code == 401


def test_an_access_token_ends(client: FlaskClient, organisation: Organisation) -> None:
    with at(clock.now() - timedelta(minutes=16)):
        tokens = sign_in(client, organisation.open()["login"])
    assert client.get("/api/v1/me", headers=bearer(tokens)).status_code == 401


def test_every_route_declares_its_access(app: Flask) -> None:
    undeclared = [rule.rule for rule in app.url_map.iter_rules() if declared(app.view_functions[rule.endpoint]) is None]
    assert undeclared == []


def test_what_is_open_to_anybody_is_known(app: Flask) -> None:
    views = {rule.rule: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()}
    # Pages have a declaration of their own: tests/gateway/web/test_web_guard.py.
    found = {rule for rule, view in views.items() if declared(view) == {"public"} and guard.declared(view) is None}
    assert found == {
        "/docs",
        "/s/<token>",
        "/confirm/<token>",
        "/o/<token>",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/api/v1/openapi.json",
        "/api/v1/auth/token",
        "/api/v1/auth/refresh",
        "/api/v1/auth/revoke",
        "/api/v1/auth/invitation",
        "/api/v1/auth/invitation/accept",
    }


def test_every_answer_carries_the_security_headers(client: FlaskClient, services: dict[str, FakeService]) -> None:
    for path in ("/", "/docs", "/api/v1/me", "/api/v1/pool", "/nothing", "/healthz"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["Content-Security-Policy"].startswith("default-src 'none'"), path
        assert headers["Referrer-Policy"] == "no-referrer", path
