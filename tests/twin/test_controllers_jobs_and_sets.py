"""Jobs and StatefulSets beyond the recordings: claims, time to live, deadlines, and how indexes are written."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tools.decisions.bench import Bench, PodScript
from tools.decisions.given import NAMESPACE

from wavetank.kube.types import Obj
from wavetank.twin.controllers.job_indexes import index_text, indexes_in


@given(st.sets(st.integers(0, 60)))
def test_indexes_are_written_so_that_they_can_be_read_again(indexes: set[int]) -> None:
    assert indexes_in(index_text(indexes)) == indexes


def test_only_three_neighbours_make_a_range() -> None:
    assert index_text({0, 1, 3, 4, 5, 9}) == "0,1,3-5,9"


def job(**spec: Any) -> Obj:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "job:1"}]}}
    metadata = {"name": "work", "namespace": NAMESPACE}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template, **spec}}


def running(made: Bench) -> list[Obj]:
    return [pod for pod in made.pods() if pod["status"]["phase"] == "Running"]


def test_a_finished_job_goes_with_its_pods_when_its_time_is_over() -> None:
    made = Bench(PodScript())
    made.cluster.create(job(ttlSecondsAfterFinished=60))
    made.engine.run_for(5)
    made.kubelet.finish(running(made)[0], 0)
    made.engine.run_for(50)
    assert made.cluster.get("jobs.batch", NAMESPACE, "work")["status"]["succeeded"] == 1
    made.engine.run_for(20)
    assert made.cluster.find("jobs.batch", NAMESPACE, "work") is None
    assert made.pods() == []


def test_a_job_that_takes_too_long_fails() -> None:
    made = Bench(PodScript())
    made.cluster.create(job(activeDeadlineSeconds=30))
    made.engine.run_for(40)
    listed = made.cluster.get("jobs.batch", NAMESPACE, "work")["status"]["conditions"]
    assert [(c["type"], c["reason"]) for c in listed] == [
        ("FailureTarget", "DeadlineExceeded"),
        ("Failed", "DeadlineExceeded"),
    ]
    assert made.pods() == []


def test_a_job_that_is_resumed_starts() -> None:
    made = Bench(PodScript())
    made.cluster.create(job(suspend=True))
    made.engine.run_for(5)
    assert made.pods() == []
    made.cluster.modify(
        "jobs.batch", NAMESPACE, "work", lambda live: {**live, "spec": {**live["spec"], "suspend": False}}
    )
    made.engine.run_for(5)
    assert len(running(made)) == 1


def stateful_set(**spec: Any) -> Obj:
    labels = {"app": "db"}
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    container = {"name": "main", "image": "db:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    own = {"serviceName": "db", "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": "db", "namespace": NAMESPACE}
    full = {**own, "replicas": 2, "volumeClaimTemplates": [claim], **spec}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": full}


def test_each_pod_of_a_set_has_a_name_and_a_claim_of_its_own() -> None:
    made = Bench(PodScript(start=None))
    made.cluster.create(stateful_set(podManagementPolicy="Parallel"))
    made.engine.run_for(2)
    assert [p["metadata"]["name"] for p in made.pods()] == ["db-0", "db-1"]
    assert [p["spec"]["subdomain"] for p in made.pods()] == ["db", "db"]
    claims = made.cluster.list("persistentvolumeclaims", NAMESPACE)
    assert [c["metadata"]["name"] for c in claims] == ["data-db-0", "data-db-1"]
    volumes = [p["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] for p in made.pods()]
    assert volumes == ["data-db-0", "data-db-1"]


def test_a_claim_outlives_its_pod() -> None:
    made = Bench(PodScript(start=None))
    made.cluster.create(stateful_set(podManagementPolicy="Parallel"))
    made.engine.run_for(2)
    made.cluster.set_replicas("statefulsets.apps", NAMESPACE, "db", 1)
    made.engine.run_for(2)
    assert [p["metadata"]["name"] for p in made.pods()] == ["db-0"]
    assert len(made.cluster.list("persistentvolumeclaims", NAMESPACE)) == 2


def test_a_partition_keeps_the_lower_pods_on_the_old_revision() -> None:
    made = Bench(PodScript(start=0.1, ready=0.1))
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    made.cluster.create(stateful_set(volumeClaimTemplates=[], updateStrategy=rolling))
    made.engine.run_for(5)
    live = made.cluster.get("statefulsets.apps", NAMESPACE, "db")
    container = {"name": "main", "image": "db:2"}
    template = {**live["spec"]["template"], "spec": {**live["spec"]["template"]["spec"], "containers": [container]}}
    made.cluster.update({**live, "spec": {**live["spec"], "template": template}})
    made.engine.run_for(10)
    images = {p["metadata"]["name"]: p["spec"]["containers"][0]["image"] for p in made.pods()}
    assert images == {"db-0": "db:1", "db-1": "db:2"}
    made.cluster.delete("pods", NAMESPACE, "db-0")
    made.engine.run_for(5)
    assert {p["metadata"]["name"]: p["spec"]["containers"][0]["image"] for p in made.pods()} == images


def bench_with_disks() -> Bench:
    """Pods of the set find volumes, and become ready half a second after they started."""
    made = Bench(PodScript(ready=0.5))
    for number in range(2):
        spec = {"capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/disk"}}
        metadata = {"name": f"disk-{number}"}
        made.cluster.create({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec})
    made.engine.run_for(1)
    return made


def claims_left(made: Bench) -> list[str]:
    return [str(c["metadata"]["name"]) for c in made.cluster.list("persistentvolumeclaims", NAMESPACE)]


def test_claims_go_with_pods_or_with_the_set_as_the_retention_policy_says() -> None:
    made = bench_with_disks()
    policy = {"whenScaled": "Delete", "whenDeleted": "Delete"}
    made.cluster.create(stateful_set(persistentVolumeClaimRetentionPolicy=policy))
    made.engine.run_for(20)
    assert claims_left(made) == ["data-db-0", "data-db-1"]
    made.cluster.set_replicas("statefulsets.apps", NAMESPACE, "db", 1)
    made.engine.run_for(60)
    assert claims_left(made) == ["data-db-0"]
    made.cluster.delete("statefulsets.apps", NAMESPACE, "db")
    made.engine.run_for(60)
    assert claims_left(made) == []


def test_claims_stay_unless_somebody_wants_them_gone() -> None:
    made = bench_with_disks()
    made.cluster.create(stateful_set())
    made.engine.run_for(20)
    made.cluster.set_replicas("statefulsets.apps", NAMESPACE, "db", 0)
    made.engine.run_for(60)
    made.cluster.delete("statefulsets.apps", NAMESPACE, "db")
    made.engine.run_for(60)
    assert claims_left(made) == ["data-db-0", "data-db-1"]


def test_a_running_pod_is_let_go_when_its_job_is_gone() -> None:
    made = Bench(PodScript())
    made.cluster.create(job())
    made.engine.run_for(5)
    made.cluster.delete("jobs.batch", NAMESPACE, "work")
    made.engine.run_for(60)
    assert made.pods() == []


def test_containers_of_an_indexed_job_are_told_their_index() -> None:
    made = Bench(PodScript(start=None))
    made.cluster.create(job(completionMode="Indexed", completions=2, parallelism=2))
    made.engine.run_for(2)
    for pod in made.pods():
        (variable,) = pod["spec"]["containers"][0]["env"]
        assert variable["name"] == "JOB_COMPLETION_INDEX"
        path = variable["valueFrom"]["fieldRef"]["fieldPath"]
        assert path == "metadata.labels['batch.kubernetes.io/job-completion-index']"
