"""TriggerAuthentications: KEDA's operator tells of new and changed ones, and which objects use them.

Upstream ``controllers/keda/triggerauthentication_controller.go`` and ``util/status.go``. They are read by ``parameters``.
"""

from __future__ import annotations

from collections.abc import Callable

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster

from .objects import OPERATOR

KINDS = {
    "TriggerAuthentication": "triggerauthentications.keda.sh",
    "ClusterTriggerAuthentication": "clustertriggerauthentications.keda.sh",
}


class Authentications:
    """``serves`` says whether the operator is there."""

    def __init__(self, cluster: Cluster, serves: Callable[[], bool]) -> None:
        self._cluster, self._serves = cluster, serves
        self._ends = tuple(cluster.subscribe(key, self._changed) for key in KINDS.values())

    def close(self) -> None:
        for end in self._ends:
            end()

    def _changed(self, change: Change) -> None:
        if change.type == "DELETED" or not self._serves():
            return
        if change.type == "ADDED" or (change.old or {}).get("spec") != change.object.get("spec"):
            new = change.type == "ADDED"
            self._cluster.engine.call_soon(lambda: self._tell(change.object, new=new))

    def _tell(self, obj: Obj, *, new: bool) -> None:
        kind, name = obj["kind"], obj["metadata"]["name"]
        message = f"New {kind} configured" if new else f"{kind} {name} is updated"
        try:
            self._cluster.record_event(obj, "Normal", f"{kind}{'Added' if new else 'Updated'}", message, OPERATOR)
        except ApiError as error:
            self._cluster.engine.record(OPERATOR, "no event", name, error.message)


def note_use(cluster: Cluster, user: Obj, field: str) -> None:
    """Write the name of a ScaledObject or ScaledJob into the status of each authentication that its triggers name."""
    namespace, name = user["metadata"]["namespace"], user["metadata"]["name"]
    for trigger in user["spec"].get("triggers") or ():
        reference = trigger.get("authenticationRef")
        if not reference:
            continue
        key = KINDS.get(reference.get("kind") or "TriggerAuthentication", "")
        place = "" if key.startswith("cluster") else namespace
        found = cluster.find(key, place, reference["name"])
        known = [each for each in ((found or {}).get("status") or {}).get(field, "").split(",") if each]
        if found is not None and name not in known:
            cluster.set_status(found, {**(found.get("status") or {}), field: ",".join([*known, name])})
