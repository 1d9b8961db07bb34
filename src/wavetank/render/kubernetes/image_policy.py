"""Image policy as Gatekeeper's ConstraintTemplates (03-policy-templates.yaml) and constraints (04-policies.yaml).

A constraint is of a kind that exists only once Gatekeeper has digested its template, so the two are files of their own. Cosign
signatures are verified by Ratify, Gatekeeper's provider of external data; without a public key or an identity there is nothing
to verify against and no such constraint. A gate on Trivy's findings at admission does not exist: its reports come after a pod
has started. What is not scanned is not signed, since pipelines sign last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wavetank.plan.model import ImagePolicy, Plan
from wavetank.render.kubernetes.parts import manifest, own_metadata
from wavetank.render.kubernetes.rego import POD_MAKERS, rule
from wavetank.render.trace import Traced

PATH = "imagePolicy"
_TARGET = "admission.k8s.gatekeeper.sh"
#: Argo CD applies what has it after everything else of the same application is there
SYNC_WAVE = "argocd.argoproj.io/sync-wave"
_AFTER = "Gatekeeper makes these kinds of 03-policy-templates.yaml, some seconds after it has that file: apply.sh waits for them."
_STRINGS = {"type": "array", "items": {"type": "string"}}


@dataclass(frozen=True)
class _Rule:
    """A template, its constraint's parameters with their schema, and the plan path they come from."""

    kind: str
    rego: str
    path: str
    parameters: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, Any] = field(default_factory=dict)
    #: kinds it looks at; signatures are asked of the registry once, when the pod comes
    makers: tuple[tuple[str, tuple[str, ...]], ...] = POD_MAKERS


def templates(plan: Plan) -> tuple[Traced, ...]:
    return tuple(_template(plan, each) for each in _rules(plan.image_policy))


def constraints(plan: Plan) -> tuple[Traced, ...]:
    policy = plan.image_policy
    if policy is None:
        return ()
    return tuple(_constraint(plan, policy, each, "" if at else _AFTER) for at, each in enumerate(_rules(policy)))


def constraint_definitions(plan: Plan) -> tuple[str, ...]:
    """Names of the custom resource definitions that Gatekeeper makes of the templates."""
    return tuple(f"{each.kind.lower()}.constraints.gatekeeper.sh" for each in _rules(plan.image_policy))


def _rules(policy: ImagePolicy | None) -> Iterator[_Rule]:
    if policy is None:
        return
    prefixes = {"prefixes": list(policy.registries)}
    yield _Rule("PlatformRegistries", "registries", f"{PATH}.registries", prefixes, {"prefixes": _STRINGS})
    digest = {"digest": policy.require_digest}
    yield _Rule("PlatformVersions", "versions", f"{PATH}.requireDigest", digest, {"digest": {"type": "boolean"}})
    if policy.require_resources:
        yield _Rule("PlatformResources", "resources", f"{PATH}.requireResources")
    if policy.require_probes:
        yield _Rule("PlatformProbes", "probes", f"{PATH}.requireProbes")
    if policy.required_labels:
        labels = {"labels": list(policy.required_labels)}
        yield _Rule("PlatformLabels", "labels", f"{PATH}.requiredLabels", labels, {"labels": _STRINGS})
    if policy.signer is not None and policy.signer.can_be_verified:
        prefix, schema = {"prefix": policy.signed_prefix}, {"prefix": {"type": "string"}}
        yield _Rule("PlatformSignatures", "signatures", f"{PATH}.signer", prefix, schema, POD_MAKERS[:1])


def _template(plan: Plan, wanted: _Rule) -> Traced:
    crd: dict[str, Any] = {"names": {"kind": wanted.kind}}
    if wanted.schema:
        crd["validation"] = {"openAPIV3Schema": {"type": "object", "properties": wanted.schema}}
    # Rego's first major version has to be named: a bare `rego` is read in the syntax before it.
    code = {"engine": "Rego", "source": {"version": "v1", "rego": rule(wanted.rego)}}
    spec = {"crd": {"spec": crd}, "targets": [{"target": _TARGET, "code": [code]}]}
    framed = own_metadata(plan, wanted.path, wanted.kind.lower())
    return manifest("templates.gatekeeper.sh/v1", "ConstraintTemplate", framed, wanted.path, spec=spec)


def _constraint(plan: Plan, policy: ImagePolicy, wanted: _Rule, note: str) -> Traced:
    kinds = [{"apiGroups": [group], "kinds": list(names)} for group, names in wanted.makers]
    namespaces = Traced(list(policy.namespaces), f"{PATH}.namespaces")
    spec: dict[str, Any] = {
        "enforcementAction": Traced(policy.enforcement, f"{PATH}.enforcement"),
        "match": {"kinds": kinds, "namespaces": namespaces},
    }
    if wanted.parameters:
        spec["parameters"] = Traced(wanted.parameters, wanted.path)
    wave = {SYNC_WAVE: "1"} if plan.gitops is not None else {}
    framed = own_metadata(plan, wanted.path, wanted.kind.removeprefix("Platform").lower(), annotations=wave)
    return manifest("constraints.gatekeeper.sh/v1beta1", wanted.kind, framed, wanted.path, note, spec=spec)
