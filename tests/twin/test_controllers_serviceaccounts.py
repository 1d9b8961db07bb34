"""Every namespace can run pods: it has an account and the cluster's certificate."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.controllers import ControllerSettings, start_controllers
from wavetank.twin.engine import Engine

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"


def running_cluster() -> tuple[Engine, Cluster]:
    engine = Engine()
    cluster = new_cluster(engine)
    start_controllers(cluster, ControllerSettings(ca_pem=CERTIFICATE))
    return engine, cluster


def namespace(name: str) -> Obj:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def test_every_namespace_gets_an_account_and_the_certificate() -> None:
    engine, cluster = running_cluster()
    cluster.create(namespace("shop"))
    engine.run_for(0.1)
    for name in ("default", "kube-system", "shop"):
        assert cluster.find("serviceaccounts", name, "default") is not None
        assert cluster.get("configmaps", name, "kube-root-ca.crt")["data"] == {"ca.crt": CERTIFICATE}


def test_a_pod_can_be_created_once_the_namespace_is_furnished() -> None:
    engine, cluster = running_cluster()
    engine.run_for(0.1)
    container = {"name": "main", "image": "registry.example/app:1"}
    metadata = {"name": "p", "namespace": "default"}
    pod = cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})
    assert pod["spec"]["serviceAccountName"] == "default"


def test_what_is_deleted_or_changed_comes_back() -> None:
    engine, cluster = running_cluster()
    engine.run_for(0.1)
    cluster.delete("serviceaccounts", "default", "default")
    cluster.modify("configmaps", "default", "kube-root-ca.crt", lambda obj: {**obj, "data": {"ca.crt": "forged"}})
    engine.run_for(0.1)
    assert cluster.find("serviceaccounts", "default", "default") is not None
    assert cluster.get("configmaps", "default", "kube-root-ca.crt")["data"] == {"ca.crt": CERTIFICATE}


def test_a_namespace_that_goes_away_is_not_furnished_again() -> None:
    engine, cluster = running_cluster()
    cluster.create(namespace("shop"))
    engine.run_for(0.1)
    cluster.delete("namespaces", "", "shop")
    engine.run_for(60)
    assert cluster.find("namespaces", "", "shop") is None
    assert cluster.find("serviceaccounts", "shop", "default") is None
