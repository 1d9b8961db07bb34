"""What ``kubectl get`` shows. Expected lines are those of sessions recorded against a real API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube import jsonpath, tables, times
from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.types import Obj, Resource

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
RESOURCES = {r.key: r for r in BUILT_IN}
CUSTOM = Resource("rec.example.com", "v1", "InferenceService", "inferenceservices", "inferenceservice", True)


def ago(seconds: float) -> str:
    return times.rfc3339(NOW - timedelta(seconds=seconds))


def meta(name: str, age: float = 5, **more: Any) -> Obj:
    return {"name": name, "creationTimestamp": ago(age), **more}


def shown(key: str, obj: Obj, *, wide: bool = False) -> dict[str, Any]:
    """The visible cells by the heading that kubectl prints."""
    resource = RESOURCES[key]
    pairs = zip(tables.columns(resource), tables.row(resource, obj, NOW), strict=True)
    return {c.name.upper(): cell for c, cell in pairs if wide or not c.priority}


def pod(state: Obj | None = None, **more: Any) -> Obj:
    status: Obj = {"phase": "Running"}
    if state is not None:
        status["containerStatuses"] = [{"name": "c", "state": state, "restartCount": 0, **more.pop("status", {})}]
    status.update(more.pop("top", {}))
    return {"kind": "Pod", "metadata": meta("p"), "spec": {"containers": [{"name": "c"}], **more}, "status": status}


def test_a_running_pod() -> None:
    running = pod({"running": {}}, status={"ready": True}, nodeName="n", top={"podIPs": [{"ip": "10.1.0.16"}]})
    assert list(shown("pods", running, wide=True).items()) == [
        ("NAME", "p"),
        ("READY", "1/1"),
        ("STATUS", "Running"),
        ("RESTARTS", "0"),
        ("AGE", "5s"),
        ("IP", "10.1.0.16"),
        ("NODE", "n"),
        ("NOMINATED NODE", "<none>"),
        ("READINESS GATES", "<none>"),
    ]


ERROR = {"exitCode": 1, "reason": "Error", "finishedAt": ago(300)}
CRASHED = {"ready": False, "restartCount": 3, "lastState": {"terminated": ERROR}}


@pytest.mark.parametrize(
    ("obj", "status", "restarts"),
    [
        (pod(top={"phase": "Pending"}), "Pending", "0"),
        (pod({"waiting": {"reason": "ContainerCreating"}}), "ContainerCreating", "0"),
        (pod({"waiting": {"reason": "CrashLoopBackOff"}}, status=CRASHED), "CrashLoopBackOff", "3 (5m ago)"),
        (pod({"terminated": {"exitCode": 0, "reason": "Completed"}}, top={"phase": "Succeeded"}), "Completed", "0"),
        (pod({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}), "OOMKilled", "0"),
        (pod({"terminated": {"exitCode": 2}}), "ExitCode:2", "0"),
        (pod({"terminated": {"exitCode": 2, "signal": 9}}), "Signal:9", "0"),
        (pod(top={"phase": "Failed", "reason": "Evicted"}), "Evicted", "0"),
        (
            pod(top={"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}),
            "SchedulingGated",
            "0",
        ),
    ],
)
def test_the_status_of_a_pod_is_its_most_telling_reason(obj: Obj, status: str, restarts: str) -> None:
    cells = shown("pods", obj)
    assert (cells["STATUS"], cells["RESTARTS"]) == (status, restarts)


def test_a_pod_that_initializes_says_how_far_it_is() -> None:
    init = [{"name": "a"}, {"name": "b"}]
    done = {"name": "a", "restartCount": 0, "state": {"terminated": {"exitCode": 0}}}
    at_b = {"name": "b", "restartCount": 2, "state": {"running": {}}}
    starting = pod(initContainers=init, top={"phase": "Pending", "initContainerStatuses": [done, at_b]})
    assert shown("pods", starting)["STATUS"] == "Init:1/2"
    assert shown("pods", starting)["RESTARTS"] == "2"
    failed = {**at_b, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    starting = pod(initContainers=init, top={"phase": "Pending", "initContainerStatuses": [done, failed]})
    assert shown("pods", starting)["STATUS"] == "Init:CrashLoopBackOff"


def test_a_sidecar_counts_as_a_container() -> None:
    sidecar = {"name": "s", "restartCount": 1, "state": {"running": {}}, "started": True, "ready": True}
    obj = pod({"running": {}}, status={"ready": True}, top={"initContainerStatuses": [sidecar]})
    obj["spec"]["initContainers"] = [{"name": "s", "restartPolicy": "Always"}]
    cells = shown("pods", obj)
    assert (cells["READY"], cells["STATUS"], cells["RESTARTS"]) == ("2/2", "Running", "1")


def test_a_deleted_pod_is_terminating_unless_it_has_ended() -> None:
    going = pod({"running": {}}, status={"ready": True})
    going["metadata"]["deletionTimestamp"] = ago(1)
    assert shown("pods", going)["STATUS"] == "Terminating"
    ended = {**going, "status": {"phase": "Succeeded"}}
    assert shown("pods", ended)["STATUS"] == "Succeeded"


TEMPLATE = {"spec": {"containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "i:2"}]}}
SELECTOR = {"matchLabels": {"app": "web"}}


@pytest.mark.parametrize(
    ("key", "obj", "line"),
    [
        (
            "deployments.apps",
            {"spec": {"replicas": 2, "selector": SELECTOR, "template": TEMPLATE}, "status": {"readyReplicas": 1}},
            "x 1/2 0 0 5s a,b i:1,i:2 app=web",
        ),
        (
            "replicasets.apps",
            {"spec": {"replicas": 2, "selector": SELECTOR, "template": TEMPLATE}, "status": {"replicas": 2}},
            "x 2 2 0 5s a,b i:1,i:2 app=web",
        ),
        ("statefulsets.apps", {"spec": {"replicas": 3, "template": TEMPLATE}}, "x 0/3 5s a,b i:1,i:2"),
        (
            "daemonsets.apps",
            {
                "spec": {"selector": SELECTOR, "template": TEMPLATE},
                "status": {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 2},
            },
            "x 3 3 2 0 0 <none> 5s a,b i:1,i:2 app=web",
        ),
        (
            "jobs.batch",
            {
                "spec": {"completions": 3, "template": TEMPLATE},
                "status": {"succeeded": 1, "startTime": ago(65)},
            },
            "x Running 1/3 65s 5s a,b i:1,i:2 <none>",
        ),
        (
            "jobs.batch",
            {
                "spec": {"parallelism": 2, "template": TEMPLATE},
                "status": {
                    "startTime": ago(60),
                    "completionTime": ago(30),
                    "conditions": [{"type": "Complete", "status": "True"}],
                },
            },
            "x Complete 0/1 of 2 30s 5s a,b i:1,i:2 <none>",
        ),
        (
            "cronjobs.batch",
            {
                "spec": {"schedule": "@daily", "suspend": False, "jobTemplate": {"spec": {"template": TEMPLATE}}},
                "status": {"active": [{}]},
            },
            "x @daily <none> False 1 <none> 5s a,b i:1,i:2 <none>",
        ),
        (
            "services",
            {"spec": {"type": "ClusterIP", "clusterIPs": ["172.20.0.1"], "ports": [{"port": 443, "protocol": "TCP"}]}},
            "x ClusterIP 172.20.0.1 <none> 443/TCP 5s <none>",
        ),
        (
            "services",
            {
                "spec": {
                    "type": "LoadBalancer",
                    "clusterIP": "172.20.239.195",
                    "ports": [{"port": 80, "nodePort": 31209, "protocol": "TCP"}, {"port": 9000, "nodePort": 30606}],
                    "selector": {"b": "2", "a": "1"},
                }
            },
            "x LoadBalancer 172.20.239.195 <pending> 80:31209/TCP,9000:30606/TCP 5s a=1,b=2",
        ),
        (
            "services",
            {"spec": {"type": "ExternalName", "externalName": "a.b"}},
            "x ExternalName <none> a.b <none> 5s <none>",
        ),
        (
            "endpoints",
            {"subsets": [{"addresses": [{"ip": f"10.1.1.{n}"} for n in range(5)], "ports": [{"port": 80}]}]},
            "x 10.1.1.0:80,10.1.1.1:80,10.1.1.2:80 + 2 more... 5s",
        ),
        ("endpoints", {}, "x <none> 5s"),
        ("endpointslices.discovery.k8s.io", {"addressType": "IPv4"}, "x IPv4 <unset> <unset> 5s"),
        (
            "ingresses.networking.k8s.io",
            {"spec": {"ingressClassName": "alb", "rules": [{"host": "h.example.com"}], "tls": [{}]}},
            "x alb h.example.com  80, 443 5s",
        ),
        ("ingressclasses.networking.k8s.io", {"spec": {"controller": "a/b"}}, "x a/b <none> 5s"),
        ("networkpolicies.networking.k8s.io", {"spec": {"podSelector": {}}}, "x <none> 5s"),
        ("configmaps", {"data": {"a": ""}, "binaryData": {"b": ""}}, "x 2 5s"),
        ("secrets", {"type": "Opaque", "data": {"a": ""}}, "x Opaque 1 5s"),
        ("serviceaccounts", {}, "x 5s"),
        ("namespaces", {"status": {"phase": "Active"}}, "x Active 5s"),
        ("poddisruptionbudgets.policy", {"spec": {"minAvailable": "50%"}}, "x 50% N/A 0 5s"),
        (
            "resourcequotas",
            {"status": {"hard": {"requests.cpu": "4", "limits.cpu": "8", "pods": "10"}, "used": {"pods": "1"}}},
            "x pods: 1/10, requests.cpu: 0/4 limits.cpu: 0/8 5s",
        ),
        ("limitranges", {}, f"x {ago(5)}"),
        ("roles.rbac.authorization.k8s.io", {}, f"x {ago(5)}"),
        (
            "rolebindings.rbac.authorization.k8s.io",
            {
                "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [{"kind": "ServiceAccount", "name": "a", "namespace": "n"}, {"kind": "User", "name": "u"}],
            },
            "x Role/r 5s u  n/a",
        ),
        ("priorityclasses.scheduling.k8s.io", {"value": 7, "preemptionPolicy": "Never"}, "x 7 False 5s Never"),
        (
            "storageclasses.storage.k8s.io",
            {"provisioner": "ebs", "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": True},
            "x ebs Delete WaitForFirstConsumer True 5s",
        ),
        (
            "persistentvolumes",
            {
                "spec": {
                    "capacity": {"storage": "20Gi"},
                    "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": "Retain",
                    "claimRef": {"namespace": "n", "name": "c"},
                    "storageClassName": "s",
                    "volumeMode": "Filesystem",
                },
                "status": {"phase": "Bound"},
            },
            "x 20Gi RWO,RWX Retain Bound n/c s <unset>  5s Filesystem",
        ),
        ("persistentvolumeclaims", {"status": {"phase": "Pending"}}, "x Pending     <unset> 5s <unset>"),
        ("leases.coordination.k8s.io", {"spec": {"holderIdentity": "me"}}, "x me 5s"),
        (
            "controllerrevisions.apps",
            {
                "revision": 2,
                "metadata": meta(
                    "x",
                    ownerReferences=[{"controller": True, "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d"}],
                ),
            },
            "x daemonset.apps/d 2 5s",
        ),
    ],
)
def test_a_kind_prints_as_a_real_server_does(key: str, obj: Obj, line: str) -> None:
    cells = tables.row(RESOURCES[key], {"metadata": meta("x"), **obj}, NOW)
    assert " ".join(map(str, cells)) == line


METRIC = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 70}}}


@pytest.mark.parametrize(
    ("metrics", "current", "text"),
    [
        ([METRIC], [], "cpu: <unknown>/70%"),
        ([METRIC], [{"type": "Resource", "resource": {"current": {"averageUtilization": 12}}}], "cpu: 12%/70%"),
        ([], [], "<none>"),
        ([METRIC] * 3, [], "cpu: <unknown>/70%, cpu: <unknown>/70% + 1 more..."),
        (
            [{"type": "Pods", "pods": {"target": {"averageValue": "1500m"}}}],
            [{"type": "Pods", "pods": {"current": {"averageValue": "1"}}}],
            "1/1500m",
        ),
        ([{"type": "External", "external": {"target": {"averageValue": "5"}}}], [], "<unknown>/5 (avg)"),
    ],
)
def test_an_autoscaler_shows_what_is_and_what_should_be(metrics: list[Obj], current: list[Obj], text: str) -> None:
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "d"}, "maxReplicas": 4, "metrics": metrics}
    obj = {"metadata": meta("h"), "spec": spec, "status": {"currentMetrics": current}}
    cells = shown("horizontalpodautoscalers.autoscaling", obj)
    assert (cells["REFERENCE"], cells["TARGETS"], cells["MINPODS"]) == ("Deployment/d", text, "<unset>")


def test_a_node_shows_roles_and_that_it_takes_no_pods() -> None:
    node = {
        "metadata": meta("n", labels={"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "gpu"}),
        "spec": {"unschedulable": True},
        "status": {
            "conditions": [{"type": "Ready", "status": "Unknown"}],
            "nodeInfo": {"kubeletVersion": "v1.36.2"},
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        },
    }
    cells = list(shown("nodes", node, wide=True).values())
    assert cells[:7] == ["n", "NotReady,SchedulingDisabled", "gpu,worker", "5s", "v1.36.2", "10.0.0.1", "<none>"]


def test_an_event_shows_its_object_and_the_last_time() -> None:
    event = {
        "metadata": meta("e"),
        "involvedObject": {"kind": "Pod", "name": "p"},
        "type": "Warning",
        "reason": "FailedScheduling",
        "message": "no nodes \n",
        "eventTime": ago(7),
    }
    assert list(shown("events", event).values()) == ["7s", "Warning", "FailedScheduling", "pod/p", "no nodes"]
    series = {**event, "series": {"count": 9, "lastObservedTime": ago(2)}}
    cells = shown("events", series, wide=True)
    assert (cells["LAST SEEN"], cells["FIRST SEEN"], cells["COUNT"]) == ("2s", "7s", 9)


PRINTER_COLUMNS: list[Obj] = [
    {"name": "Model", "type": "string", "jsonPath": ".spec.model"},
    {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"},
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "Runtime", "type": "string", "jsonPath": ".spec.runtime", "priority": 1},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


def test_a_custom_resource_prints_the_columns_it_declares() -> None:
    obj = {"metadata": meta("churn"), "spec": {"model": "churn-v3", "replicas": 1}}
    assert [c.name for c in tables.columns(CUSTOM, PRINTER_COLUMNS)] == [
        "Name",
        "Model",
        "Replicas",
        "Ready",
        "Runtime",
        "Age",
    ]
    assert tables.row(CUSTOM, obj, NOW, PRINTER_COLUMNS) == ["churn", "churn-v3", 1, None, None, "5s"]
    assert tables.row(CUSTOM, obj, NOW, ()) == ["churn", "5s"]
    ready = {**obj, "status": {"conditions": [{"type": "Other"}, {"type": "Ready", "status": "True"}]}}
    assert tables.row(CUSTOM, ready, NOW, PRINTER_COLUMNS)[3] == "True"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".a.b", [1]),
        ("a['x.y/z']", [2]),
        (".a.x\\.y/z", [2]),
        (".list[0].n", [1]),
        (".list[-1].n", [3]),
        (".list[*].n", [1, 2, 3]),
        (".list[?(@.n==2)].k", ["two"]),
        (".list[?(@.k)].n", [2]),
        ("{.a.b}", [1]),
        (".nope.deeper", []),
        (".a[", []),
    ],
)
def test_a_path_finds_or_finds_nothing(path: str, expected: list[Any]) -> None:
    document = {"a": {"b": 1, "x.y/z": 2}, "list": [{"n": 1}, {"n": 2, "k": "two"}, {"n": 3}]}
    assert list(jsonpath.found(path, document)) == expected


def test_a_table_holds_partial_objects_and_says_which_pods_ended() -> None:
    ended = pod(top={"phase": "Failed"})
    made = tables.table(RESOURCES["pods"], [ended], NOW, metadata={"resourceVersion": "7"})
    assert (made["kind"], made["apiVersion"], made["metadata"]) == ("Table", "meta.k8s.io/v1", {"resourceVersion": "7"})
    (row,) = made["rows"]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["conditions"][0]["reason"] == "Failed"
    assert made["columnDefinitions"][0]["format"] == "name"
    again = tables.table(RESOURCES["pods"], [ended], NOW, with_columns=False, include_object="None")
    assert again["columnDefinitions"] is None
    assert "object" not in again["rows"][0]


@pytest.mark.parametrize("resource", BUILT_IN, ids=[r.key for r in BUILT_IN])
def test_every_kind_prints_even_when_it_is_empty(resource: Resource) -> None:
    assert len(tables.row(resource, {"metadata": {"name": "x"}}, NOW)) == len(tables.columns(resource))


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_an_older_object_never_looks_younger(a: int, b: int) -> None:
    units = {"y": 365 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}

    def seconds(text: str) -> int:
        total = number = 0
        for character in text:
            if character.isdigit():
                number = number * 10 + int(character)
            else:
                total, number = total + number * units[character], 0
        return total

    young, old = sorted((a, b))
    assert seconds(times.human_duration(young)) <= seconds(times.human_duration(old)) <= old


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (301, "5m1s"),
        (10800, "3h"),
        (11000, "3h3m"),
        (172800, "2d"),
        (-5, "<invalid>"),
    ],
)
def test_ages_read_as_in_kubectl(seconds: int, text: str) -> None:
    assert times.human_duration(seconds) == text


def test_a_scale_shows_what_is_wanted_and_what_is_there() -> None:
    about = Resource("autoscaling", "v1", "Scale", "scales", "scale", namespaced=True)
    scale = {"metadata": {"name": "web"}, "spec": {"replicas": 3}, "status": {"replicas": 2}}
    assert [column.name for column in tables.columns(about)] == ["Name", "Desired", "Available", "Age"]
    assert tables.row(about, scale, NOW)[:3] == ["web", 3, 2]
