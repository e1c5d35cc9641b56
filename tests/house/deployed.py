"""Reads deploy/ for the tests of this folder, and the environment that it gives to each process."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from gateway import settings as gateway_settings
from services.kit.migrate import SERVICES
from services.kit.settings import Reader, load
from services.notify import settings as notify_settings
from services.surveys import settings as surveys_settings
from services.tickets import settings as tickets_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"].startswith("doorstep:")}
# `migrate` ends by itself; all the others stay.
STAYING = {name: one for name, one in COMPOSE["services"].items() if name != "migrate"}
PROCESSES = {name: one for name, one in OURS.items() if name in STAYING}
EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (DEPLOY / "env.example").read_text(), re.M))
MANIFESTS = [
    (f"{path.stem}-{one['kind']}-{one.get('metadata', {}).get('name')}", one)
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for one in yaml.safe_load_all(path.read_text())
    if one["kind"] != "Kustomization"
]
DEPLOYMENTS = [one for _, one in MANIFESTS if one["kind"] == "Deployment"]
PODS = [one for _, one in MANIFESTS if one["kind"] in ("Deployment", "Job")]
CONFIGURATION = next(one["data"] for _, one in MANIFESTS if one["kind"] == "ConfigMap")
# Read by boto3 for itself, from a secret that an operator makes.
MADE_BY_HAND = {"doorstep-photos", "doorstep-mail"}


def files() -> list[Path]:
    """Return what is kept in deploy/, without what an operator makes there."""
    made = {DEPLOY / "secrets", DEPLOY / "tls", DEPLOY / ".env"}
    found = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return [path for path in found if not made & {path, *path.parents}]


def make_secrets(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "deploy.make_secrets", str(folder)]
    return subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)


def variables(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def filled(value: object, given: dict[str, str]) -> str:
    """Return a value of compose.yaml with ${NAME:-default} and ${NAME:?complaint} put in."""
    return re.sub(
        r"\$\{(\w+):([-?])([^}]*)\}",
        lambda found: given.get(found[1]) or (found[3] if found[2] == "-" else ""),
        str(value),
    )


def compose_environment(process: str, secrets: Path, given: dict[str, str]) -> dict[str, str]:
    one = OURS[process]
    own = {name: filled(value, given) for name, value in one["environment"].items()}
    for name in one["env_file"]:
        own |= variables(secrets / Path(name).name)
    return {name: value.replace("/run/secrets", str(secrets / "keys")) for name, value in own.items()}


def pod_environment(workload: dict, secrets: Path) -> dict[str, str]:
    own: dict[str, str] = {}
    for source in workload["spec"]["template"]["spec"]["containers"][0]["envFrom"]:
        if "configMapRef" in source:
            own |= CONFIGURATION
        elif source["secretRef"]["name"] not in MADE_BY_HAND:
            own |= variables(secrets / f"{source['secretRef']['name'].removeprefix('doorstep-')}.env")
    return {name: value.replace("/run/keys", str(secrets / "keys")) for name, value in own.items()}


def settings_of(module: str, process: str) -> object:
    """Read the settings as the process does; raises SettingsError naming what is missing."""
    return {
        "services.tickets": lambda: tickets_settings.load(signs=process == "web"),
        "services.notify": notify_settings.load,
        "services.surveys": surveys_settings.load,
        "gateway": gateway_settings.load if process == "web" else lambda: load("gateway"),
        "doorstep": lambda: asked("DATABASE_URL", "DOORSTEP_ROLE_SECRET"),
    }[module]()


def asked(*names: str) -> None:
    reader = Reader()
    for name in names:
        reader.text(name)
    reader.done()


def known_names() -> set[str]:
    """Return every variable that the code reads."""
    read = [*ROOT.glob("services/*/*.py"), *ROOT.glob("gateway/*.py"), *ROOT.glob("doorstep/*.py")]
    text = "\n".join(path.read_text() for path in read)
    prefixed = re.findall(r"\{(?:prefix|name\.upper\(\))\}_([A-Z_]+)\"", text)
    return set(re.findall(r"\"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\"", text)) | {
        f"{service.upper()}_{name}" for service in SERVICES for name in prefixed
    }
