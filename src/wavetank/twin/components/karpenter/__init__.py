"""Karpenter: nodes by the pod, not by the group. What it decides and when, while its Deployment is Ready.

``controller`` assembles; ``provisioning`` makes nodes, ``disruption`` with ``queue`` takes them away, ``lifecycle`` and
``termination`` see them come and go, ``conditions`` keeps statuses. Decisions are in pure modules: ``requirements``,
``instances``, ``topology``, ``packing``, ``consolidation``, ``budgets``, ``drift``. Machines and prices come through ports
(``nodes.fleet``, ``nodes.offers``, ``nodes.interruptions``).

Behaviour is that of Karpenter 1.10 (``sigs.k8s.io/karpenter`` and ``aws/karpenter-provider-aws``).
"""

from .chart import KARPENTER
from .controller import Karpenter

__all__ = ["KARPENTER", "Karpenter"]
