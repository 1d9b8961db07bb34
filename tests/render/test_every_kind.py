"""Objects of every kind of workload are such that a real API server takes them, and say what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from every_kind import EVERY_KIND
from strict import problems_of
from wavetank.kube.defaults import defaulted
from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.types import Obj
from wavetank.kube.validation import validate_create
from wavetank.plan import Plan, plan
from wavetank.render import kubernetes
from wavetank.render.trace import bare, value_at
from wavetank.spec import load_text


def planned() -> Plan:
    return plan(load_text(EVERY_KIND, "platform.yaml"))


def objects(kind: str = "") -> dict[str, Any]:
    """All rendered objects of a kind, by name."""
    rendered = (bare(each) for group in kubernetes.objects_of(planned()).values() for each in group)
    return {each["metadata"]["name"]: each for each in rendered if each["kind"] == kind or not kind}


@pytest.mark.parametrize("minor", ["1.33", "1.36"])
def test_every_object_is_valid_strictly(minor: str) -> None:
    for group in kubernetes.objects_of(planned()).values():
        for each in group:
            manifest = bare(each)
            assert problems_of(manifest, minor) == [], manifest


def test_every_built_in_object_passes_the_validation_of_the_api_server() -> None:
    for group in kubernetes.objects_of(planned()).values():
        for manifest in map(bare, group):
            key = manifest["apiVersion"].rpartition("/")[0], manifest["kind"]
            for resource in (each for each in BUILT_IN if (each.group, each.kind) == key):
                assert validate_create(defaulted(manifest, resource), resource) == [], manifest


def test_every_traced_path_exists_in_the_plan() -> None:
    whole = planned()
    for file in kubernetes.files(whole).values():
        for line in file.lines:
            if line.path:
                value_at(whole, line.path)


def test_files_are_what_their_objects_are() -> None:
    text = "\n".join(line.text for line in kubernetes.files(planned())["kubernetes/50-workloads.yaml"].lines)
    kinds = [each["kind"] for each in yaml.safe_load_all(text)]
    assert kinds == ["Deployment", "StatefulSet", "StatefulSet", "DaemonSet", "Job", "CronJob"]


def test_a_stateful_set_has_a_headless_service_and_claims_of_its_own() -> None:
    worker, store = objects("StatefulSet")["worker"]["spec"], objects("StatefulSet")["store"]["spec"]
    assert worker["serviceName"] == "worker-headless"
    assert objects("Service")["worker-headless"]["spec"]["clusterIP"] == "None"
    assert worker["updateStrategy"]["rollingUpdate"] == {"partition": 1}
    assert "replicas" not in worker
    assert store["replicas"] == 1
    template = store["volumeClaimTemplates"][0]
    assert template["spec"]["storageClassName"] == "fast"
    mounts = store["template"]["spec"]["containers"][0]["volumeMounts"]
    assert {"name": "data", "mountPath": "/var/lib/postgresql/data", "subPath": "pgdata"} in mounts
    assert store["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Delete"}


def test_claims_of_other_kinds_are_made_once() -> None:
    claims = objects("PersistentVolumeClaim")
    assert list(claims) == ["api-cache"]
    assert claims["api-cache"]["spec"]["accessModes"] == ["ReadWriteMany"]
    volumes = objects("Deployment")["api"]["spec"]["template"]["spec"]["volumes"]
    named = {each["name"]: each.get("persistentVolumeClaim") for each in volumes}
    assert named["cache"] == {"claimName": "api-cache"}
    assert named["old"] == {"claimName": "old-data"}


def test_storage_classes_tell_their_driver_what_was_asked() -> None:
    classes = objects("StorageClass")
    assert classes["gp3"]["parameters"] == {
        "type": "gp3",
        "encrypted": "true",
        "csi.storage.k8s.io/fstype": "xfs",
        "iops": "4000",
        "throughput": "250",
    }
    assert classes["gp3"]["volumeBindingMode"] == "WaitForFirstConsumer"
    assert classes["fast"]["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert classes["files"]["provisioner"] == "efs.csi.aws.com"
    assert classes["files"]["parameters"]["provisioningMode"] == "efs-ap"


def test_keda_takes_the_place_of_the_hpa() -> None:
    assert list(objects("HorizontalPodAutoscaler")) == ["api"]
    spec = objects("ScaledObject")["worker"]["spec"]
    assert spec["scaleTargetRef"]["kind"] == "StatefulSet"
    assert spec["minReplicaCount"] == 0
    assert [each["type"] for each in spec["triggers"]] == ["aws-sqs-queue", "cron", "redis", "prometheus", "cpu"]
    assert spec["triggers"][-1] == {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}
    references = [each.get("authenticationRef", {}).get("name") for each in spec["triggers"]]
    assert references == ["worker-aws-sqs-queue", None, "worker-redis", "shared", None]
    assert list(objects("TriggerAuthentication")) == ["worker-aws-sqs-queue", "worker-redis"]


def test_a_vertical_autoscaler_leaves_alone_what_is_scaled_on() -> None:
    api, worker = objects("VerticalPodAutoscaler")["api"]["spec"], objects("VerticalPodAutoscaler")["worker"]["spec"]
    assert api["updatePolicy"] == {"updateMode": "Off"}
    assert api["resourcePolicy"]["containerPolicies"][0]["controlledResources"] == ["memory"]
    assert worker["resourcePolicy"]["containerPolicies"][1] == {"containerName": "*", "mode": "Off"}


def template(kind: str, name: str) -> Obj:
    spec: Obj = objects(kind)[name]["spec"]
    pod: Obj = spec.get("jobTemplate", {}).get("spec", spec)["template"]["spec"]
    return pod


def test_a_node_group_is_a_selector_and_the_tolerations_of_its_taints() -> None:
    assert template("Deployment", "api")["nodeSelector"] == {"role": "general"}
    assert template("Job", "train")["nodeSelector"] == {"role": "gpu"}
    assert template("Job", "train")["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"}
    ]
    assert template("CronJob", "nightly")["nodeSelector"] == {"eks.amazonaws.com/nodegroup": "plain"}
    assert template("CronJob", "nightly")["tolerations"] == [
        {"key": "only", "operator": "Exists", "effect": "NoExecute"}
    ]
    zoned = template("StatefulSet", "worker")["nodeSelector"]
    assert all(any(group.labels.get(key) == value for group in planned().node_groups) for key, value in zoned.items())


def test_gpus_are_requested_and_limited() -> None:
    resources = template("Job", "train")["containers"][0]["resources"]
    assert resources == {"requests": {"nvidia.com/gpu": "2"}, "limits": {"nvidia.com/gpu": "2"}}


def test_only_pods_that_stand_for_each_other_are_spread_and_kept_up() -> None:
    for kind, name in (("DaemonSet", "agent"), ("Job", "train"), ("CronJob", "nightly")):
        assert "affinity" not in template(kind, name)
        assert "topologySpreadConstraints" not in template(kind, name)
        assert "lifecycle" not in template(kind, name)["containers"][0]
    assert "podAntiAffinity" in template("StatefulSet", "worker")["affinity"]
    assert list(objects("PodDisruptionBudget")) == ["api", "store"]


def test_a_daemon_set_that_surges_takes_nothing_away() -> None:
    assert objects("DaemonSet")["agent"]["spec"]["updateStrategy"]["rollingUpdate"] == {
        "maxUnavailable": 0,
        "maxSurge": "25%",
    }
    assert template("DaemonSet", "agent")["dnsPolicy"] == "ClusterFirstWithHostNet"


def test_jobs_end_and_cron_jobs_wait() -> None:
    job, cron = objects("Job")["train"]["spec"], objects("CronJob")["nightly"]["spec"]
    assert (job["completions"], job["parallelism"], job["completionMode"]) == (4, 2, "Indexed")
    assert template("Job", "train")["restartPolicy"] == "OnFailure"
    assert template("CronJob", "nightly")["restartPolicy"] == "Never"
    assert (cron["schedule"], cron["timeZone"], cron["suspend"]) == ("30 2 * * mon-fri", "Europe/Dublin", True)
    assert cron["concurrencyPolicy"] == "Forbid"


def test_services_have_many_ports_or_no_address_or_none_at_all() -> None:
    services = objects("Service")
    assert [each["name"] for each in services["api"]["spec"]["ports"]] == ["port-80", "grpc"]
    assert services["api"]["spec"]["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}
    assert services["api-plain"]["spec"]["ports"][0]["appProtocol"] == "http"
    assert services["store"]["spec"]["publishNotReadyAddresses"] is True
    assert services["mail"]["spec"] == {"type": "ExternalName", "externalName": "mail.example.com"}


def test_quotas_count_the_pods_of_their_scopes() -> None:
    quotas = objects("ResourceQuota")
    assert list(quotas) == ["harbor-quota", "best-effort", "important"]
    assert quotas["best-effort"]["spec"]["scopes"] == ["BestEffort"]
    assert quotas["important"]["spec"]["hard"] == {"requests.cpu": "4"}
    assert quotas["important"]["spec"]["scopeSelector"]["matchExpressions"][0]["values"] == ["important"]


def test_a_team_is_on_every_object_and_pod_of_its_workload() -> None:
    deployment = objects("Deployment")["api"]
    assert deployment["metadata"]["labels"]["team"] == "shop"
    assert deployment["spec"]["template"]["metadata"]["labels"]["team"] == "shop"
    assert objects("HorizontalPodAutoscaler")["api"]["metadata"]["labels"]["team"] == "shop"
