"""The secrets of one installation, made once in its home and readable by their owner only."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from doorstep import processes
from services.tickets.case_file import seals


@dataclass(frozen=True)
class Keys:
    """`secret` is shared by the services; `role_secret`, from which database passwords come, is told to none of them.

    The signing key belongs to the gateway alone; everybody verifies with the other half. The case key signs the case
    files that the tickets service hands out; its other half is for whoever receives one. The VAPID key proves to push
    services that a push comes from this desk.
    """

    secret: str
    role_secret: str
    signing_key_file: Path
    verify_key_file: Path
    case_key_file: Path
    case_public_key_file: Path
    vapid_key_file: Path


def keep_keys(home: Path) -> Keys:
    """Return the secrets of `home`, made on first use."""
    folder = home / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    signing, verifying = _kept_pair(folder / "signing-key.pem", folder / "verify-key.pem")
    case, case_public = _kept_pair(case_key_file(home), folder / "case-public-key.pem")
    return Keys(
        secret=processes.kept_secret(folder / "secret"),
        role_secret=processes.kept_secret(folder / "role-secret"),
        signing_key_file=signing,
        verify_key_file=verifying,
        case_key_file=case,
        case_public_key_file=case_public,
        vapid_key_file=_kept_vapid_key(folder / "vapid-key.pem"),
    )


def case_key_file(home: Path) -> Path:
    """Where the key is kept with which this installation signs case files."""
    return home / "keys" / "case-key.pem"


def case_key(home: Path) -> Ed25519PrivateKey:
    """Return the key that signs case files: that of DOORSTEP_CASE_KEY_FILE, else of a home that has one.

    Raises CannotStart saying what to do.
    """
    told = os.environ.get("DOORSTEP_CASE_KEY_FILE", "").strip()
    file = Path(told) if told else case_key_file(home)
    try:
        return seals.read_private(file.read_bytes())
    except seals.NoKey as problem:
        raise processes.CannotStart(f"{file}: {problem}.") from problem
    except OSError as problem:
        raise processes.CannotStart(
            f"{file} cannot be read. Set DOORSTEP_CASE_KEY_FILE to the key that signs case files, or DOORSTEP_HOME."
        ) from problem


def _kept_vapid_key(file: Path) -> Path:
    """Return the file of the key for pushes, made on first use: browsers subscribe for this very key."""
    if not file.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        processes.write_private(file, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    return file


def _kept_pair(private: Path, public: Path) -> tuple[Path, Path]:
    """Return both files of a key, made on first use."""
    if not private.exists():
        made = Ed25519PrivateKey.generate()
        text = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        processes.write_private(private, text)
    # Written anew each time: after a restored backup the two halves still belong together.
    processes.write_private(public, _public_half(private))
    return private, public


def _public_half(signing: Path) -> str:
    private = load_pem_private_key(signing.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise processes.CannotStart(f"{signing} holds no Ed25519 key. Move it away, and a new one is made.")
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
