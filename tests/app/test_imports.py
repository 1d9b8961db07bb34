"""Dumps of other clusters become twins in which everything goes on as it was."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.app.imported import Imported, ImportWords, imported_world, report
from wavetank.app.imports import Found, moment_of, nodes_of, read_dumps, service_cidr_of
from wavetank.base.errors import InputError, OperationFailed
from wavetank.kube.types import Obj
from wavetank.twin.bare import BareOptions, BareWorld, usual_nodes
from wavetank.twin.history import parsed_snapshot, snapshot_of
from wavetank.twin.restored import restored

EKS = Path(__file__).parents[1] / "data" / "imports" / "eks.yaml"
NODE = "ip-10-0-101-20.us-west-2.compute.internal"


def read(*names: object, stdin: bytes = b"") -> Found:
    return read_dumps([str(name) for name in names], io.BytesIO(stdin))


def imported(objects: Iterable[Obj]) -> Imported:
    listed = tuple(objects)
    return imported_world(Found(listed, ("dump",) * len(listed)), ImportWords())


def dumped(world: BareWorld) -> list[Obj]:
    """As ``kubectl get`` of all kinds gives it."""
    keys = world.cluster.store.resource_keys()
    found = [obj for key in keys for obj in world.cluster.store.all(key)]
    answer: list[Obj] = json.loads(json.dumps(found))
    return answer


def identities(world: BareWorld, key: str) -> dict[str, tuple[str, str]]:
    """Uid -> name and spec's node, of all objects of a kind."""
    objects = world.cluster.list(key)
    return {o["metadata"]["uid"]: (o["metadata"]["name"], str(o.get("spec", {}).get("nodeName"))) for o in objects}


def config_map(name: str, **metadata: object) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default", **metadata}}


# An EKS cluster ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eks() -> Imported:
    return imported_world(read(EKS), ImportWords())


def test_what_cannot_live_in_a_twin_is_told_with_its_reason(eks: Imported) -> None:
    assert (eks.world.adoption.kept, eks.world.adoption.total) == (18, 21)
    assert {out.kind: out.why.split()[0] for out in eks.world.adoption.left_out} == {
        "NodePool": "no",
        "Lease": "leases",
        "Secret": "a",
    }
    told = report(eks)
    assert "imported 18 of 21 objects from 1 place" in told
    assert "ConfigMap shop/rollout-state belongs to Rollout web, which is not there" in told


def test_version_clock_and_service_network_are_those_of_the_dump(eks: Imported) -> None:
    options = eks.world.options
    assert (options.version, options.service_cidr) == ("1.33", "172.20.0.0/16")
    assert options.epoch == datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def test_objects_keep_who_they_are(eks: Imported) -> None:
    cluster = eks.world.cluster
    assert cluster.get("services", "shop", "web")["spec"]["clusterIP"] == "172.20.44.17"
    assert cluster.get("services", "default", "kubernetes")["spec"]["clusterIP"] == "172.20.0.1"
    (pod,) = cluster.list("pods", "shop")
    assert pod["metadata"]["uid"] == "0a6a0e0e-0f0f-4b5f-9d38-6b84c5d1f116"
    assert pod["status"]["podIP"] == "10.0.101.77"
    node = cluster.get("nodes", "", NODE)
    assert node["spec"]["providerID"] == "aws:///us-west-2a/i-0123456789abcdef0"
    assert node["status"]["allocatable"]["memory"] == "7220164Ki"
    assert cluster.find("eniconfigs.crd.k8s.amazonaws.com", "", "us-west-2a") is not None


def test_nothing_is_made_anew_in_an_hour(eks: Imported) -> None:
    """Adopted: ReplicaSet, pods and slices of before, although the dump has no ControllerRevisions."""
    world = eks.world
    kinds = ("pods", "replicasets.apps", "endpointslices.discovery.k8s.io", "daemonsets.apps", "persistentvolumes")
    before = {key: identities(world, key) for key in kinds}
    world.engine.run_for(3000)
    assert {key: identities(world, key) for key in kinds} == before
    assert world.cluster.get("persistentvolumeclaims", "shop", "data")["status"]["phase"] == "Bound"
    assert world.cluster.get("daemonsets.apps", "kube-system", "aws-node")["status"]["numberReady"] == 1
    assert not world.cluster.list("jobs.batch")
    world.engine.run_for(700)
    assert len(world.cluster.list("jobs.batch")) == 1, "the next run of the CronJob is due at one o'clock"


