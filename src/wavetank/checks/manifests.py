"""Kubernetes objects as the rules see them: each with its place, all with indexes.

Made by the adapters (``from_plan``, ``foreign``); rules read. An object is never changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from wavetank.kube.kinds import resource_of
from wavetank.kube.types import Obj

from .model import Place, Step, Where

IGNORE = "wavetank.dev/ignore"


@dataclass(frozen=True, eq=False)
class Manifest:
    """One object. Two manifests are equal only when they are the same one."""

    obj: Obj
    where: Where = field(repr=False)

    @cached_property
    def kind(self) -> str:
        return str(self.obj.get("kind", ""))

    @cached_property
    def group(self) -> str:
        """The API group: "" for the core, "apps", "networking.istio.io"…"""
        return self._api_version[0]

    @cached_property
    def version(self) -> str:
        return self._api_version[1]

    @property
    def _api_version(self) -> tuple[str, str]:
        group, _, version = str(self.obj.get("apiVersion", "")).rpartition("/")
        return group, version

    @cached_property
    def metadata(self) -> Obj:
        return mapping(self.obj.get("metadata"))

    @cached_property
    def name(self) -> str:
        return str(self.metadata.get("name") or self.metadata.get("generateName") or "")

    @cached_property
    def stated_namespace(self) -> str | None:
        """The namespace as written; None where ``kubectl -n`` or the tool that applies it decides."""
        stated = self.metadata.get("namespace")
        return None if stated in (None, "") else str(stated)

    @cached_property
    def namespace(self) -> str:
        """Empty for an object of the whole cluster; "default" where none is written."""
        return (self.stated_namespace or "default") if self.is_namespaced else ""

    @cached_property
    def is_namespaced(self) -> bool:
        try:
            return resource_of(self.group, self.kind).namespaced
        except KeyError:
            return self.kind not in CLUSTER_KINDS

    @cached_property
    def labels(self) -> Mapping[str, str]:
        return texts(self.metadata.get("labels"))

    @cached_property
    def annotations(self) -> Mapping[str, str]:
        return texts(self.metadata.get("annotations"))

    @cached_property
    def spec(self) -> Obj:
        """``spec``, an empty map when there is none."""
        return mapping(self.obj.get("spec"))

    @cached_property
    def title(self) -> str:
        """How messages call it: "Deployment shop/api", "ClusterRole reader"."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def at(self, *steps: Step) -> Place:
        """The place of a value inside: ``manifest.at("spec", "replicas")``."""
        return self.where.at(*steps)


#: Kinds of custom resources that belong to the whole cluster.
CLUSTER_KINDS = frozenset(
    {
        "ClusterIssuer",
        "ClusterPolicy",
        "ClusterSecretStore",
        "ClusterExternalSecret",
        "ClusterTriggerAuthentication",
        "ClusterAnalysisTemplate",
        "ConstraintTemplate",
        "EC2NodeClass",
        "NodePool",
        "NodeClaim",
        "VolumeSnapshotClass",
        "VolumeSnapshotContent",
        "IngressClassParams",
        "GatewayClass",
        "ENIConfig",
    }
)


@dataclass(frozen=True, eq=False)
class Manifests:
    """All objects of a case, in the order of their files."""

    all: Sequence[Manifest]

    def __iter__(self) -> Iterator[Manifest]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[Manifest, ...]]:
        found: defaultdict[str, list[Manifest]] = defaultdict(list)
        for manifest in self.all:
            found[manifest.kind].append(manifest)
        return {kind: tuple(of_kind) for kind, of_kind in found.items()}

    @cached_property
    def _by_namespace(self) -> Mapping[tuple[str, str], tuple[Manifest, ...]]:
        found: defaultdict[tuple[str, str], list[Manifest]] = defaultdict(list)
        for manifest in self.all:
            found[manifest.kind, manifest.namespace].append(manifest)
        return {key: tuple(within) for key, within in found.items()}

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str, str], Manifest]:
        # The first of a name wins: it is the one that was written first.
        return {(m.kind, m.namespace, m.name): m for m in reversed(self.all)}

    def of_kind(self, *kinds: str, group: str | None = None) -> tuple[Manifest, ...]:
        """Objects of these kinds; ``group`` tells kinds of the same name apart (Service of Knative, Gateway of Istio)."""
        found = [m for kind in kinds for m in self._by_kind.get(kind, ())]
        return tuple(m for m in found if group is None or m.group == group)

    def in_namespace(self, kind: str, namespace: str) -> tuple[Manifest, ...]:
        return self._by_namespace.get((kind, namespace), ())

    def find(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """One object by name; ``namespace`` is "" for kinds of the whole cluster."""
        return self._by_name.get((kind, namespace, name))


# Foreign files hold anything: these read a value of the expected shape, and something empty in place of any other.


def mapping(value: Any) -> Obj:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Obj]:
    """The maps of a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def texts(value: Any) -> dict[str, str]:
    return {str(key): str(item) for key, item in mapping(value).items() if item is not None}


def whole(value: Any) -> int | None:
    """A whole number, as YAML or a string has it; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.removeprefix("-").isdigit() else None


def texts_within(value: Any) -> Iterator[str]:
    """Every text at any depth of a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts_within(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_within(each)
