"""Quotas and limit ranges where several of them concern one object, and other rules that the recordings do not show."""

from __future__ import annotations

from typing import Any

from tools.decisions.admission import AdmissionReplay

from wavetank.kube.types import Obj


def pod(name: str = "p", *, cpu: str = "", limit: str = "") -> Obj:
    stated: Obj = {"requests": {"cpu": cpu}} if cpu else {}
    stated |= {"limits": {"cpu": limit}} if limit else {}
    container = {"name": "c", "image": "app:1", "resources": stated}
    return {"kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}}


def quota(name: str, **spec: Any) -> Obj:
    return {"kind": "ResourceQuota", "metadata": {"name": name}, "spec": spec}


def limits(name: str, *items: Obj) -> Obj:
    return {"kind": "LimitRange", "metadata": {"name": name}, "spec": {"limits": list(items)}}


def answers(*objects: Obj, tries: list[Obj]) -> list[Obj]:
    given = {"namespaceLabels": {}, "objects": list(objects), "tries": tries}
    return AdmissionReplay({"name": "own", "given": given, "observed": None}).observed()


def test_what_must_be_stated_is_asked_before_any_quota_counts() -> None:
    none_left, cpu = quota("a", hard={"pods": "0"}), quota("b", hard={"requests.cpu": "1"})
    (answer,) = answers(none_left, cpu, tries=[pod()])
    assert answer["message"] == 'pods "p" is forbidden: failed quota: b: must specify requests.cpu for: c'


def test_the_first_limit_range_that_is_violated_speaks_alone() -> None:
    small = {"type": "Container", "max": {"cpu": "1"}}
    pods = {"type": "Pod", "max": {"cpu": "1"}}
    (answer,) = answers(limits("a", small), limits("b", pods), tries=[pod(cpu="2", limit="2")])
    assert answer["message"] == 'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2'


def test_the_ratio_of_limit_to_request_is_bounded() -> None:
    item = {"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}}
    tries = [pod("a", cpu="500m", limit="1"), pod("b", cpu="500m", limit="1500m")]
    good, bad = answers(limits("a", item), tries=tries)
    assert good["code"] == 201
    assert bad["message"].endswith("cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000")


def test_claims_have_a_least_and_a_most() -> None:
    def claim(name: str, size: str) -> Obj:
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
        return {"kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}

    item = {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "5Gi"}}
    tries = [claim("a", "2Gi"), claim("b", "500Mi"), claim("c", "6Gi")]
    found = answers(limits("a", item), tries=tries)
    assert [a["code"] for a in found] == [201, 403, 403]
    assert found[1]["message"].endswith("minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi")
    assert found[2]["message"].endswith("maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi")


def test_a_quota_for_best_effort_pods_does_not_see_others() -> None:
    best_effort = quota("q", hard={"pods": "1"}, scopes=["BestEffort"])
    found = answers(best_effort, tries=[pod("a"), pod("b", cpu="1"), pod("c")])
    assert [a["code"] for a in found] == [201, 201, 403]
    assert found[-1]["used"] == {"q": {"pods": "1"}}


def test_a_quota_may_exclude_a_priority_class() -> None:
    term = {"scopeName": "PriorityClass", "operator": "NotIn", "values": ["high"]}
    others = quota("q", hard={"pods": "0"}, scopeSelector={"matchExpressions": [term]})
    high = pod("a")
    high["spec"]["priorityClassName"] = "high"
    assert [a["code"] for a in answers(others, tries=[high, pod("b")])] == [201, 403]


def test_a_pod_of_a_runtime_class_carries_its_overhead_and_goes_where_it_says() -> None:
    kind = {"kind": "RuntimeClass", "metadata": {"name": "kata"}, "handler": "kata"}
    kind |= {"overhead": {"podFixed": {"cpu": "250m"}}, "scheduling": {"nodeSelector": {"kata": "yes"}}}

    def of(name: str, **spec: Any) -> Obj:
        given = pod(name)
        return {**given, "spec": {**given["spec"], **spec}}

    tries = [
        of("a", runtimeClassName="kata", nodeSelector={"kata": "no"}),
        of("b", runtimeClassName="kata", overhead={"cpu": "1"}),
        of("c", runtimeClassName="none"),
        of("d", overhead={"cpu": "1"}),
        of("e", runtimeClassName="kata"),
        of("f", preemptionPolicy="Never"),
    ]
    found = answers(kind, tries=tries)
    assert [answer.get("message", "").partition(" is forbidden: ")[2] for answer in found] == [
        "conflict: runtimeClass.scheduling.nodeSelector[kata] = yes; pod.spec.nodeSelector[kata] = no",
        "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        'pod rejected: RuntimeClass "none" not found',
        "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        "",
        (
            "the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller "
            "computed PreemptLowerPriority from the given PriorityClass name"
        ),
    ]
