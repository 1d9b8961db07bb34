"""SCH008: mesh configuration that names hosts, subsets or pods which nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping, texts
from wavetank.checks.model import Mistake, Rule, Severity, Step
from wavetank.kube.types import Obj

_CLUSTER_DOMAIN = ".svc.cluster.local"
_ROUTED = ("http", "tls", "tcp")


def check(case: Case) -> Iterator[Mistake]:
    if not case.workloads or not case.manifests.of_kind("Service", group=""):
        return
    for rule in case.manifests.of_kind("DestinationRule", group="networking.istio.io"):
        host = str(rule.spec.get("host") or "")
        if _is_unknown(case, rule, host):
            yield _unknown_host(rule, ("spec", "host"), host)
        else:
            yield from _subsets(case, rule, host)
    for service in case.manifests.of_kind("VirtualService", group="networking.istio.io"):
        yield from _routes(case, service)
    for policy in case.manifests.of_kind("AuthorizationPolicy", "RequestAuthentication", "PeerAuthentication"):
        yield from _selects(case, policy)


# --- hosts ------------------------------------------------------------------------------------------------------------


def service_of(case: Case, holder: Manifest, host: str) -> Manifest | None:
    """The Service that a host names as seen from the namespace of ``holder``."""
    name, _, rest = host.removesuffix(_CLUSTER_DOMAIN).removesuffix(".svc").partition(".")
    return case.manifests.find("Service", rest or holder.namespace, name)


def _is_unknown(case: Case, holder: Manifest, host: str) -> bool:
    """Known to be in no registry: neither a Service nor a ServiceEntry. Wildcards and other namespaces are given the benefit."""
    if not host or host.startswith("*") or service_of(case, holder, host) is not None:
        return False
    if any(
        _covers(str(name), host)
        for entry in case.manifests.of_kind("ServiceEntry")
        for name in entry.spec.get("hosts") or ()
    ):
        return False
    return case.given.whole or _is_in_sight(case, holder, host)


def _is_in_sight(case: Case, holder: Manifest, host: str) -> bool:
    """Whether the input would show the Service: it has Services of that namespace, and nothing makes others there."""
    parts = host.removesuffix(_CLUSTER_DOMAIN).removesuffix(".svc").split(".")
    if len(parts) > 2:
        return True  # a name of the outside
    namespace = parts[1] if len(parts) > 1 else holder.namespace
    return bool(case.manifests.in_namespace("Service", namespace)) and not case.makers.may_get_objects(namespace)


def _covers(name: str, host: str) -> bool:
    return host == name or (name.startswith("*.") and host.endswith(name[1:]))


def _unknown_host(holder: Manifest, steps: tuple[Step, ...], host: str) -> Mistake:
    return Mistake(
        at=holder.at(*steps),
        message=f"{holder.title} sends to {host}, which is neither a Service here nor a ServiceEntry: nothing answers",
        remedy="name a Service of the namespace, or <service>.<namespace>.svc.cluster.local, or add a ServiceEntry",
        numbers={"host": host},
    )


# --- subsets ----------------------------------------------------------------------------------------------------------


def _subsets(case: Case, rule: Manifest, host: str) -> Iterator[Mistake]:
    service = service_of(case, rule, host)
    selected = case.workloads_of(service) if service is not None else ()
    managed = any(w.kind == "Rollout" for w in selected)
    for index, subset in enumerate(items(rule.spec.get("subsets"))):
        labels = texts(subset.get("labels"))
        # Argo Rollouts adds the label that tells its two sets of pods apart.
        if labels and selected and not managed and not any(labels.items() <= w.labels.items() for w in selected):
            shown = ", ".join(f"{key}={value}" for key, value in labels.items())
            yield Mistake(
                at=rule.at("spec", "subsets", index, "labels"),
                message=f"{rule.title}: no pod behind {host} has the labels of subset {subset.get('name')} ({shown})",
                remedy="give the pods of that version the labels, or remove the subset",
                numbers={"subset": str(subset.get("name")), "pods": 0},
            )


def _destinations(service: Manifest) -> Iterator[tuple[tuple[Step, ...], Obj]]:
    for protocol in _ROUTED:
        for at, route in enumerate(items(service.spec.get(protocol))):
            for index, each in enumerate(items(route.get("route"))):
                yield ("spec", protocol, at, "route", index, "destination"), mapping(each.get("destination"))


def _routes(case: Case, service: Manifest) -> Iterator[Mistake]:
    for steps, destination in _destinations(service):
        host, subset = str(destination.get("host") or ""), destination.get("subset")
        if _is_unknown(case, service, host):
            yield _unknown_host(service, (*steps, "host"), host)
        elif subset is not None and not _is_defined(case, service, host, str(subset)):
            yield Mistake(
                at=service.at(*steps, "subset"),
                message=f"{service.title} routes to subset {subset} of {host}, which no DestinationRule defines: 503",
                remedy="define the subset in a DestinationRule for that host",
                numbers={"host": host, "subset": str(subset)},
            )


def _is_defined(case: Case, service: Manifest, host: str, subset: str) -> bool:
    wanted = service_of(case, service, host)
    for rule in case.manifests.of_kind("DestinationRule", group="networking.istio.io"):
        named = str(rule.spec.get("host") or "")
        same = named == host or (wanted is not None and service_of(case, rule, named) is wanted)
        if same and any(each.get("name") == subset for each in items(rule.spec.get("subsets"))):
            return True
    return False


# --- policies ---------------------------------------------------------------------------------------------------------


def _selects(case: Case, policy: Manifest) -> Iterator[Mistake]:
    labels = texts(mapping(policy.spec.get("selector")).get("matchLabels"))
    matching = [w for w in case.workloads if labels.items() <= w.labels.items()]
    if labels and matching and not any(w.namespace == policy.namespace for w in matching):
        yield Mistake(
            at=policy.at("spec", "selector"),
            message=(
                f"{policy.title} selects no pod of its namespace; {matching[0].title} has the labels, but a policy acts in its "
                "own namespace only"
            ),
            remedy=f"move the policy to {matching[0].namespace}",
            numbers={"namespace": policy.namespace, "podsIn": matching[0].namespace},
            about=(matching[0].title,),
        )


RULE = Rule(
    id="SCH008",
    severity=Severity.ERROR,
    title="The mesh is told of hosts or subsets that do not exist",
    source="istio.io/latest/docs/ops/common-problems/network-issues; istioctl analyze IST0101",
    check=check,
)
