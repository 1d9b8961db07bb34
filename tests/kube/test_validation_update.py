"""Changes are refused with the sentences of a 1.36 server."""

from __future__ import annotations

import copy
from typing import Any

from wavetank.kube.decoding import decoded
from wavetank.kube.defaults import defaulted
from wavetank.kube.kinds import resource_of
from wavetank.kube.schema import Schemas
from wavetank.kube.types import Obj
from wavetank.kube.validation import validate_update

POD_CHANGES = (
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
    "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
STATEFUL_CHANGES = (
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
CLAIM_CHANGES = (
    "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName "
    "for bound claims\n"
)


def made(kind: str, api_version: str = "v1", **rest: Any) -> Obj:
    about = resource_of(api_version.rpartition("/")[0], kind)
    node = Schemas.for_version("1.36").node(about.group, about.version, about.kind)
    assert node is not None
    body = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "uid": "1"}, **rest}
    return defaulted(decoded(body, node).value, about)


def changed(obj: Obj, path: str, value: Any) -> list[str]:
    """The refusals of setting the field at a dotted path (numbers are indices)."""
    new = copy.deepcopy(obj)
    *parents, last = path.split(".")
    place: Any = new
    for key in parents:
        place = place[int(key)] if key.isdigit() else place.setdefault(key, {})
    place[last] = value
    about = resource_of(obj["apiVersion"].rpartition("/")[0], obj["kind"])
    return [f"{c.field}: {c.message}" for c in validate_update(new, obj, about)]


def template(**container: Any) -> Obj:
    labels = {"app": "a", "tier": "backend"}
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "c:1", **container}]}}


def deployment() -> Obj:
    return made("Deployment", "apps/v1", spec={"selector": {"matchLabels": {"app": "a"}}, "template": template()})


def test_metadata_that_identifies_stays() -> None:
    assert changed(deployment(), "metadata.uid", "2") == ['metadata.uid: Invalid value: "2": field is immutable']
    deleting = deployment()
    deleting["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert changed(deleting, "metadata.finalizers", ["example.com/a"]) == [
        (
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
            'found new finalizers []string{"example.com/a"}'
        )
    ]


def test_deployments() -> None:
    assert changed(deployment(), "spec.replicas", 5) == []
    assert changed(deployment(), "spec.selector", {"matchLabels": {"tier": "backend"}}) == [
        'spec.selector: Invalid value: {"matchLabels":{"tier":"backend"}}: field is immutable'
    ]
    assert changed(deployment(), "spec.template.spec.containers.0.image", "") == [
        "spec.template.spec.containers[0].image: Required value"
    ]
    assert changed(deployment(), "spec.strategy.rollingUpdate", {"maxSurge": 0, "maxUnavailable": 0}) == [
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"
    ]
    assert changed(deployment(), "spec.strategy.rollingUpdate.maxUnavailable", "120%") == [
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "120%": must not be greater than 100%'
    ]
    assert changed(deployment(), "spec.replicas", -1) == [
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    ]


def test_pods() -> None:
    pod = made("Pod", spec=template()["spec"])
    assert changed(pod, "spec.containers.0.image", "c:2") == []
    assert changed(pod, "spec.tolerations", [{"key": "new", "operator": "Exists"}]) == []
    assert changed(pod, "spec.nodeName", "elsewhere") == [POD_CHANGES]
    assert changed(pod, "spec.containers.0.command", ["x"]) == [POD_CHANGES]
    assert changed(
        pod, "spec.containers", [*pod["spec"]["containers"], {**pod["spec"]["containers"][0], "name": "d"}]
    ) == ["spec.containers: Forbidden: pod updates may not add or remove containers"]


def test_stateful_sets() -> None:
    spec = {"selector": {"matchLabels": {"app": "a"}}, "serviceName": "s", "template": template()}
    stateful = made("StatefulSet", "apps/v1", spec=spec)
    assert changed(stateful, "spec.serviceName", "other") == [STATEFUL_CHANGES]
    assert changed(stateful, "spec.updateStrategy.rollingUpdate.partition", 2) == []


