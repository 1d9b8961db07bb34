"""What a trigger gets beside its metadata: its TriggerAuthentication's parameters and the environment of the workload.

Upstream ``pkg/scaling/resolver/scale_resolvers.go``. Reads objects through a function; writes nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from wavetank.kube.types import Obj
from wavetank.twin.nodes.kubelet.environment import ConfigError, PodContext, environment

from .scalers import ScalerError

#: (resource key, namespace, name) -> object or None
Find = Callable[[str, str, str], Obj | None]
#: Where ClusterTriggerAuthentications find their Secrets.
OPERATOR_NAMESPACE = "keda"
_KINDS = {
    "TriggerAuthentication": "triggerauthentications",
    "ClusterTriggerAuthentication": "clustertriggerauthentications",
}


def environment_of(find: Find, namespace: str, template: Obj | None, container_name: str) -> Mapping[str, str]:
    """The variables of a container of a pod template (the first, if none is named); raises ScalerError."""
    containers = ((template or {}).get("spec") or {}).get("containers") or ()
    chosen = next((c for c in containers if container_name in ("", c["name"])), None)
    if chosen is None or template is None:
        return {}
    metadata = {**(template.get("metadata") or {}), "name": "", "namespace": namespace}
    pod: Obj = {**template, "metadata": metadata}
    context = PodContext(pod, "", "", find, lambda _: 0)
    try:
        return environment(context, chosen, ())
    except ConfigError as error:
        raise ScalerError(f"error resolving secrets for ScaleTarget: {error}") from None


def authentication_of(
    find: Find, namespace: str, reference: Obj | None, variables: Mapping[str, str]
) -> dict[str, str]:
    """The parameters that a trigger's ``authenticationRef`` leads to; raises ScalerError when it leads nowhere."""
    if not reference:
        return {}
    kind = reference.get("kind") or "TriggerAuthentication"
    cluster_wide = kind == "ClusterTriggerAuthentication"
    plural = _KINDS.get(kind)
    if plural is None:
        raise ScalerError(f"unknown trigger auth kind {kind}")
    found = find(f"{plural}.keda.sh", "" if cluster_wide else namespace, reference["name"])
    if found is None:
        raise ScalerError(f'{kind}.keda.sh "{reference["name"]}" not found')
    return _parameters(find, found.get("spec") or {}, OPERATOR_NAMESPACE if cluster_wide else namespace, variables)


def _parameters(find: Find, spec: Mapping[str, Any], namespace: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Of Secrets, ConfigMaps and variables; one that is missing is empty, as upstream logs it and goes on."""
    found: dict[str, str] = {}
    for each in spec.get("env") or ():
        found[each["parameter"]] = variables.get(each["name"], "")
    for each in spec.get("configMapTargetRef") or ():
        data = (find("configmaps", namespace, each["name"]) or {}).get("data") or {}
        found[each["parameter"]] = data.get(each["key"], "")
    for each in spec.get("secretTargetRef") or ():
        data = (find("secrets", namespace, each["name"]) or {}).get("data") or {}
        found[each["parameter"]] = base64.b64decode(data.get(each["key"], "")).decode(errors="replace")
    return {name: value for name, value in found.items() if value}
