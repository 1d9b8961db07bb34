"""Rules of pod specs, in pods and templates, and of what an update of a pod may change (core ``ValidatePodSpec``)."""

from __future__ import annotations

import marshal
import re
from collections.abc import Iterator
from functools import lru_cache

from ..errors import Cause
from ..types import Obj
from .affinity import affinity, spread_constraints
from .causes import duplicate, forbidden, invalid, not_supported, required
from .containers import containers, only_for_pods, pod_level_resources, user_id
from .metadata import annotation_map, label_key, label_map, metadata, metadata_update
from .names import dns_label, dns_subdomain, label_value_problems
from .pod_choices import choices, no_fields_of_windows
from .pod_network import network
from .volumes import volumes

RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_KEYLESS = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
_CHANGEABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)

#: As admission names the volume of a service account's token.
_TOKEN_PREFIX = b"kube-api-access-"
_TOKEN_VOLUME = re.compile(_TOKEN_PREFIX + b"[a-z0-9]{5}")
_COMMON_TOKEN_VOLUME = _TOKEN_PREFIX + b"00000"


def pod(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    spec = obj.get("spec") or {}
    if not _is_known_good(spec):
        yield from _own_spec(spec)


def _own_spec(spec: Obj) -> Iterator[Cause]:
    yield from pod_spec(spec, "spec")
    yield from only_for_pods(spec, "spec")


def _is_known_good(spec: Obj) -> bool:
    """Whether the same specification was judged before and nothing was wrong with it."""
    try:
        content = marshal.dumps(spec, 2)
    except ValueError:
        # Not plain JSON, such as a mapping of a YAML reader.
        return False
    return _is_good(_with_common_token_name(content))


def _with_common_token_name(spec: bytes) -> bytes:
    """The one word in which pods of a template differ, the name of the token's volume, replaced wherever it occurs."""
    found = _TOKEN_VOLUME.search(spec)
    if found is None or spec.count(found[0]) != spec.count(_TOKEN_PREFIX):
        return spec
    return spec.replace(found[0], _COMMON_TOKEN_VOLUME)


@lru_cache(maxsize=1024)
def _is_good(spec: bytes) -> bool:
    return next(_own_spec(marshal.loads(spec)), None) is None


def template(obj: Obj, path: str, extra_volumes: frozenset[str] = frozenset()) -> Iterator[Cause]:
    """A pod template; ``extra_volumes`` are those that a StatefulSet adds from its claim templates."""
    meta = obj.get("metadata") or {}
    yield from label_map(meta.get("labels") or {}, f"{path}.labels")
    yield from annotation_map(meta.get("annotations") or {}, f"{path}.annotations")
    yield from pod_spec(obj.get("spec") or {}, f"{path}.spec", extra_volumes)


def pod_spec(spec: Obj, path: str, extra_volumes: frozenset[str] = frozenset()) -> Iterator[Cause]:
    names, wrong_volumes = volumes(spec.get("volumes") or [], f"{path}.volumes")
    yield from wrong_volumes
    yield from containers(spec, path, names | extra_volumes)
    yield from pod_level_resources(spec.get("resources") or {}, f"{path}.resources")
    yield from _one_of(spec.get("restartPolicy"), RESTART_POLICIES, f"{path}.restartPolicy")
    yield from _one_of(spec.get("dnsPolicy"), _DNS_POLICIES, f"{path}.dnsPolicy")
    yield from label_map(spec.get("nodeSelector") or {}, f"{path}.nodeSelector")
    yield from _security(spec.get("securityContext") or {}, f"{path}.securityContext")
    for index, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            yield required(f"{path}.imagePullSecrets[{index}].name")
    yield from affinity(spec.get("affinity") or {}, f"{path}.affinity")
    yield from _gates(spec, path)
    yield from spread_constraints(spec.get("topologySpreadConstraints") or [], f"{path}.topologySpreadConstraints")
    yield from _names(spec, path)
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2**31 - 1:
        yield invalid(f"{path}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")
    for index, toleration in enumerate(spec.get("tolerations") or ()):
        yield from _toleration(toleration, f"{path}.tolerations[{index}]")
    yield from network(spec, path)
    yield from choices(spec, path)
    yield from no_fields_of_windows(spec, path)


def _one_of(value: str | None, choices: tuple[str, ...], path: str) -> Iterator[Cause]:
    if not value:
        yield required(path)
    elif value not in choices:
        yield not_supported(path, value, choices)


def _names(spec: Obj, path: str) -> Iterator[Cause]:
    for key, names in (
        ("serviceAccountName", dns_subdomain),
        ("nodeName", dns_subdomain),
        ("hostname", dns_label),
        ("subdomain", dns_label),
        ("priorityClassName", dns_subdomain),
        ("runtimeClassName", dns_subdomain),
    ):
        value = spec.get(key)
        if value:
            for problem in names(value):
                yield invalid(f"{path}.{key}", value, problem)


def _security(context: Obj, path: str) -> Iterator[Cause]:
    for key in ("fsGroup", "runAsUser", "runAsGroup"):
        yield from user_id(context.get(key), f"{path}.{key}")
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        yield from user_id(group, f"{path}.supplementalGroups[{index}]")


def _gates(spec: Obj, path: str) -> Iterator[Cause]:
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        yield from label_key(gate.get("conditionType", ""), f"{path}.readinessGates[{index}].conditionType")
    seen: set[str] = set()
    for index, gate in enumerate(spec.get("schedulingGates") or ()):
        name = gate.get("name", "")
        yield from label_key(name, f"{path}.schedulingGates[{index}]")
        if name in seen:
            yield duplicate(f"{path}.schedulingGates[{index}]", name)
        seen.add(name)


def _toleration(toleration: Obj, path: str) -> Iterator[Cause]:
    key, operator = toleration.get("key", ""), toleration.get("operator", "")
    value, effect = toleration.get("value", ""), toleration.get("effect", "")
    if key:
        yield from label_key(key, f"{path}.key")
    elif operator != "Exists":
        yield invalid(f"{path}.operator", operator, _KEYLESS)
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        yield invalid(f"{path}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
    if operator in ("", "Equal"):
        for problem in label_value_problems(value):
            yield invalid(f"{path}.operator", value, problem)
    elif operator == "Exists":
        if value:
            yield invalid(f"{path}.operator", value, "value must be empty when `operator` is 'Exists'")
    else:
        yield not_supported(f"{path}.operator", operator, ("Equal", "Exists"))
    if effect and effect not in _EFFECTS:
        yield not_supported(f"{path}.effect", effect, _EFFECTS)


def pod_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from pod_spec(new["spec"], "spec")
    after, before = new["spec"], old["spec"]
    for name in ("containers", "initContainers"):
        if len(after.get(name) or ()) != len(before.get(name) or ()):
            yield forbidden(f"spec.{name}", "pod updates may not add or remove containers")
            return
    yield from _deadline_change(after, before)
    yield from _toleration_change(after.get("tolerations") or [], before.get("tolerations") or [])
    if _fixed_part(after, before) != _fixed_part(before, before):
        yield forbidden("spec", _CHANGEABLE)


def _deadline_change(after: Obj, before: Obj) -> Iterator[Cause]:
    new, old = after.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds")
    if old is not None and new is None:
        yield invalid("spec.activeDeadlineSeconds", new, "must not update from a positive integer to nil value")
    elif old is not None and new is not None and new > old:
        yield invalid("spec.activeDeadlineSeconds", new, f"must be less than or equal to previous value ({old})")


def _toleration_change(new: list[Obj], old: list[Obj]) -> Iterator[Cause]:
    def bare(toleration: Obj) -> Obj:
        return {k: v for k, v in toleration.items() if k != "tolerationSeconds"}

    if any(bare(kept) not in [bare(t) for t in new] for kept in old):
        why = "existing toleration can not be modified except its tolerationSeconds"
        yield forbidden("spec.tolerations", why)


def _fixed_part(spec: Obj, before: Obj) -> Obj:
    """What must stay: the spec without the fields that may change (more of them while the pod is gated)."""
    fixed = {k: v for k, v in spec.items() if k not in ("activeDeadlineSeconds", "tolerations", "schedulingGates")}
    for name in ("containers", "initContainers"):
        fixed[name] = [{k: v for k, v in c.items() if k != "image"} for c in spec.get(name) or ()]
    if before.get("schedulingGates"):
        for key in ("nodeSelector", "affinity"):
            fixed.pop(key, None)
    if before.get("terminationGracePeriodSeconds", 0) < 0 and spec.get("terminationGracePeriodSeconds") == 1:
        fixed["terminationGracePeriodSeconds"] = before["terminationGracePeriodSeconds"]
    return fixed