def test_jobs_print_the_template_as_go_does() -> None:
    stated = template(image="other")
    stated["metadata"]["annotations"] = {"fake/completes": "0.5"}
    stated["spec"]["restartPolicy"] = "Never"
    spec = {"selector": {"matchLabels": {"app": "a"}}, "completions": 2, "template": stated}
    job = made("Job", "batch/v1", spec=spec)
    assert changed(job, "spec.completions", 5) == ["spec.completions: Invalid value: 5: field is immutable"]
    (refusal,) = changed(job, "spec.template.spec.containers.0.image", "new")
    assert refusal.startswith(
        'spec.template: Invalid value: {"labels":{"app":"a","tier":"backend"},"annotations":{"fake/completes":"0.5"},'
        '"Spec":{"Volumes":null,"InitContainers":null,"Containers":[{"Name":"c","Image":"new","Command":null,"Args":null,'
        '"WorkingDir":"","Ports":null,"EnvFrom":null,"Env":null,"Resources":{"Limits":null,"Requests":null,"Claims":null},'
    )
    assert refusal.endswith('"HostnameOverride":null,"SchedulingGroup":null}}: field is immutable')


def test_services_keep_their_address() -> None:
    service = made("Service", spec={"ports": [{"port": 80}], "clusterIP": "172.20.0.9", "clusterIPs": ["172.20.0.9"]})
    assert changed(service, "spec.clusterIP", "172.20.7.7") == [
        'spec.clusterIPs[0]: Invalid value: ["172.20.7.7"]: may not change once set'
    ]


def test_frozen_config_stays() -> None:
    fixed = "field is immutable when `immutable` is set"
    frozen = made("ConfigMap", data={"k": "v"}, immutable=True)
    assert changed(frozen, "data", {"k": "w"}) == [f"data: Forbidden: {fixed}"]
    assert changed(frozen, "immutable", False) == [f"immutable: Forbidden: {fixed}"]


def test_secrets_keep_their_type() -> None:
    assert changed(made("Secret", data={"a": "Yg=="}), "type", "kubernetes.io/tls") == [
        'type: Invalid value: "kubernetes.io/tls": field is immutable',
        "data[tls.crt]: Required value",
        "data[tls.key]: Required value",
    ]


def claim(phase: str) -> Obj:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}, "storageClassName": "s"}
    return made("PersistentVolumeClaim", spec=spec, status={"phase": phase})


def test_claims_show_what_changed() -> None:
    bigger = {"requests": {"storage": "6Gi"}}
    assert changed(claim("Bound"), "spec.resources", bigger) == []
    assert changed(claim("Pending"), "spec.resources", bigger) == [
        CLAIM_CHANGES
        + '@@ -6,7 +6,7 @@\n  "Resources": {\n   "Limits": null,\n   "Requests": {\n-   "storage": "5Gi"\n+   "storage": "6Gi"\n'
        + '   }\n  },\n  "VolumeName": "",\n'
    ]
    assert changed(claim("Pending"), "spec.accessModes", ["ReadWriteMany"]) == [
        CLAIM_CHANGES
        + '@@ -1,6 +1,6 @@\n {\n  "AccessModes": [\n-  "ReadWriteOnce"\n+  "ReadWriteMany"\n  ],\n  "Selector": null,\n'
        + '  "Resources": {\n'
    ]


def test_volumes_keep_their_source() -> None:
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/tmp/x"}}
    assert changed(made("PersistentVolume", spec=spec), "spec.hostPath.path", "/other") == [
        (
            "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n"
            '@@ -2,7 +2,7 @@\n  "GCEPersistentDisk": null,\n  "AWSElasticBlockStore": null,\n  "HostPath": {\n'
            '-  "Path": "/tmp/x",\n+  "Path": "/other",\n   "Type": ""\n  },\n  "Glusterfs": null,\n'
        )
    ]


def test_bindings_keep_their_role() -> None:
    group, role = "rbac.authorization.k8s.io", {"kind": "ClusterRole", "name": "view"}
    assert changed(made("RoleBinding", f"{group}/v1", roleRef=role), "roleRef.name", "edit") == [
        f'roleRef: Invalid value: {{"APIGroup":"{group}","Kind":"ClusterRole","Name":"edit"}}: cannot change roleRef'
    ]


def test_classes_keep_what_they_are() -> None:
    storage = made("StorageClass", "storage.k8s.io/v1", provisioner="ebs.csi.aws.com")
    assert changed(storage, "provisioner", "other") == ['provisioner: Invalid value: "other": field is immutable']
    ingress = made("IngressClass", "networking.k8s.io/v1", spec={"controller": "a/b"})
    assert changed(ingress, "spec.controller", "other/one") == [
        'spec.controller: Invalid value: "other/one": field is immutable'
    ]
    priority = made("PriorityClass", "scheduling.k8s.io/v1", value=1)
    assert changed(priority, "value", 5) == ["value: Forbidden: may not be changed in an update."]
