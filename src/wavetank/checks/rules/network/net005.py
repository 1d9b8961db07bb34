"""NET005: an egress policy without DNS, or one that selects namespaces by a label that none has."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case, label_selector, policy_types
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.policies import Pods, Port, allows
from wavetank.checks.workloads import Workload

_SYSTEM = {"kubernetes.io/metadata.name": "kube-system"}
_DNS = Pods("kube-system", _SYSTEM, {"k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns"})


def check(case: Case) -> Iterator[Mistake]:
    for policy in case.manifests.of_kind("NetworkPolicy", group="networking.k8s.io"):
        for direction, end in (("egress", "to"), ("ingress", "from")):
            for at, rule in enumerate(items(policy.spec.get(direction))):
                for index, peer in enumerate(items(rule.get(end))):
                    place = policy.at("spec", direction, at, end, index)
                    yield from _label(case, policy, mapping(peer.get("namespaceSelector")), place)
    for workload in case.workloads:
        yield from _dns(case, workload)


def _label(case: Case, policy: Manifest, selector: dict[str, object], at: Place) -> Iterator[Mistake]:
    labels = mapping(selector.get("matchLabels"))
    wanted = label_selector(selector)
    known = case.manifests.of_kind("Namespace")
    if not labels or any(wanted.matches(case.namespace_labels(m.name)) for m in known):
        return
    for key, value in labels.items():
        named = case.namespace(str(value))
        # The usual slip: the namespace's name under a label of one's own, on a namespace that we can see.
        if key in ("name", "namespace", "kubernetes.io/name") and (named is not None or case.given.whole):
            yield Mistake(
                at=at,
                message=(
                    f"{policy.name} selects namespaces with {key}={value}, but 0 of the {len(known)} namespaces have that "
                    "label: "
                    "the rule allows nothing"
                ),
                remedy=f"select kubernetes.io/metadata.name: {value}, which every namespace has",
                numbers={"label": f"{key}={value}", "namespaces": len(known), "matching": 0},
            )


def _dns(case: Case, workload: Workload) -> Iterator[Mistake]:
    policies = case.policies_of(workload, "Egress")
    if not policies or not _talks_to_pods(policies) or _names_nothing(workload):
        return
    system = case.namespace("kube-system")
    labels = {**(system.labels if system else {}), "name": "kube-system", **_SYSTEM}
    resolver = Pods("kube-system", labels, _DNS.labels)
    if any(allows(policies, "Egress", resolver, Port(53, protocol, "dns")) for protocol in ("UDP", "TCP")):
        return
    if any(_allows_port_53(policy) for policy in policies):
        return
    names = ", ".join(p.name for p in policies)
    mine = next((p for p in policies if items(p.spec.get("egress"))), policies[0])
    yield Mistake(
        at=mine.at("spec", "egress"),
        message=(
            f"the egress policies of {workload.name} ({names}) let it talk to pods, but not to DNS: port 53 of "
            "kube-system is in 0 of "
            "their rules, so no name is resolved and nothing is reached"
        ),
        remedy=(
            "allow UDP and TCP 53 to namespaceSelector kubernetes.io/metadata.name: kube-system, podSelector k8s-app: kube-dns"
        ),
        numbers={"policies": len(policies), "port": 53},
        about=(workload.title, *(p.title for p in policies)),
    )


def _talks_to_pods(policies: object) -> bool:
    """Some rule lets it talk to pods, which nobody finds without DNS; nothing at all may be meant so."""
    found = [p for p in policies if isinstance(p, Manifest)] if isinstance(policies, list) else []
    peers = [
        peer
        for p in found
        if "Egress" in policy_types(p)
        for rule in items(p.spec.get("egress"))
        for peer in items(rule.get("to"))
    ]
    return any("podSelector" in peer or "namespaceSelector" in peer for peer in peers)


def _allows_port_53(policy: Manifest) -> bool:
    """To somewhere, be it a node-local cache by its address."""
    ports = [port for rule in items(policy.spec.get("egress")) for port in items(rule.get("ports"))]
    return any(port.get("port") in (53, "53", "dns") for port in ports)


def _names_nothing(workload: Workload) -> bool:
    """Pods that use another resolver, or the host's network, which policies do not restrict."""
    return workload.spec.get("dnsPolicy") in ("None", "Default") or workload.spec.get("hostNetwork") is True


RULE = Rule(
    id="NET005",
    severity=Severity.ERROR,
    title="An egress policy cuts pods off from DNS, or selects namespaces that do not exist",
    source="Kubernetes documentation, Network Policies; kubernetes.io/metadata.name",
    check=check,
)
