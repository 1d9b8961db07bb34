"""Contradictions of the mesh: hosts in no registry, subsets without pods, weights that are no whole, words that Istio lacks.

One of the modules of rules that ``references`` lists; rules look through the located tree and pass over wrong types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from wavetank.base.errors import Problem
from wavetank.spec.foreign import misfits, structure
from wavetank.spec.ingress_references import covers, namespace_of_service
from wavetank.spec.lookup import at, elements, names, number, repeated, unknown, word
from wavetank.spec.problems import suggestion
from wavetank.spec.tree import Mapped, Node, Sequence, children, name_of

_ISTIO = "networking.istio.io"
_LISTS = ("gateways", "routes", "destinations", "authorization", "requestAuthentication", "serviceEntries")


def mesh_names_are_unique(root: Node) -> Iterator[Problem]:
    """Within a list of the mesh, a name names one thing."""
    for key in _LISTS:
        yield from repeated(root, "mesh", key)


def mesh_lives_in_known_namespaces(root: Node) -> Iterator[Problem]:
    """Every object of the mesh goes to a namespace of the platform."""
    known = names(root, "namespaces")
    for key in _LISTS:
        for element in elements(root, "mesh", key):
            yield from unknown(element.get("namespace"), "namespace", known)


def proxies_have_a_mesh(root: Node) -> Iterator[Problem]:
    """A namespace asks for proxies only where there is a mesh, and a mesh has a namespace with proxies."""
    meshed = [each for each in elements(root, "namespaces") if at(each, "mesh") is not None]
    mesh = at(root, "mesh")
    if mesh is None:
        for namespace in meshed:
            place = namespace.entries["mesh"].key_place
            yield place.problem("the platform has no mesh", "Add `mesh: {}`, which asks for strict mutual TLS.")
    elif not meshed:
        yield mesh.place.problem("no namespace is part of the mesh", "Write `mesh: true` on the namespaces that are.")


# --- hosts ------------------------------------------------------------------------------------------------------------


def service_named(root: Node, host: str | None) -> str | None:
    """The Service that a host names: shortly, with its namespace, or in full."""
    for name in names(root, "services"):
        short = f"{name}.{namespace_of_service(root, name)}"
        if host in (name, short, f"{short}.svc", f"{short}.svc.cluster.local"):
            return name
    return None


def _is_outside(root: Node, host: str) -> bool:
    """Whether a service entry has the host."""
    entries = (entry.get("hosts") for entry in elements(root, "mesh", "serviceEntries"))
    known = [word(each) for hosts in entries for each in (children(hosts) or (hosts,)) if each is not None]
    return any(covers(each or "", host) for each in known)


def _in_a_registry(root: Node, node: Node | None) -> Iterator[Problem]:
    host = word(node)
    if node is None or host is None or service_named(root, host) is not None or _is_outside(root, host):
        return
    remedy = suggestion(host.partition(".")[0], names(root, "services"))
    yield node.place.problem(f'"{host}" is neither a service of the platform nor one of serviceEntries', remedy)


def mesh_hosts_resolve(root: Node) -> Iterator[Problem]:
    """Destinations and routes speak of Services, service entries or, at a gateway, of its hosts."""
    for destination in elements(root, "mesh", "destinations"):
        yield from unknown(destination.get("service"), "service", _forms_of_services(root))
        yield from _in_a_registry(root, destination.get("host"))
    for route in elements(root, "mesh", "routes"):
        yield from _route_hosts(root, route)
        for target in _targets(route):
            yield from _in_a_registry(root, at(target, "host"))
            yield from _port_is_there(root, target)


def _forms_of_services(root: Node) -> list[str]:
    known = names(root, "services")
    return [*known, *(f"{each}.{namespace_of_service(root, each)}" for each in known)]


def _route_hosts(root: Node, route: Mapped) -> Iterator[Problem]:
    bound = _each(route.get("gateways"))
    yield from (
        problem
        for gateway in bound
        if word(gateway) != "mesh" and "/" not in (word(gateway) or "")
        for problem in unknown(gateway, "gateway", names(root, "mesh", "gateways"))
    )
    listened = [host for gateway in bound for host in _hosts_of_gateway(root, word(gateway))]
    for node in _each(route.get("hosts")):
        host = word(node) or ""
        if not listened:
            yield from _in_a_registry(root, node)
        elif not any(covers(each, host) or each == "*" for each in listened) and service_named(root, host) is None:
            yield node.place.problem(
                f'no gateway of the route listens for "{host}"', f"They have: {', '.join(listened)}."
            )


def _hosts_of_gateway(root: Node, name: str | None) -> list[str]:
    gateway = next((each for each in elements(root, "mesh", "gateways") if name_of(each) == name), None)
    hosts = [*_each(at(gateway, "hosts"))]
    hosts += [host for server in elements(gateway, "servers") for host in _each(server.get("hosts"))]
    return [found for host in hosts if (found := word(host)) is not None]


def _each(node: Node | None) -> tuple[Node, ...]:
    """The elements of a list, or the one that is written without it."""
    return children(node) if isinstance(node, Sequence) else (node,) if node is not None else ()


def http_entries(route: Mapped) -> Iterator[Mapped]:
    """The entries of a route's http."""
    return (each for each in _each(route.get("http")) if isinstance(each, Mapped))


