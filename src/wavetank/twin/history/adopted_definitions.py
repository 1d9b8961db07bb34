"""Definitions of kinds that are older than what may be created today. Pure; ``adoption`` reads them so.

``spec.preserveUnknownFields: true`` came with definitions of v1beta1. Clusters keep it (EKS has it in ENIConfig), and nobody
may set it anew; ``x-kubernetes-preserve-unknown-fields`` at the root of each version's schema says the same.
"""

from __future__ import annotations

from wavetank.kube.types import Obj

_OPEN = "x-kubernetes-preserve-unknown-fields"


def as_of_today(definition: Obj) -> Obj:
    """The definition with the same meaning, in the words that a new one may use."""
    spec = definition.get("spec")
    if not isinstance(spec, dict) or spec.get("preserveUnknownFields") is not True:
        return definition
    rest = {key: value for key, value in spec.items() if key != "preserveUnknownFields"}
    versions = [_opened(each) for each in spec.get("versions") or ()]
    return {**definition, "spec": {**rest, "versions": versions}}


def _opened(version: Obj) -> Obj:
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"}
    return {**version, "schema": {"openAPIV3Schema": {**schema, _OPEN: True}}}
