"""The case that rules judge: one platform, as a spec, or as the files that somebody has already.

``from_plan`` and ``foreign`` make it; a rule is a function of it. It answers questions ("which services select these pods?")
and never judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from wavetank.cost import Bill
from wavetank.kube.types import Obj
from wavetank.plan.model import Plan

from .aws import Aws
from .components import Components, components_of
from .makers import Makers
from .manifests import Manifest, Manifests
from .selection import Index
from .selection import label_selector as label_selector  # rules ask for it here
from .sources import SourceFile
from .workloads import Autoscaler, Declared, Workload, autoscalers_of, workloads_of

PRODUCTION_NAMES = ("production", "prod", "live")


@dataclass(frozen=True)
class Given:
    """Which layers the input consists of. What is not there may be missed only in a layer that was given.

    A spec gives all. A folder of YAML gives ``kubernetes``; with Terraform or eksctl beside it also what those declare.
    """

    #: Kubernetes objects. What other tools may put into a cluster (namespaces, policies, classes) can still be elsewhere:
    #: ``whole`` says that it is not.
    kubernetes: bool = False
    #: exactly one EKS cluster, with its add-ons
    cluster: bool = False
    #: every node group of the cluster, at least one, or Karpenter's node pools
    nodes: bool = False
    #: the cluster's VPC with its subnets
    network: bool = False
    #: IAM roles
    iam: bool = False
    #: Terraform itself (backend, resources)
    terraform: bool = False
    #: nothing is elsewhere: a spec
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Case:
    """What the rules look at: one platform in one environment, and the day on which it is judged."""

    manifests: Manifests
    aws: Aws
    given: Given
    on: date
    #: the file that a finding without a better place is put into
    file: str
    #: "production", "dev"…; None where the input does not say
    environment: str | None = None
    #: declared facts that only a spec has (traffic, objectives, models, connections); None for foreign files
    plan: Plan | None = None
    bill: Bill | None = None
    #: by (namespace, workload)
    declared: Mapping[tuple[str, str], Declared] = field(default_factory=dict)
    #: programs of the workloads and scripts of their operators (.py, .ts, .sh, .md…), as far as they were given
    programs: tuple[SourceFile, ...] = ()

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Every pod template with its owner, in the order of the files."""
        return tuple(workloads_of(self.manifests, self.declared))

    @cached_property
    def autoscalers(self) -> tuple[Autoscaler, ...]:
        """Every HPA and ScaledObject, those whose target is not in the input, too."""
        return tuple(autoscalers_of(self.manifests))

    @cached_property
    def components(self) -> Components:
        """What is installed in the cluster: add-ons, charts, controllers."""
        return components_of(self.manifests, self.workloads, self.aws, self.given)

    @property
    def is_production(self) -> bool:
        """Whether the environment is called production; a foreign one counts as such only when its name says so."""
        return self.environment in PRODUCTION_NAMES

    def workload(self, kind: str, namespace: str, name: str) -> Workload | None:
        found = self.manifests.find(kind, namespace, name)
        return next((w for w in self.workloads if w.manifest is found), None) if found else None

    @cached_property
    def _index(self) -> Index:
        return Index(self.workloads, self.manifests)

    @cached_property
    def makers(self) -> Makers:
        """What else may make objects that the input only refers to."""
        return Makers(self)

    def workloads_in(self, namespace: str) -> Sequence[Workload]:
        return self._index.in_namespace(namespace)

    def selected(self, namespace: str, selector: Obj | None) -> Sequence[Workload]:
        """Workloads of a namespace whose pods a label selector (matchLabels, matchExpressions) selects."""
        return self._index.selected(namespace, selector)

    def services_of(self, workload: Workload) -> Sequence[Manifest]:
        """Services whose selector selects the workload's pods."""
        return self._index.services.get(workload, ())

    def workloads_of(self, service: Manifest) -> Sequence[Workload]:
        """Workloads that a Service sends to; none for a Service without a selector."""
        return self._index.served(service)

    def budgets_of(self, workload: Workload) -> Sequence[Manifest]:
        """PodDisruptionBudgets that count the workload's pods."""
        return self._index.budgets.get(workload, ())

    def policies_of(self, workload: Workload, direction: str) -> Sequence[Manifest]:
        """NetworkPolicies that restrict the workload's pods; ``direction`` is "Ingress" or "Egress"."""
        return [p for p in self._index.policies.get(workload, ()) if direction in policy_types(p)]

    def namespace(self, name: str) -> Manifest | None:
        return self.manifests.find("Namespace", "", name)

    def namespace_labels(self, name: str) -> Mapping[str, str]:
        """With the label that every namespace has; of a namespace that is not in the input only that one."""
        found = self.namespace(name)
        return {**(found.labels if found else {}), "kubernetes.io/metadata.name": name}


def policy_types(policy: Manifest) -> Sequence[str]:
    """The directions that a NetworkPolicy restricts, by Kubernetes' default when they are not written."""
    stated = policy.spec.get("policyTypes")
    if isinstance(stated, list) and stated:
        return [str(each) for each in stated]
    return ["Ingress", "Egress"] if "egress" in policy.spec else ["Ingress"]