def test_it_is_a_living_cluster(eks: Imported) -> None:
    world = eks.world
    world.cluster.set_replicas("deployments.apps", "shop", "web", 3)
    world.engine.run_for(30)
    assert world.cluster.get("deployments.apps", "shop", "web")["status"]["readyReplicas"] == 3
    addresses = [pod["status"]["podIP"] for pod in world.cluster.list("pods", "shop")]
    assert len(set(addresses)) == len(addresses)


def test_an_imported_twin_can_be_saved_and_restored() -> None:
    world = imported_world(read(EKS), ImportWords()).world
    world.cluster.set_replicas("deployments.apps", "shop", "web", 2)
    world.engine.run_for(60)
    again = restored(parsed_snapshot(snapshot_of(world.cluster, world.history).compressed(), "saved"))
    assert list(again.engine.journal) == list(world.engine.journal)


# A twin's own dump ---------------------------------------------------------------------------------------------------


def workload(kind: str, name: str, **spec: object) -> Obj:
    labels = {"app": name}
    requests = {"requests": {"cpu": "200m", "memory": "64Mi"}}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "x", "resources": requests}]},
    }
    whole = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}, "spec": whole}


def busy_world() -> BareWorld:
    world = BareWorld(
        BareOptions(nodes=usual_nodes(3), components=("metrics-server",), epoch=datetime(2026, 1, 1, tzinfo=UTC))
    )
    world.cluster.create(workload("Deployment", "web", replicas=4))
    world.cluster.create(workload("StatefulSet", "db", replicas=2, serviceName="db"))
    world.cluster.create(workload("DaemonSet", "agent"))
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 40}},
    }
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    scaling = {"scaleTargetRef": reference, "minReplicas": 2, "maxReplicas": 9, "metrics": [metric]}
    metadata = {"name": "web", "namespace": "default"}
    world.cluster.create(
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": scaling}
    )
    world.engine.run_for(900)
    return world


def test_a_twin_imported_into_a_twin_stays_as_it_was() -> None:
    first = busy_world()
    second = imported(dumped(first)).world
    kinds = ("pods", "nodes", "replicasets.apps", "services", "controllerrevisions.apps")
    for key in kinds:
        assert identities(second, key) == identities(first, key), key
    second.engine.run_for(900)
    for key in kinds:
        assert identities(second, key) == identities(first, key), key
    autoscaler = second.cluster.get("horizontalpodautoscalers.autoscaling", "default", "web")
    scale = first.cluster.get("deployments.apps", "default", "web")["spec"]["replicas"]
    assert autoscaler["status"]["desiredReplicas"] == scale
    assert {c["type"]: c["status"] for c in autoscaler["status"]["conditions"]}["ScalingActive"] == "True"


def test_a_snapshot_file_can_be_imported_too(tmp_path: Path) -> None:
    world = busy_world()
    file = tmp_path / "saved"
    file.write_bytes(snapshot_of(world.cluster, world.history).compressed())
    found = read(file)
    assert len(found.objects) == len(dumped(world))


# Odd dumps -----------------------------------------------------------------------------------------------------------


