"""Where a network plugin runs: what ``FleetOptions.network_ready`` asks. Follows pods so that the answer costs nothing."""

from __future__ import annotations

from wavetank.twin.cluster import Change, Cluster

from .presence import belongs_to, is_serving

POD_NAME_LABEL = "aws-node"


class NetworkPlugin:
    """Nodes on which a pod of aws-node has been Ready: once set up, a node's network outlives a restart of the plugin."""

    def __init__(self, cluster: Cluster) -> None:
        self._nodes: set[str] = set()
        self._ends = (cluster.subscribe("pods", self._note_pod), cluster.subscribe("nodes", self._note_node))

    def __call__(self, node_name: str) -> bool:
        return node_name in self._nodes

    def close(self) -> None:
        for end in self._ends:
            end()

    def _note_pod(self, change: Change) -> None:
        pod = change.object
        if change.type != "DELETED" and belongs_to(pod, POD_NAME_LABEL) and is_serving(pod):
            self._nodes.add(pod["spec"].get("nodeName", ""))

    def _note_node(self, change: Change) -> None:
        if change.type == "DELETED":
            self._nodes.discard(change.name)
