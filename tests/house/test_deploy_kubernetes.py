"""The Kubernetes objects keep to their schemas and give every process what it needs to start."""

import kubernetes_validate
import pytest
from deployed import CONFIGURATION, MANIFESTS, PODS, pod_environment, settings_of


@pytest.mark.parametrize("workload", PODS, ids=lambda one: one["metadata"]["name"])
def test_a_process_starts_with_what_kubernetes_gives_it(workload, secrets, monkeypatch):
    monkeypatch.setattr("os.environ", pod_environment(workload, secrets))
    settings_of(*workload["spec"]["template"]["spec"]["containers"][0]["args"])


@pytest.mark.parametrize("one", [one for _, one in MANIFESTS], ids=[name for name, _ in MANIFESTS])
def test_every_kubernetes_object_keeps_to_its_schema(one):
    kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("workload", PODS, ids=lambda one: one["metadata"]["name"])
def test_every_pod_is_restrained_and_every_process_probed(workload):
    template = workload["spec"]["template"]
    pod, container = template["spec"], template["spec"]["containers"][0]
    # TICKETS_PORT=tcp://… made by Kubernetes would take the place of our setting.
    assert pod["enableServiceLinks"] is False
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["terminationGracePeriodSeconds"] >= 30
    assert container["resources"].keys() == {"requests", "limits"}
    if workload["kind"] == "Deployment":
        service, process = workload["metadata"]["name"].split("-")
        port = CONFIGURATION[f"{service.upper()}{'_METRICS' if process == 'worker' else ''}_PORT"]
        assert [str(one["containerPort"]) for one in container["ports"]] == [port]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert workload["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()


def test_a_key_is_mounted_where_it_is_used_and_nowhere_else():
    holders: dict[str, set[str]] = {}
    for workload in PODS:
        for volume in workload["spec"]["template"]["spec"].get("volumes", []):
            for source in volume.get("projected", {}).get("sources", []):
                holders.setdefault(source["secret"]["name"], set()).add(workload["metadata"]["name"])
    assert holders["doorstep-signing-key"] == {"gateway-web"}
    assert holders["doorstep-case-key"] == {"tickets-web"}
    assert holders["doorstep-vapid-key"] == {"notify-web", "notify-worker"}