def test_all_forms_of_a_dump_are_read(tmp_path: Path) -> None:
    documents = tmp_path / "many.yaml"
    documents.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n---\nkind: Secret\nmetadata: {name: b}\n"
    )
    typed = tmp_path / "typed.json"
    typed.write_text(json.dumps({"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "c"}}]}))
    stdin = b'{"kind":"List","apiVersion":"v1","items":[{"kind":"Node","metadata":{"name":"d"}}]}\n{"kind":"Pod"}\n'
    found = read(documents, typed, "-", stdin=stdin)
    assert [obj["kind"] for obj in found.objects] == ["ConfigMap", "Secret", "Pod", "Node", "Pod"]
    assert [Path(file).name for file in found.files] == ["many.yaml", "many.yaml", "typed.json", "-", "-"]


def test_times_stay_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: Pod\nmetadata: {creationTimestamp: 2026-01-01T00:00:00Z}\n")
    assert read(tmp_path / "a.yaml").objects[0]["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("kind: Pod\n  metadata: {\n", ":2:"),
        ('{"kind": "Pod",\n "metadata": }', ":2:"),
        ("just words", ": document 1 is not an object but text"),
        ("a: 1\n", ": document 1 has no kind"),
        ("kind: List\nitems: [1]\n", ": item 1 of document 1 is no object but a number"),
        ("", ": holds no objects"),
    ],
)
def test_what_is_no_dump_is_refused_at_its_place_together_with_the_others(
    text: str, place: str, tmp_path: Path
) -> None:
    wrong, missing = tmp_path / "wrong.yaml", tmp_path / "none.yaml"
    wrong.write_text(text)
    with pytest.raises(InputError) as refused:
        read(wrong, missing, EKS)
    told = str(refused.value)
    assert f"wrong.yaml{place}" in told
    assert "none.yaml: no such file" in told


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"kind: Pod\nname: \xff\n")
    with pytest.raises(InputError, match="a:2:1: is not UTF-8"):
        read(tmp_path / "a")


def test_wrong_objects_stay_out_one_by_one() -> None:
    deployment = workload("Deployment", "no-selector")
    del deployment["spec"]["selector"]
    objects = [
        config_map("good"),
        {**config_map("bad"), "data": {"key": 5}},
        deployment,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nowhere"}},
        {"apiVersion": "extensions/v1beta1", "kind": "Ingress", "metadata": {"name": "old", "namespace": "default"}},
        {"kind": "Pod"},
        config_map("good", labels={"newer": "yes"}),
    ]
    adoption = imported(objects).world.adoption
    assert adoption.kept == 1
    whys = [out.why for out in adoption.left_out]
    assert whys[0] == "is given again later; the later one counts"
    assert "cannot unmarshal number" in whys[1]
    assert "spec.selector" in whys[2]
    assert whys[3:5] == ["has no name", "has no namespace"]
    assert "extensions/v1beta1" in whys[5]
    assert whys[6] == "has no name"


def test_nothing_to_take_in_is_an_error() -> None:
    with pytest.raises(OperationFailed, match="none of the 1 objects"):
        imported(
            [{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "a", "namespace": "b"}}]
        )


def test_pods_without_their_node_get_a_machine_and_stay_where_they_are() -> None:
    eks = [obj for obj in read(EKS).objects if obj["kind"] in ("Pod", "ReplicaSet", "Deployment", "DaemonSet")]
    world = imported(eks).world
    before = identities(world, "pods")
    world.engine.run_for(900)
    assert identities(world, "pods") == before
    assert [node["metadata"]["name"] for node in world.cluster.list("nodes")] == [NODE]
    assert world.cluster.find("namespaces", "", "shop") is not None
    assert any("Namespace shop" in note for note in world.adoption.notes)


def test_a_cluster_without_nodes_has_the_usual_ones() -> None:
    nodes, notes = nodes_of([config_map("a")])
    assert nodes == usual_nodes()
    assert "three usual machines" in notes[0]


@pytest.mark.parametrize(
    ("addresses", "network"),
    [([], "10.100.0.0/16"), (["10.96.0.1", "10.111.2.3"], "10.96.0.0/12"), (["None", "10.43.0.1"], "10.43.0.0/16")],
)
def test_the_service_network_holds_all_addresses(addresses: Sequence[str], network: str) -> None:
    services = [{"kind": "Service", "spec": {"clusterIP": address}} for address in addresses]
    assert service_cidr_of(services) == (network if addresses else BareOptions().service_cidr)


def test_the_clock_never_begins_in_the_future() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert moment_of([config_map("a", creationTimestamp="2027-01-01T00:00:00Z")], now) == now
    assert moment_of([config_map("a", creationTimestamp="nonsense")], now) == now


# Mangled dumps -------------------------------------------------------------------------------------------------------

ODD: tuple[object, ...] = (
    None,
    0,
    -1,
    2**70,
    "",
    "x",
    "2026-13-01",
    True,
    [],
    {},
    [None],
    {"a": None},
    1.5,
    "100000Ti",
    "\ufffd",
)


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every container in a value with each of its keys."""
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, child in pairs:
        yield value, key
        yield from places(child)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_mangled_dump_never_breaks_a_twin(data: st.DataObject) -> None:
    objects = json.loads(json.dumps(read(EKS).objects))
    for _ in range(data.draw(st.integers(1, 6))):
        container, key = data.draw(st.sampled_from(list(places(data.draw(st.sampled_from(objects))))))
        if data.draw(st.booleans()):
            del container[key]
        else:
            container[key] = data.draw(st.sampled_from(ODD))
    imported(objects).world.engine.run_for(400)


def test_half_characters_become_replacement_characters() -> None:
    text = b'{"kind": "ConfigMap", "data": {"a": "x\\ud800y"}}'
    assert read("-", stdin=text).objects[0]["data"] == {"a": "x\ufffdy"}


def test_an_object_that_lacks_what_its_kind_must_have_stays_out() -> None:
    node = next(obj for obj in json.loads(json.dumps(read(EKS).objects)) if obj["kind"] == "Node")
    del node["status"]["conditions"][1]["status"]
    adoption = imported([node, config_map("good")]).world.adoption
    assert [out.why for out in adoption.left_out] == ["is not whole: status.conditions[1].status is missing"]
