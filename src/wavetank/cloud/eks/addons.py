"""Managed add-ons, and what is known of their versions and configuration.

Which names exist comes from the catalog; anything else (a load balancer controller, say) is refused as EKS refuses it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from wavetank.catalog.addons import AddOnFacts, addon_names
from wavetank.catalog.addons import addon as addon_facts
from wavetank.cloud.eks import versions, views
from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.data import addon_versions
from wavetank.cloud.eks.errors import InvalidParameterException, ResourceInUseException
from wavetank.cloud.eks.pod_identity import associate_for_addon, dissociate_of_addon
from wavetank.cloud.eks.state import Wire
from wavetank.cloud.eks.updates import record_update
from wavetank.cloud.events import AddonCreated, AddonDeleted, AddonUpdated

_VERSION = re.compile(r"v\d+\.\d+\.\d+-eksbuild\.\d+")


def _facts(name: str, kubernetes_version: str) -> AddOnFacts:
    facts = addon_facts(name)
    if facts is None:
        raise InvalidParameterException(
            f"Addon {name} specified is not supported in {kubernetes_version} kubernetes version"
        )
    return facts


def newest_version(name: str, kubernetes_version: str) -> str | None:
    """The newest known version for a minor; None when the table has none."""
    newest: dict[str, str] = addon_versions()["addons"].get(name, {}).get("newest", {})
    return newest.get(kubernetes_version)


def _checked_version(name: str, version: str | None, kubernetes_version: str) -> str:
    """A version that fits: kube-proxy must not be newer than the cluster, nor more than three minors older."""
    chosen = version or newest_version(name, kubernetes_version)
    if chosen is None or not _VERSION.fullmatch(chosen):
        raise InvalidParameterException(f"Addon version specified is not supported: {name} {chosen}")
    if name == "kube-proxy":
        behind = versions.minor_of(kubernetes_version) - int(chosen.split(".")[1])
        if not 0 <= behind <= 3:
            raise InvalidParameterException(
                f"Addon version specified is not supported in {kubernetes_version} kubernetes version: {chosen}"
            )
    return chosen


def _checked_configuration(text: str) -> str:
    try:
        views.parsed_configuration(text)
    except ValueError as error:
        raise InvalidParameterException(f"ConfigurationValue is not valid: {error}") from error
    return text


def create_addon(call: Call) -> Wire:
    cluster, name = call.cluster, call.parameters["addonName"]
    if name in cluster.addons:
        raise ResourceInUseException("Addon already exists.")
    facts = _facts(name, cluster.wire["version"])
    addon: Wire = {
        "addonName": name,
        "clusterName": cluster.ref.name,
        "status": "ACTIVE",
        "addonVersion": _checked_version(name, call.get("addonVersion"), cluster.wire["version"]),
        "health": {"issues": []},
        "addonArn": call.arn("addon", cluster.ref.name, name, call.clusters.new_uuid()),
        "createdAt": call.now,
        "modifiedAt": call.now,
        "tags": dict(call.get("tags", {})),
        "namespaceConfig": {"namespace": (call.get("namespaceConfig") or {}).get("namespace") or facts.namespace},
    }
    addon |= _settings(call)
    cluster.addons[name] = addon
    addon["podIdentityAssociations"] = associate_for_addon(
        call, cluster, addon, call.get("podIdentityAssociations", [])
    )
    call.emit(AddonCreated(cluster.ref, views.addon(addon)))
    return {"addon": addon}


def _settings(call: Call) -> Wire:
    """What both CreateAddon and UpdateAddon may set; absent stays absent."""
    settings: Wire = {}
    if (values := call.get("configurationValues")) is not None:
        settings["configurationValues"] = _checked_configuration(values)
    if (role := call.get("serviceAccountRoleArn")) is not None:
        settings["serviceAccountRoleArn"] = role
    return settings


def describe_addon(call: Call) -> Wire:
    return {"addon": call.cluster.addon(call.parameters["addonName"])}


def list_addons(call: Call) -> Wire:
    return call.page("addons", sorted(call.cluster.addons))


def update_addon(call: Call) -> Wire:
    cluster = call.cluster
    addon = cluster.addon(call.parameters["addonName"])
    before = views.addon(addon)
    if (version := call.get("addonVersion")) is not None:
        addon["addonVersion"] = _checked_version(addon["addonName"], version, cluster.wire["version"])
    # An update without a role takes the role away, unlike the configuration values (UpdateAddon, EKS API reference).
    addon.pop("serviceAccountRoleArn", None)
    addon |= _settings(call) | {"modifiedAt": call.now}
    if (wanted := call.get("podIdentityAssociations")) is not None:
        dissociate_of_addon(call, cluster, addon)
        addon["podIdentityAssociations"] = associate_for_addon(call, cluster, addon, wanted)
    call.emit(AddonUpdated(cluster.ref, views.addon(addon), before))
    params = {"AddonVersion": call.get("addonVersion"), "ConfigurationValues": call.get("configurationValues")}
    given = {name: value for name, value in params.items() if value is not None}
    return record_update(call, cluster, "AddonUpdate", given, addon["addonName"])


def delete_addon(call: Call) -> Wire:
    cluster = call.cluster
    addon = cluster.addon(call.parameters["addonName"])
    del cluster.addons[addon["addonName"]]
    dissociate_of_addon(call, cluster, addon)
    call.emit(AddonDeleted(cluster.ref, views.addon(addon), bool(call.get("preserve", False))))
    return {"addon": addon | {"status": "DELETING"}}


def describe_addon_versions(call: Call) -> Wire:
    wanted = [call.get("addonName")] if call.get("addonName") else sorted(addon_names())
    minors = [call.get("kubernetesVersion")] if call.get("kubernetesVersion") else list(versions.supported())
    described = [_described(name, minors) for name in wanted if addon_facts(name) is not None]
    return call.page("addons", [one for one in described if one["addonVersions"]])


def _described(name: str, minors: list[str]) -> Wire:
    facts, row = addon_facts(name), addon_versions()["addons"].get(name, {})
    assert facts is not None, "only known add-ons are described"
    by_version: dict[str, list[str]] = {}
    for minor in minors:
        if (version := newest_version(name, minor)) is not None:
            by_version.setdefault(version, []).append(minor)
    return {
        "addonName": name,
        "type": row.get("type", ""),
        "owner": row.get("owner", "aws"),
        "publisher": "eks",
        "defaultNamespace": facts.namespace,
        "addonVersions": [_version_info(version, its, facts) for version, its in by_version.items()],
    }


def _version_info(version: str, minors: list[str], facts: AddOnFacts) -> Wire:
    compatible = [{"clusterVersion": minor, "platformVersions": ["*"], "defaultVersion": True} for minor in minors]
    return {
        "addonVersion": version,
        "architecture": ["amd64", "arm64"],
        "computeTypes": ["ec2"],
        "compatibilities": compatible,
        "requiresConfiguration": False,
        "requiresIamPermissions": bool(facts.managed_policies),
    }


def describe_addon_configuration(call: Call) -> Wire:
    """A schema that allows everything: the real ones are AWS's text and are not reproduced here."""
    name = call.parameters["addonName"]
    _facts(name, versions.default())
    schema: dict[str, Any] = {"$schema": "http://json-schema.org/draft-06/schema#", "type": "object"}
    return {
        "addonName": name,
        "addonVersion": call.parameters["addonVersion"],
        "configurationSchema": json.dumps(schema),
    }


OPERATIONS: dict[str, Handler] = {
    "CreateAddon": create_addon,
    "DescribeAddon": describe_addon,
    "ListAddons": list_addons,
    "UpdateAddon": update_addon,
    "DeleteAddon": delete_addon,
    "DescribeAddonVersions": describe_addon_versions,
    "DescribeAddonConfiguration": describe_addon_configuration,
}
