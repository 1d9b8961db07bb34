"""What if: pods put on nodes, nodes made up or taken away, and taken back again; filters only, no scores.

For those who decide about nodes by trying (node autoscalers). A simulation works on a view of its own, which follows the
cluster; whatever is tried inside ``trial`` is undone at its end. It never writes to the cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Cluster

from .filters import Filters, filters_for
from .framework import PodRejectedError, Rejection
from .node_info import NodeInfo
from .pod_info import PodInfo
from .view import ClusterView

Undo = Callable[[], None]


class Simulation:
    """A picture of the cluster on which things may be tried. Not to be shared: nobody else may read its view in a trial."""

    def __init__(self, view: ClusterView) -> None:
        self._view = view
        self._undo: list[Undo] | None = None

    @classmethod
    def following(cls, cluster: Cluster) -> Simulation:
        """One that sees every change of the cluster from now on."""
        view = ClusterView(cluster)
        view.follow()
        return cls(view)

    @property
    def nodes(self) -> Mapping[str, NodeInfo]:
        """All nodes by name, those that were made up included; to be read only."""
        return self._view.nodes

    @property
    def view(self) -> ClusterView:
        """What filters are asked about; to be read only."""
        return self._view

    # --- questions ---------------------------------------------------------------------------------------------

    def rejection(self, pod: PodInfo, node_name: str) -> Rejection | None:
        """Why a pod cannot go to a node now; None when it can."""
        asked = self._filters(pod)
        return asked if isinstance(asked, Rejection) else asked.rejection(self.nodes[node_name])

    def rejections(self, pod: PodInfo, node_names: Iterable[str]) -> dict[str, Rejection]:
        """The nodes that cannot take a pod, with the reason."""
        asked = self._filters(pod)
        if isinstance(asked, Rejection):
            return dict.fromkeys(node_names, asked)
        found = ((name, asked.rejection(self.nodes[name])) for name in node_names)
        return {name: rejection for name, rejection in found if rejection is not None}

    def first_fit(self, pod: PodInfo, node_names: Iterable[str]) -> str | None:
        """The first of the nodes that can take a pod."""
        asked = self._filters(pod)
        if isinstance(asked, Rejection):
            return None
        return next((name for name in node_names if asked.rejection(self.nodes[name]) is None), None)

    def _filters(self, pod: PodInfo) -> Filters | Rejection:
        try:
            return filters_for(pod, self._view)
        except PodRejectedError as error:
            return Rejection((str(error),), resolvable=False)

    # --- trials ------------------------------------------------------------------------------------------------

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Inside, the picture may be changed; at the end it is again as it was. Trials may be nested."""
        outer, mine = self._undo, list[Undo]()
        self._undo = mine
        try:
            yield
        finally:
            self._undo = outer
            for undo in reversed(mine):
                undo()

    def place(self, pod: PodInfo, node_name: str) -> None:
        """Put a pod on a node, whether it fits or not."""
        self._view.add_pod(pod, node_name)
        self._remember(partial(self._view.forget_pod, pod.uid))

    def lift(self, pod: PodInfo, node_name: str) -> None:
        """Take a pod off its node."""
        self._view.forget_pod(pod.uid)
        self._remember(partial(self._view.add_pod, pod, node_name))

    def add_node(self, node: Obj, pods: Iterable[PodInfo] = ()) -> None:
        """Make up a node with pods on it; its name must be new."""
        name = node["metadata"]["name"]
        assert name not in self.nodes, f"node {name} exists already"
        self._view.put_node(node)
        self._remember(partial(self._view.drop_node, name))
        for pod in pods:
            self.place(pod, name)

    def remove_node(self, node_name: str) -> None:
        """Take a node away with its pods."""
        info = self.nodes[node_name]
        for pod in list(info.pods.values()):
            self.lift(pod, node_name)
        self._view.drop_node(node_name)
        self._remember(partial(self._view.put_node, info.node))

    def _remember(self, undo: Undo) -> None:
        assert self._undo is not None, "the picture is changed in a trial only"
        self._undo.append(undo)
