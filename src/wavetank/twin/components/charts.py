"""Components that nobody wrote a stand-in for: what the catalogue knows of a chart or an add-on stands in their place.

Their custom resource definitions are served, their pods ask for the room that the real ones take and become Ready. Nothing
here acts: what such a component would do with its resources is left undone (see ``registry.acts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wavetank import catalog
from wavetank.catalog.addons import DaemonPods, PodSet, Requests
from wavetank.catalog.custom_resources import custom_resources
from wavetank.kube.types import Obj

from .component import (
    EVERYWHERE,
    Component,
    Installation,
    Workload,
    container,
    daemon_set,
    deployment,
    namespace,
    service_account,
)

#: namespaces that every cluster has
_OF_THE_CLUSTER = ("kube-system", "default")


def catalogued(name: str) -> Component | None:
    """The stand-in for a chart or an add-on of the catalogue; None for what the catalogue does not know."""
    chart = catalog.chart(name)
    if chart is not None:
        return Component(name, lambda installation: list(_chart_objects(chart, installation)))
    addon = catalog.addon(name)
    if addon is not None:
        return Component(name, lambda installation: list(_addon_objects(addon, installation)))
    return None


def _chart_objects(chart: catalog.ChartFacts, installation: Installation) -> Iterator[Obj]:
    yield from definitions(chart.crd_groups)
    image = f"{chart.images[0] if chart.images else chart.name}:{chart.app_version or installation.version}"
    yield from _pods(chart.name, chart.namespace, chart.service_account, chart.requests, image, installation)


def _addon_objects(addon: catalog.AddOnFacts, installation: Installation) -> Iterator[Obj]:
    yield from definitions(_ADD_ON_GROUPS.get(addon.name, ()))
    image = installation.image(f"eks/{addon.name}")
    yield from _pods(addon.name, addon.namespace, addon.service_account, addon.requests, image, installation)


#: API groups whose definitions a managed add-on brings
_ADD_ON_GROUPS = {"snapshot-controller": ("snapshot.storage.k8s.io",)}


def definitions(groups: Iterable[str]) -> Iterator[Obj]:
    """The custom resource definitions of some API groups that the catalogue knows."""
    wanted = frozenset(groups)
    return (kind.definition() for kind in custom_resources().values() if kind.group in wanted)


def _pods(
    name: str, place: str, account: str | None, requests: Requests, image: str, installation: Installation
) -> Iterator[Obj]:
    if place not in _OF_THE_CLUSTER:
        yield namespace(place)
    if requests.pods or requests.daemons:
        yield service_account(account or name, place)
    # Values of a chart say other things than the configuration of an add-on: only its version counts here.
    plain = Installation(installation.version, region=installation.region)
    for pods in requests.pods:
        yield deployment(_workload(pods, name, place, account or name, image), plain)
    for daemons in requests.daemons:
        yield daemon_set(_workload(daemons, name, place, account or name, image), plain)


def _workload(pods: PodSet | DaemonPods, name: str, place: str, account: str, image: str) -> Workload:
    labels = {"app.kubernetes.io/name": pods.name, "app.kubernetes.io/instance": name}
    main = container(pods.name, image, pods.requests["cpu"], pods.requests["memory"])
    match pods:
        case PodSet(replicas=replicas):
            return Workload(pods.name, labels, (main,), account, place, replicas, priority_class="")
        case DaemonPods():
            return Workload(pods.name, labels, (main,), account, place, priority_class="", tolerations=EVERYWHERE)
