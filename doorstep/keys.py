"""The secrets of one installation, made once in its home and readable by their owner only."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from doorstep import processes


@dataclass(frozen=True)
class Keys:
    """`secret` is shared by the services; `role_secret`, from which database passwords come, is told to none of them.

    The signing key belongs to the gateway alone; everybody verifies with the other half.
    """

    secret: str
    role_secret: str
    signing_key_file: Path
    verify_key_file: Path


def keep_keys(home: Path) -> Keys:
    """Return the secrets of `home`, made on first use."""
    folder = home / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    signing, verifying = folder / "signing-key.pem", folder / "verify-key.pem"
    if not signing.exists():
        made = Ed25519PrivateKey.generate()
        text = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        processes.write_private(signing, text)
    # Written anew each time: after a restored backup the two halves still belong together.
    processes.write_private(verifying, _public_half(signing))
    return Keys(
        secret=processes.kept_secret(folder / "secret"),
        role_secret=processes.kept_secret(folder / "role-secret"),
        signing_key_file=signing,
        verify_key_file=verifying,
    )


def _public_half(signing: Path) -> str:
    private = load_pem_private_key(signing.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise processes.CannotStart(f"{signing} holds no Ed25519 key. Move it away, and a new one is made.")
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
