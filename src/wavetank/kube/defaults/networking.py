"""Defaults of the group ``networking.k8s.io``."""

from __future__ import annotations

from ..types import Obj


def _fill_policy(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    for rule in [*(spec.get("ingress") or ()), *(spec.get("egress") or ())]:
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _fill_ingress(obj: Obj) -> None:
    obj.setdefault("spec", {})
    obj.setdefault("status", {}).setdefault("loadBalancer", {})


def _fill_class(obj: Obj) -> None:
    parameters = obj.setdefault("spec", {}).get("parameters")
    if isinstance(parameters, dict):
        parameters.setdefault("scope", "Cluster")


FILLERS = {"NetworkPolicy": _fill_policy, "Ingress": _fill_ingress, "IngressClass": _fill_class}