def _targets(route: Mapped) -> Iterator[Mapped]:
    """Where a route sends to: mappings with host, port and subset, of Istio's form; short ones are made alike."""
    for entry in http_entries(route):
        for destination in elements(entry, "route"):
            found = destination.get("destination")
            if isinstance(found, Mapped):
                yield found
        if entry.get("to") is not None:
            keys = {"to": "host", "port": "port", "subset": "subset"}
            yield Mapped({keys[key]: each for key, each in entry.entries.items() if key in keys}, entry.place)


def _port_is_there(root: Node, target: Mapped) -> Iterator[Problem]:
    node = at(target, "port", "number") or target.get("port")
    name = service_named(root, word(target.get("host")))
    service = next((each for each in elements(root, "services") if name_of(each) == name), None)
    ports = [number(each.get("port")) for each in (service, *elements(service, "ports")) if each is not None]
    known = [port for port in ports if port is not None]
    if node is not None and known and (asked := number(node)) is not None and asked not in known:
        yield node.place.problem(f'the service "{name}" has no port {asked}', f"It has {', '.join(map(str, known))}.")


# --- subsets and weights ----------------------------------------------------------------------------------------------


def subsets_are_defined(root: Node) -> Iterator[Problem]:
    """A route names subsets that a destination of the same host defines."""
    for route in elements(root, "mesh", "routes"):
        for target in _targets(route):
            yield from _subset_is_defined(root, target.get("host"), target.get("subset"), word(target.get("subset")))
        for entry in http_entries(route):
            weights = entry.get("weights")
            for name in weights.entries if isinstance(weights, Mapped) else ():
                place = weights.entries[name].value if isinstance(weights, Mapped) else None
                yield from _subset_is_defined(root, entry.get("to"), place, name)


def _subset_is_defined(root: Node, host: Node | None, node: Node | None, subset: str | None) -> Iterator[Problem]:
    service = service_named(root, word(host)) or word(host)
    known = subsets_of(root, service)
    if node is not None and subset is not None and service is not None and subset not in known:
        remedy = suggestion(subset, known) or f"Add subsets to the destination of {service}."
        yield node.place.problem(f'no destination defines the subset "{subset}" of {service}', remedy)


def subsets_of(root: Node, service: str | None) -> list[str]:
    """Subsets of a Service: those of its destination, and those that a canary of its workload brings."""
    found = list(_of_a_canary(root, service))
    for destination in elements(root, "mesh", "destinations"):
        host = word(destination.get("service")) or word(destination.get("host"))
        if (service_named(root, host) or host) == service:
            found += names(destination, "subsets")
    return found


def _of_a_canary(root: Node, service: str | None) -> tuple[str, ...]:
    name = next((word(each.get("workload")) for each in elements(root, "services") if name_of(each) == service), None)
    workload = next((each for each in elements(root, "workloads") if name_of(each) == name), None)
    by_mesh = word(at(workload, "delivery", "canary", "trafficRouting")) == "mesh"
    return ("stable", "canary") if by_mesh else ()


def subsets_have_pods(root: Node) -> Iterator[Problem]:
    """The pods behind a Service have the labels of its subsets, or the subset stays empty."""
    for destination in elements(root, "mesh", "destinations"):
        service = service_named(root, word(destination.get("service")) or word(destination.get("host")))
        labels = _labels_behind(root, service)
        for subset in children(destination.get("subsets")):
            wanted = at(subset, "labels")
            if wanted is None and word(subset) is not None and labels is not None:
                yield from _label_is_there(subset, "version", word(subset), labels, service)
            for key, entry in wanted.entries.items() if isinstance(wanted, Mapped) and labels is not None else ():
                yield from _label_is_there(entry.value, key, _text(entry.value), labels or {}, service)


def _text(node: Node) -> str | None:
    return word(node) or (str(found) if (found := number(node)) is not None else None)


def _label_is_there(
    node: Node, key: str, value: str | None, labels: Mapping[str, str | None], service: str | None
) -> Iterator[Problem]:
    if value is not None and labels.get(key) != value:
        message = f"no pod behind the service {service} has the label {key}: {value}"
        yield node.place.problem(message, f"Add it to the workload's labels: `labels: {{{key}: {value}}}`.")


