"""The key that signs case files: reading its halves, signing, verifying, and the fingerprint people compare."""

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

SIGNATURE_BYTES = 64


class NoKey(ValueError):
    """What should be a key of ours is none."""


def read_private(pem: bytes) -> Ed25519PrivateKey:
    """Return the key that signs; raises NoKey."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise NoKey("it holds no private key in PEM") from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise NoKey("it holds a key of another kind than Ed25519")
    return key


def read_public(pem: bytes) -> Ed25519PublicKey:
    """Return the key that verifies; raises NoKey."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise NoKey("it holds no public key in PEM") from problem
    if not isinstance(key, Ed25519PublicKey):
        raise NoKey("it holds a key of another kind than Ed25519")
    return key


def public_pem(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Return the half that may be told, as PEM text."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key's 32 bytes in groups of four digits, to be read out over the phone."""
    digits = hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))


def verifies(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Say whether `signature` is this key's over `content`."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True
