"""Cluster Autoscaler 1.36: what installing its chart creates, and what it does while its Deployment is Ready.

``autoscaler`` is the loop; it reads flags (``flags``), sees the cluster (``snapshot``, ``health``, ``templates``), grows groups
(``scale_up`` with ``estimator``, ``expanders``, ``similar``, ``quotas``) and shrinks them (``planner`` with ``utilization``,
``drainability``, ``budgets``; ``actuator``). Arithmetic is in pure functions. It sees the cloud through ``nodes.groups`` only and
knows no AWS; IAM rights of its role are not checked here. Upstream: ``kubernetes/autoscaler``, cluster-autoscaler-release-1.36.
"""

from .autoscaler import ClusterAutoscaler
from .chart import CLUSTER_AUTOSCALER

__all__ = ["CLUSTER_AUTOSCALER", "ClusterAutoscaler"]
