"""Makes the secrets of one installation in a folder, each process told no more than it needs; repeating it keeps them.

mkdir -p deploy/secrets
docker run --rm --user "$(id -u):$(id -g)" -v "$PWD/deploy/secrets:/secrets" doorstep:0.1.0 deploy.make_secrets /secrets

DATABASE_URL and AMQP_URL name servers of somebody else's; without them the addresses are those of compose.yaml.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from doorstep.keys import Keys, keep_keys
from doorstep.private_rabbitmq import USER, VHOST, definitions_for
from doorstep.processes import kept_secret, write_private
from services.kit import migrate

OWNER = "doorstep_owner"
# Containers run as users of their own, who cannot read what only the operator may. The folder around these files is
# closed to everybody else on the machine, so that only the container into which one is mounted can read it.
MOUNTED = (
    "database-password", "broker-users.json", "keys/signing-key.pem", "keys/verify-key.pem", "keys/case-key.pem",
    "keys/vapid-key.pem",
)  # fmt: skip
# Compose reads a dollar, a quote or a hash in such a file in its own way, and kubectl does not.
UNSAFE = set("$\"'#`\\ \t\n")


def make(folder: Path, environ: Mapping[str, str]) -> None:
    """Write what is missing, and every address anew. Raises SystemExit for an address that cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    keys = keep_keys(folder)
    owner_password, broker_password = (kept_secret(folder / f"{who}-password") for who in ("database", "broker"))
    server = environ.get("DATABASE_URL") or f"postgresql://{OWNER}:{quote(owner_password)}@postgres:5432/postgres"
    broker = environ.get("AMQP_URL") or f"amqp://{USER}:{quote(broker_password)}@rabbitmq:5672/{VHOST}"
    _write(folder / "migrate.env", {"DATABASE_URL": server, "DOORSTEP_ROLE_SECRET": keys.role_secret})
    for service in migrate.SERVICES:
        for process in ("web", "worker"):
            values = addresses(service, process, server=server, broker=broker, keys=keys)
            _write(folder / f"{service}-{process}.env", values)
    write_private(folder / "broker-users.json", json.dumps(users(broker_password)))
    for name in MOUNTED:
        (folder / name).chmod(0o644)


def addresses(service: str, process: str, *, server: str, broker: str, keys: Keys) -> dict[str, str]:
    """Return the secret part of one process's environment.

    Settings ask for both of a service's database addresses, but a process uses only its own: it is given that one
    under both names, so that a stolen web process cannot step out of row-level security as the worker. For the same
    reason a web process, which never speaks to the broker, learns where it is but no password.
    """
    own = migrate.database_url(server, keys.role_secret, service, worker=process == "worker")
    return {
        f"{service.upper()}_DATABASE_URL": own,
        f"{service.upper()}_WORKER_DATABASE_URL": own,
        "AMQP_URL": broker if process == "worker" else _without_password(broker),
        "DOORSTEP_SECRET": keys.secret,
    }


def users(password: str) -> dict[str, object]:
    """Return the broker's definitions that are secret; the rest is in rabbitmq/definitions.json."""
    whole = definitions_for(password)
    return {name: whole[name] for name in ("users", "permissions")}


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _write(file: Path, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if UNSAFE & set(value):
            sys.exit(f"{name} holds a character that must be written as % and two digits in an address.")
    write_private(file, "".join(f"{name}={value}\n" for name, value in values.items()))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.make_secrets FOLDER")
    make(Path(sys.argv[1]), os.environ)
