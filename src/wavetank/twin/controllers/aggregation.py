"""The aggregation of ClusterRoles: roles that are the sum of others by their labels.

Upstream: ``pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go``.
"""

from __future__ import annotations

from collections.abc import Iterable

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from .base import Controller, Key
from .informer import address

ROLES = "clusterroles.rbac.authorization.k8s.io"


class ClusterRoleAggregationController(Controller):
    name = "clusterrole-aggregation-controller"

    def watch(self) -> None:
        self.on(ROLES, self._every_sum, relevant=_what_counts)

    def _every_sum(self, role: Obj) -> Iterable[Key]:
        return [address(found) for found in self.cluster.list(ROLES, where=_is_sum)]

    def reconcile(self, key: Key) -> None:
        role = self.cluster.find(ROLES, *key)
        if role is None or not _is_sum(role):
            return
        rules = summed_rules(role, self.cluster.list(ROLES))
        if rules != (role.get("rules") or []):
            self.cluster.update({**role, "rules": rules})


def summed_rules(role: Obj, roles: Iterable[Obj]) -> list[Obj]:
    """The rules of all other roles that one of the selectors matches: by selector, then by name, each rule once."""
    others = sorted((r for r in roles if r["metadata"]["name"] != role["metadata"]["name"]), key=_name)
    rules: list[Obj] = []
    for selector in map(LabelSelector.from_object, role["aggregationRule"].get("clusterRoleSelectors") or ()):
        for other in others:
            if selector.matches(other["metadata"].get("labels")):
                rules += [rule for rule in other.get("rules") or () if rule not in rules]
    return rules


def _name(role: Obj) -> str:
    return str(role["metadata"]["name"])


def _is_sum(role: Obj) -> bool:
    return role.get("aggregationRule") is not None


def _what_counts(role: Obj) -> object:
    return role.get("rules"), role["metadata"].get("labels"), role.get("aggregationRule")
