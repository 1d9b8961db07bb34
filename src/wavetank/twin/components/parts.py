"""Which parts of a component serve at this moment: KEDA's operator without its metrics server, VPA's recommender alone.

Kept up to date by changes of pods, so that asking costs nothing. Parts are known by the labels that charts and published
manifests put on pods; whoever installed them, by whatever means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster

from .presence import is_serving

_NAME, _COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
_PLAIN_LABELS = (_NAME, "k8s-app", "app")


class Parts:
    """``names`` gives the part that a label's value stands for; ``name/component`` means both of the recommended labels.

    ``on_change(part)`` is called when a part begins to serve and when its last pod stops; not for what serves at the start.
    """

    def __init__(self, cluster: Cluster, names: Mapping[str, str], on_change: Callable[[str], None]) -> None:
        self._names = dict(names)
        self._pods: dict[str, set[tuple[str, str]]] = {part: set() for part in names.values()}
        self._on_change: Callable[[str], None] = lambda part: None
        for pod in cluster.list("pods"):
            self._note(pod, is_serving(pod))
        self._on_change = on_change
        self.close = cluster.subscribe("pods", self._changed)

    def serve(self, part: str) -> bool:
        """Whether a ready pod of the part exists that is not about to go."""
        return bool(self._pods[part])

    def _changed(self, change: Change) -> None:
        self._note(change.object, change.type != "DELETED" and is_serving(change.object))

    def _note(self, pod: Obj, serving: bool) -> None:
        part = self._part_of(pod)
        if part is None:
            return
        pods, address = self._pods[part], (pod["metadata"].get("namespace", ""), pod["metadata"]["name"])
        before = bool(pods)
        (pods.add if serving else pods.discard)(address)
        if bool(pods) != before:
            self._on_change(part)

    def _part_of(self, pod: Obj) -> str | None:
        labels = pod["metadata"].get("labels")
        if not labels:
            return None
        for label in _PLAIN_LABELS:
            found = self._names.get(labels.get(label, ""))
            if found is not None:
                return found
        return self._names.get(f"{labels.get(_NAME, '')}/{labels.get(_COMPONENT, '')}")
