"""The compose file, its secrets, the image and what watches them are checked against the code they run."""

import ast
import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from compose_pydantic.models import ComposeSpecification
from deployed import (
    COMPOSE,
    CONFIGURATION,
    DEPLOY,
    DEPLOYMENTS,
    EXAMPLE,
    OURS,
    PROCESSES,
    ROOT,
    STAYING,
    VERSION,
    compose_environment,
    files,
    known_names,
    make_secrets,
    settings_of,
    variables,
)

from doorstep.private_rabbitmq import POLICIES, definitions_for
from gateway import nginx
from services.kit.migrate import SERVICES, role_name

# A private key, an address with a password in it, or a password beside its name.
TOO_TELLING = re.compile(
    r"PRIVATE KEY-----|://(?!user:password@)[^/\s:@]+:[^@\s]+@"
    r"|^\s*\w*(PASSWORD|SECRET|TOKEN)\s*[:=]\s*[^\s/]",
    re.M,
)


def test_the_compose_file_keeps_to_the_compose_specification():
    # The models are made from the specification's schema and refuse what it does not name; x- keys are ours by right.
    ComposeSpecification.model_validate({key: one for key, one in COMPOSE.items() if not key.startswith("x-")})


def test_every_service_runs_a_web_process_and_a_worker():
    modules = {"gateway": "gateway"} | {name: f"services.{name}" for name in SERVICES if name != "gateway"}
    wanted = {(modules[service], process) for service in SERVICES for process in ("web", "worker")}
    assert {tuple(one["command"]) for one in PROCESSES.values()} == wanted
    assert {tuple(one["spec"]["template"]["spec"]["containers"][0]["args"]) for one in DEPLOYMENTS} == wanted
    assert all(find_spec(f"{module}.__main__") for module in [*modules.values(), "doorstep"])