def _labels_behind(root: Node, service: str | None) -> dict[str, str | None] | None:
    """Labels of the pods that a Service selects; None where that cannot be told from the file."""
    found = next((each for each in elements(root, "services") if name_of(each) == service), None)
    name = word(at(found, "workload"))
    workload = next((each for each in elements(root, "workloads") if name_of(each) == name), None)
    if workload is None or at(found, "selector") is not None:
        return None
    written = at(workload, "labels")
    own = {key: _text(each.value) for key, each in written.entries.items()} if isinstance(written, Mapped) else {}
    return own | {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": word(at(root, "name"))}


def weights_are_a_whole(root: Node) -> Iterator[Problem]:
    """Weights of several destinations are percentages."""
    for route in elements(root, "mesh", "routes"):
        for entry in http_entries(route):
            destinations = [*elements(entry, "route")]
            weights = [number(each.get("weight")) or 0 for each in destinations]
            if len(destinations) > 1 and sum(weights) != 100:
                message = f"the weights add up to {sum(weights)}, not to 100"
                yield destinations[0].place.problem(message, "They are percentages.")


# --- who may ----------------------------------------------------------------------------------------------------------


def mesh_workloads_exist(root: Node) -> Iterator[Problem]:
    """Policies of the mesh name workloads, certificates their issuers."""
    known = names(root, "workloads")
    for key in ("authorization", "requestAuthentication"):
        for policy in elements(root, "mesh", key):
            yield from unknown(policy.get("workload"), "workload", known)
            for rule in elements(policy, "rules"):
                for source in _each(rule.get("from")):
                    yield from unknown(source, "workload", [*known, *names(root, "mesh", "gateways")])
    for gateway in elements(root, "mesh", "gateways"):
        yield from unknown(at(gateway, "tls", "issuer"), "certificate issuer", names(root, "certificateIssuers"))


# --- words ------------------------------------------------------------------------------------------------------------

_HTTP = partial(structure, _ISTIO, "VirtualService", "http", "[]")
_HTTP_KEYS = (
    "match", "route", "redirect", "directResponse", "delegate", "rewrite", "retries", "fault", "mirror", "mirrors",
    "mirrorPercentage", "corsPolicy", "headers",
)  # fmt: skip
_POLICY_KEYS = ("connectionPool", "outlierDetection", "tls")


def istio_knows_the_words(root: Node) -> Iterator[Problem]:
    """Parts in Istio's shape have Istio's structure."""
    if at(root, "mesh") is None:
        return
    for route in elements(root, "mesh", "routes"):
        for entry in http_entries(route):
            for key in _HTTP_KEYS:
                if number(entry.get(key)) is None:
                    yield from misfits(entry.get(key), _HTTP(key))
        for key in ("tls", "tcp"):
            yield from misfits(route.get(key), structure(_ISTIO, "VirtualService", key))
    for gateway in elements(root, "mesh", "gateways"):
        yield from misfits(gateway.get("servers"), structure(_ISTIO, "Gateway", "servers"))
    yield from _words_of_destinations(root)
    yield from _words_of_policies(root)


def _words_of_destinations(root: Node) -> Iterator[Problem]:
    for destination in elements(root, "mesh", "destinations"):
        for key in _POLICY_KEYS:
            yield from misfits(destination.get(key), structure(_ISTIO, "DestinationRule", "trafficPolicy", key))
        balancer = destination.get("loadBalancer")
        below = ("simple",) if word(balancer) is not None else ()
        shape = structure(_ISTIO, "DestinationRule", "trafficPolicy", "loadBalancer", *below)
        yield from misfits(balancer, shape)
        for holder in (destination, *elements(destination, "subsets")):
            yield from misfits(holder.get("trafficPolicy"), structure(_ISTIO, "DestinationRule", "trafficPolicy"))
    for entry in elements(root, "mesh", "serviceEntries"):
        yield from misfits(entry.get("endpoints"), structure(_ISTIO, "ServiceEntry", "endpoints"))


def _words_of_policies(root: Node) -> Iterator[Problem]:
    rules = structure("security.istio.io", "AuthorizationPolicy", "rules", "[]")["properties"]
    for policy in elements(root, "mesh", "authorization"):
        for rule in elements(policy, "rules"):
            for source in children(rule.get("from")):
                if word(source) is None:
                    yield from misfits(source, rules["from"]["items"])
            for key in ("to", "when"):
                yield from misfits(rule.get(key), rules[key])
    for policy in elements(root, "mesh", "requestAuthentication"):
        shape = structure("security.istio.io", "RequestAuthentication", "jwtRules")
        yield from misfits(policy.get("jwtRules"), shape)


RULES: tuple[Callable[[Node], Iterator[Problem]], ...] = (
    mesh_names_are_unique,
    mesh_lives_in_known_namespaces,
    proxies_have_a_mesh,
    mesh_hosts_resolve,
    subsets_are_defined,
    subsets_have_pods,
    weights_are_a_whole,
    mesh_workloads_exist,
    istio_knows_the_words,
)
