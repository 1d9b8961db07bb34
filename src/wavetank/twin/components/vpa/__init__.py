"""The Vertical Pod Autoscaler: what installing it creates, and what recommender, updater and admission controller do.

The arithmetic (``histogram``, ``aggregate``, ``recommendation``, ``changes``) is pure; the three loops act through the cluster.
"""

from .objects import VPA
from .vpa import VerticalPodAutoscaling

__all__ = ["VPA", "VerticalPodAutoscaling"]
