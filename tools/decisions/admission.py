"""Plays the recorded admissions: objects sent one after another into a namespace with quotas, limits or a Pod Security level."""

from __future__ import annotations

from wavetank.kube import quantity
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call, Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.controllers import start_controllers
from wavetank.twin.engine import Engine

from .given import Case, complete, require_exactly

NAMESPACE = "tried"
QUIET_SECONDS = 1.0
#: Classes that the recorder had made; ``given`` does not list them.
PRIORITIES = {"high": 1000, "low": 10}
#: Every recorded namespace held two ConfigMaps before the first try: the root certificate, and one more that ``given`` does
#: not name.
OTHER_CONFIG_MAP = "of-the-recorder"


class AdmissionReplay:
    """One case."""

    def __init__(self, case: Case) -> None:
        self._given = case["given"]
        require_exactly("given", self._given, {"namespaceLabels", "objects", "tries"})
        self._engine = Engine()
        self._cluster: Cluster = new_cluster(self._engine)
        start_controllers(self._cluster, heartbeats=lambda _: self._engine.now)

    def observed(self) -> list[Obj]:
        self._prepare()
        return [self._tried(complete(tried, NAMESPACE)) for tried in self._given["tries"]]

    def _prepare(self) -> None:
        metadata = {"name": NAMESPACE, "labels": self._given["namespaceLabels"]}
        self._cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        self._cluster.create(complete({"kind": "ConfigMap", "metadata": {"name": OTHER_CONFIG_MAP}}, NAMESPACE))
        for name, value in PRIORITIES.items():
            self._cluster.create(complete({"kind": "PriorityClass", "metadata": {"name": name}, "value": value}))
        self._engine.run_for(QUIET_SECONDS)
        for obj in self._given["objects"]:
            self._cluster.create(complete(obj, NAMESPACE))
        self._engine.run_for(QUIET_SECONDS)

    def _tried(self, obj: Obj) -> Obj:
        answer = self._answer(obj)
        quotas = [o["metadata"]["name"] for o in self._given["objects"] if o["kind"] == "ResourceQuota"]
        return {**answer, "used": {name: self._used(name) for name in quotas}} if quotas else answer

    def _answer(self, obj: Obj) -> Obj:
        try:
            created = self._cluster.create(obj, call=Call(external=True))
        except ApiError as error:
            return {"code": error.code, "reason": error.reason, "message": error.message}
        if obj["kind"] != "Pod":
            return {"code": 201}
        return {"code": 201, "resources": [c.get("resources", {}) for c in created["spec"]["containers"]]}

    def _used(self, quota: str) -> dict[str, str]:
        used = self._cluster.get("resourcequotas", NAMESPACE, quota)["status"]["used"]
        return {name: quantity.canonical(amount) for name, amount in sorted(used.items())}