@pytest.mark.parametrize("name", STAYING)
def test_every_process_is_watched_bounded_and_stopped_gracefully(name):
    one = STAYING[name]
    assert one["healthcheck"]["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= one["healthcheck"].keys()
    assert one["stop_signal"] in ("SIGTERM", "SIGINT", "SIGQUIT")
    # gunicorn and the loops of a worker take up to 15 s each to finish.
    assert one["stop_grace_period"] in ("30s", "1m")
    assert one["restart"] == "unless-stopped"
    assert one["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_of_ours_asks_itself_on_its_own_port_and_writes_nowhere(name):
    one = PROCESSES[name]
    port = next(str(value) for key, value in one["environment"].items() if re.fullmatch(r"[A-Z]+(_METRICS)?_PORT", key))
    assert f"127.0.0.1:{port}/healthz" in one["healthcheck"]["test"][-1]
    assert one["read_only"] is True
    assert one["init"] is True
    assert "cap_add" not in one
    assert one["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_only_nginx_is_published_and_the_servers_are_on_networks_of_their_own():
    assert [name for name, one in COMPOSE["services"].items() if "ports" in one] == ["nginx"]
    outside = {name for name, one in COMPOSE["services"].items() if "outside" in one["networks"]}
    assert outside == {"nginx", "notify-worker"}
    assert all(COMPOSE["networks"][name] == {"internal": True} for name in ("desk", "data", "bus"))
    assert COMPOSE["services"]["postgres"]["networks"] == ["data"]
    assert COMPOSE["services"]["rabbitmq"]["networks"] == ["bus"]
    # Request threads only write the outbox: no web process reaches the broker.
    assert {name for name in PROCESSES if "bus" in PROCESSES[name]["networks"]} == {
        f"{name}-worker" for name in SERVICES
    }


def test_nginx_finds_each_service_under_its_name_and_port():
    for service, port in nginx.PORTS.items():
        assert OURS[service]["environment"][f"{service.upper()}_PORT"] == port
        assert {"desk"} <= {*OURS[service]["networks"]} & {*COMPOSE["services"]["nginx"]["networks"]}


def test_every_file_that_compose_mounts_is_there(secrets):
    for one in COMPOSE["configs"].values():
        assert (DEPLOY / one["file"]).is_file()
    for one in COMPOSE["secrets"].values():
        assert (secrets / Path(one["file"]).relative_to("secrets")).is_file()
    for one in OURS.values():
        assert all((secrets / Path(name).name).is_file() for name in one["env_file"])
    assert (DEPLOY / "static").is_dir()


@pytest.mark.parametrize("given", [EXAMPLE, {"DOORSTEP_PUBLIC_URL": "https://desk.example.org"}], ids=["all", "least"])
@pytest.mark.parametrize("name", OURS)
def test_a_process_starts_with_what_compose_gives_it(name, given, secrets, monkeypatch):
    monkeypatch.setattr("os.environ", compose_environment(name, secrets, given))
    settings_of(*OURS[name]["command"])


def test_no_variable_is_set_that_nobody_reads(secrets):
    named = {*EXAMPLE, *CONFIGURATION, *(name for one in OURS.values() for name in one["environment"])}
    for file in secrets.glob("*.env"):
        named |= variables(file).keys()
    assert named - known_names() == set()


def test_every_choice_of_an_operator_is_explained_and_used():
    written = (DEPLOY / "env.example").read_text().splitlines()
    unexplained = [line for above, line in zip(written, written[1:], strict=False) if "=" in line[:40]
                   and re.match(r"[A-Z]", line) and not above.startswith("# ")]  # fmt: skip
    assert unexplained == []
    used = dict(re.findall(r"\$\{(\w+):[-?]([^}]*)\}", (DEPLOY / "compose.yaml").read_text()))
    assert used.keys() == EXAMPLE.keys()
    assert {name: EXAMPLE[name] for name in used if name != "DOORSTEP_PUBLIC_URL"} == {
        name: default for name, default in used.items() if name != "DOORSTEP_PUBLIC_URL"
    }


def test_a_process_is_told_its_own_role_and_nobody_elses(secrets):
    for service in SERVICES:
        for process in ("web", "worker"):
            told = (secrets / f"{service}-{process}.env").read_text()
            own = role_name(service, worker=process == "worker")
            assert set(re.findall(r"postgresql://(\w+):", told)) == {own}
            assert ("amqp://doorstep:" in told) == (process == "worker")
    holders = {name for name, one in OURS.items() if "secrets/migrate.env" in one["env_file"]}
    assert holders == {"migrate"}
    assert {name for name, one in OURS.items() if "signing-key.pem" in one["secrets"]} == {"gateway"}
    assert {name for name, one in OURS.items() if "case-key.pem" in one["secrets"]} == {"tickets"}
    assert {name for name, one in OURS.items() if "vapid-key.pem" in one["secrets"]} == {"notify", "notify-worker"}


def test_secrets_are_kept_when_made_again_and_closed_to_others(tmp_path):
    make_secrets(tmp_path)
    keys = ("keys/signing-key.pem", "keys/case-key.pem", "keys/vapid-key.pem")
    names = ("tickets-web.env", "migrate.env", *keys, "database-password")
    before = [(tmp_path / name).read_text() for name in names]
    make_secrets(tmp_path)
    assert [(tmp_path / name).read_text() for name in names] == before
    assert tmp_path.stat().st_mode & 0o077 == 0
    make_secrets(tmp_path, DATABASE_URL="postgresql://root:x@db.example.org/postgres", AMQP_URL="amqps://d:y@mq/d")
    assert "@db.example.org/doorstep_tickets" in (tmp_path / "tickets-web.env").read_text()
    assert "AMQP_URL=amqps://mq/d\n" in (tmp_path / "tickets-web.env").read_text()


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_nothing_secret_and_nothing_moving_is_written_down(path):
    text = path.read_text(encoding="utf-8")
    assert not (path.suffix != ".py" and TOO_TELLING.search(text))
    for tag in re.findall(r"(?:^FROM|image:) (\S+)", text, re.M):
        name, _, version = tag.partition(":")
        assert re.match(r"\d", version), f"{tag}: name a version"
        assert name != "doorstep" or version == VERSION
    assert set(re.findall(r"doorstep:(\d[\d.]*\d)", text)) <= {VERSION}


def test_the_broker_has_the_same_policies_everywhere(secrets):
    shared = json.loads((DEPLOY / "rabbitmq" / "definitions.json").read_text())
    users = json.loads((secrets / "broker-users.json").read_text())
    assert shared["policies"] == POLICIES
    assert shared.keys() | users.keys() == definitions_for("x").keys()
    assert shared["vhosts"] == definitions_for("x")["vhosts"]


def test_the_image_is_built_from_checked_files_and_runs_as_nobody():
    built, final = re.split(r"\n(?=FROM )", (DEPLOY / "Dockerfile").read_text())[-2:]
    assert "--require-hashes --requirement /build/requirements.lock" in built
    assert "pip uninstall" in final
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", final, re.M)
    assert re.search(r'^ENTRYPOINT \["python", "-m"\]$', final, re.M)
    assert not re.search(r"^(ADD|HEALTHCHECK|ARG|VOLUME)|apt-get|curl|COPY \. ", built + final, re.M)
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source for line in re.findall(r"^COPY (?!--from)(\S+) ", built + final, re.M) for source in [line]}
    assert copied == allowed


def declared_metrics() -> dict[str, set[str]]:
    """Return the labels of every metric by the names under which Prometheus knows it."""
    found: dict[str, set[str]] = {}
    endings = {"Counter": ("",), "Gauge": ("",), "Histogram": ("_bucket", "_sum", "_count")}
    for path in [*ROOT.glob("services/**/*.py"), *ROOT.glob("gateway/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in endings and len(node.args) > 1:
                labels = set(ast.literal_eval(node.args[2])) if len(node.args) > 2 else set()
                for ending in endings[ast.unparse(node.func)]:
                    found[ast.literal_eval(node.args[0]) + ending] = labels
    return found


def test_dashboards_and_alerts_speak_of_metrics_that_exist():
    declared = declared_metrics()
    dashboard = json.loads((DEPLOY / "grafana" / "doorstep.json").read_text())
    alerts = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    shown = {name for query in queries for name in re.findall(r"doorstep_\w+", query)}
    queries += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    for query in queries:
        names = re.findall(r"doorstep_\w+", query)
        labels = {word.strip() for group in re.findall(r"by \(([^)]*)\)", query) for word in group.split(",")}
        labels |= set(re.findall(r"(\w+)=~?\"", query)) - {"job"}
        assert all(labels - {"le", "process"} <= declared[name] for name in names), query
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in declared}
    assert families == {re.sub(r"_bucket$", "", name) for name in shown}, "the dashboard shows every metric"


def test_prometheus_asks_every_process():
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"][0]
    ports = {
        f"{name}:{value}"
        for name, one in PROCESSES.items()
        for key, value in one["environment"].items()
        if re.fullmatch(r"[A-Z]+(_METRICS)?_PORT", key)
    }
    assert {target for group in scraped["static_configs"] for target in group["targets"]} == ports
