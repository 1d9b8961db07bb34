"""Who may call whom in the mesh: mutual TLS, AuthorizationPolicies, RequestAuthentications."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.mesh_names import TRUST_DOMAIN, Names, principal
from wavetank.plan.mesh_traffic import gateway_release
from wavetank.plan.model import MeshObject, Workload
from wavetank.spec.mesh import Authorization, AuthorizationRule, RequestAuthentication

SECURITY = "security.istio.io/v1"


def peer_authentication(namespace: str, mode: str, ledger: Ledger) -> MeshObject:
    """Mutual TLS for all pods of a namespace."""
    origins = ("mesh.mtls", f"namespaces[{namespace}]")
    ledger.derived("mesh.peerAuthentications", None, origins, "for every namespace of the mesh")
    return MeshObject("default", namespace, SECURITY, "PeerAuthentication", {"mtls": {"mode": mode}})


def authorization(stated: Authorization, names: Names, ledger: Ledger) -> MeshObject:
    """An AuthorizationPolicy; a rule's callers and operations stay in one rule, so that both must hold."""
    path = f"mesh.authorization[{stated.name}]"
    ledger.stated(path, stated)
    workload = names.workload(stated.workload) if stated.workload is not None else None
    spec: Obj = _selected(workload) | {"action": stated.action or "ALLOW"}
    if stated.rules:
        spec["rules"] = [_rule(each, names) for each in stated.rules]
    ledger.shape(f"{path}.spec", spec, path)
    return MeshObject(
        stated.name, names.home(path, stated.namespace, workload, ledger), SECURITY, "AuthorizationPolicy", spec
    )


def _selected(workload: Workload | None) -> Obj:
    return {"selector": {"matchLabels": dict(workload.selector_labels)}} if workload is not None else {}


def _identity(name: str, names: Names) -> str:
    """Of a workload, or of the proxies of a gateway, whose service account is named for their release."""
    workload = names.workload(name)
    if workload is not None:
        return principal(workload)
    edges = (names.written.mesh.gateways if names.written.mesh is not None else None) or ()
    release, home = gateway_release(next(each for each in edges if each.name == name), names.written)
    return f"{TRUST_DOMAIN}/ns/{home}/sa/{release}"


def _rule(stated: AuthorizationRule, names: Names) -> Obj:
    rule: Obj = {}
    if stated.from_ is not None:
        callers = [_identity(each, names) for each in stated.from_ if isinstance(each, str)]
        sources = [each for each in stated.from_ if not isinstance(each, str)]
        known: list[Obj] = [{"source": {"principals": callers}}] if callers else []
        rule["from"] = [*known, *sources]
    operation: Obj = {}
    if stated.methods is not None:
        operation["methods"] = list(stated.methods)
    if stated.paths is not None:
        operation["paths"] = list(stated.paths)
    if stated.ports is not None:
        operation["ports"] = [str(port) for port in stated.ports]
    if operation:
        rule["to"] = [{"operation": operation}]
    for key, written in (("to", stated.to), ("when", stated.when)):
        if written is not None:
            rule[key] = list(written)
    return rule


def request_authentication(stated: RequestAuthentication, names: Names, ledger: Ledger) -> MeshObject:
    """A RequestAuthentication."""
    path = f"mesh.requestAuthentication[{stated.name}]"
    ledger.stated(path, stated)
    workload = names.workload(stated.workload) if stated.workload is not None else None
    spec: Obj = _selected(workload) | {"jwtRules": [dict(each) for each in stated.jwt_rules]}
    ledger.shape(f"{path}.spec", spec, path)
    return MeshObject(
        stated.name, names.home(path, stated.namespace, workload, ledger), SECURITY, "RequestAuthentication", spec
    )
