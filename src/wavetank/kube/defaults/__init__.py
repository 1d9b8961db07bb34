"""The values an API server fills in for what a manifest leaves out, as Kubernetes 1.36 does.

``defaulted`` is called on every object that is created or updated, before it is validated. One module per API group;
each has a table from kind to a function that fills its argument in place (a private copy). What is decided by the
storage layer or by admission is not here: cluster addresses, node ports, uids, tolerations, priorities, tokens.

Upstream: ``pkg/apis/<group>/v1/defaults.go``. Structs that Go always writes (``resources: {}``) count as defaults too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..types import Obj, Resource
from . import admission, apps, autoscaling, batch, core, extensions, networking, rbac, services, storage
from .pods import fill_pod, shared_spec

#: Fills in the defaults of an object in place.
Filler: TypeAlias = Callable[[Obj], None]

_FILLERS: Mapping[tuple[str, str], Filler] = {
    **{("", kind): filler for kind, filler in (core.FILLERS | services.FILLERS | storage.CORE_FILLERS).items()},
    **{("apps", kind): filler for kind, filler in apps.FILLERS.items()},
    **{("autoscaling", kind): filler for kind, filler in autoscaling.FILLERS.items()},
    **{("batch", kind): filler for kind, filler in batch.FILLERS.items()},
    **{("networking.k8s.io", kind): filler for kind, filler in networking.FILLERS.items()},
    **{("discovery.k8s.io", kind): filler for kind, filler in services.DISCOVERY_FILLERS.items()},
    **{("rbac.authorization.k8s.io", kind): filler for kind, filler in rbac.FILLERS.items()},
    **{("storage.k8s.io", kind): filler for kind, filler in storage.FILLERS.items()},
    **{("admissionregistration.k8s.io", kind): filler for kind, filler in admission.FILLERS.items()},
    **extensions.FILLERS,
}


def defaulted(obj: Obj, resource: Resource) -> Obj:
    """``obj`` with every default of its kind; a kind without defaults (a custom one, too) comes back as it is."""
    filler = _FILLERS.get((resource.group, resource.kind))
    if filler is None:
        return obj
    if filler is fill_pod:
        shared = shared_spec(obj.get("spec"))
        if shared is not None:
            return _with_spec(obj, shared)
    # Every decision of the scheduler is an event; its defaults are on the surface.
    result: Obj = {**obj} if filler is core.fill_event else copied(obj)
    filler(result)
    return result


def _with_spec(pod: Obj, spec: Obj) -> Obj:
    """A pod with its specification filled in already."""
    result: Obj = {key: spec if key == "spec" else copied(value) for key, value in pod.items()}
    result.setdefault("status", {}).setdefault("phase", "Pending")
    return result


def copied(value: Any) -> Any:
    """A deep copy of a JSON value; several times faster than ``copy.deepcopy``, which must expect anything."""
    if isinstance(value, dict):
        return {key: copied(item) if isinstance(item, dict | list) else item for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) if isinstance(item, dict | list) else item for item in value]
    return value
