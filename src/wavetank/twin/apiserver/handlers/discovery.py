"""What is served, and in which words: aggregated discovery, the older lists, versions and health."""

from __future__ import annotations

import platform

from wavetank.kube.kinds import verbs_of_subresource
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster.bootstrap.objects import API_ADDRESS, API_PORT
from wavetank.twin.cluster.registry import no_such_resource

from ..content import media_types
from ..edge import Edge
from ..exchange import Answer, Exchange, answer_of
from .health import ROOTS

_AGGREGATED = "APIGroupDiscoveryList"


def _groups(edge: Edge) -> dict[str, dict[str, list[Resource]]]:
    """group -> version -> resources, in the order of discovery."""
    groups: dict[str, dict[str, list[Resource]]] = {}
    for resource in edge.resources():
        groups.setdefault(resource.group, {}).setdefault(resource.version, []).append(resource)
    return groups


def roots(edge: Edge, exchange: Exchange) -> Answer:
    """``/api`` and ``/apis``: everything at once for clients that can read it, names of groups for the others."""
    core = exchange.path.rstrip("/") == "/api"
    version = _aggregated_version(exchange)
    groups = {g: v for g, v in _groups(edge).items() if (not g) == core}
    if version:
        items = [_discovery_group(group, versions) for group, versions in groups.items()]
        kind = {"kind": _AGGREGATED, "apiVersion": f"apidiscovery.k8s.io/{version}", "metadata": {}}
        media_type = f"application/json;g=apidiscovery.k8s.io;v={version};as={_AGGREGATED}"
        answer = answer_of({**kind, "items": items}, exchange.accepted(tables=False))
        return Answer(answer.body, media_type=media_type)
    if core:
        address = {"clientCIDR": "0.0.0.0/0", "serverAddress": f"{API_ADDRESS}:{API_PORT}"}
        value: Obj = {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}
    else:
        listed = [_api_group(group, list(versions)) for group, versions in groups.items()]
        value = {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    return answer_of(value, exchange.accepted(tables=False))


def _aggregated_version(exchange: Exchange) -> str:
    for wanted in media_types(exchange.header("accept")):
        parameters = wanted.parameters
        if (
            wanted.name == "application/json"
            and parameters.get("as") == _AGGREGATED
            and parameters.get("v") in ("v2", "v2beta1")
        ):
            return parameters["v"]
        if not parameters.get("as"):
            return ""
    return ""


def _discovery_group(group: str, versions: dict[str, list[Resource]]) -> Obj:
    listed = [
        {"version": version, "resources": [_discovery_resource(r) for r in resources], "freshness": "Current"}
        for version, resources in versions.items()
    ]
    metadata: Obj = {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None}
    return {"metadata": metadata, "versions": listed}


def _discovery_resource(resource: Resource) -> Obj:
    own = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    described: Obj = {
        "resource": resource.plural,
        "responseKind": own,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        described["shortNames"] = list(resource.short_names)
    if resource.categories:
        described["categories"] = list(resource.categories)
    if resource.subresources:
        described["subresources"] = [
            {
                "subresource": name,
                "responseKind": {"group": kind[0], "version": kind[1], "kind": kind[2]},
                "verbs": list(verbs_of_subresource(name)),
            }
            for name, kind in resource.subresources
        ]
    return described


def _api_group(group: str, versions: list[str]) -> Obj:
    listed = [{"groupVersion": f"{group}/{v}", "version": v} for v in versions]
    return {"name": group, "versions": listed, "preferredVersion": listed[0]}


def group(edge: Edge, exchange: Exchange, name: str) -> Answer:
    """``/apis/<group>``."""
    versions = _groups(edge).get(name)
    if not name or versions is None:
        raise no_such_resource()
    value = {"kind": "APIGroup", "apiVersion": "v1", **_api_group(name, list(versions))}
    return answer_of(value, exchange.accepted(tables=False))


def resources(edge: Edge, exchange: Exchange, group_name: str, version: str) -> Answer:
    """``/api/v1`` and ``/apis/<group>/<version>``."""
    listed = _groups(edge).get(group_name, {}).get(version)
    if listed is None:
        raise no_such_resource()
    entries = [entry for resource in listed for entry in _legacy_entries(resource)]
    group_version = f"{group_name}/{version}" if group_name else version
    kind = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if group_name else {})
    value = {**kind, "groupVersion": group_version, "resources": entries}
    return answer_of(value, exchange.accepted(tables=False))


def _legacy_entries(resource: Resource) -> list[Obj]:
    scope = {"namespaced": resource.namespaced}
    entry: Obj = {"name": resource.plural, "singularName": resource.singular, **scope, "kind": resource.kind}
    entry["verbs"] = list(resource.verbs)
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    entries = [entry]
    for name, kind in resource.subresources:
        other = {} if kind[:2] == (resource.group, resource.version) else {"group": kind[0], "version": kind[1]}
        if other and not other["group"]:
            other.pop("group")
        verbs = list(verbs_of_subresource(name))
        entries.append(
            {"name": f"{resource.plural}/{name}", "singularName": "", **scope, **other, "kind": kind[2], "verbs": verbs}
        )
    return entries


def paths(edge: Edge, exchange: Exchange) -> Answer:
    """``/``: what else there is."""
    groups = _groups(edge)
    versions = [f"/apis/{g}/{v}" for g, found in groups.items() if g for v in found]
    listed = ["/api", "/api/v1", "/apis", *(f"/apis/{g}" for g in groups if g), *versions]
    listed += ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
    return answer_of({"paths": sorted(listed)}, exchange.accepted(tables=False))


# Versions ----------------------------------------------------------------------------------------------------------


def is_public(path: str) -> bool:
    """What anybody may ask, without a credential (the role ``system:public-info-viewer``)."""
    return path.strip("/") in (*ROOTS, "version")


def version(edge: Edge, exchange: Exchange) -> Answer:
    major, minor = edge.cluster.version.split(".")
    info = {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": edge.release,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "wavetank",
        "platform": f"linux/{platform.machine().replace('x86_64', 'amd64').replace('aarch64', 'arm64')}",
    }
    return answer_of(info, exchange.accepted(tables=False))
