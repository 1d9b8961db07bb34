"""KEDA: what installing it creates, and what its operator, metrics server and webhooks do while each is Ready.

Triggers that are answered inside of the cluster (cron, cpu, memory, kubernetes-workload) are computed here; all others go
through the port ``sources``. Nothing here knows AWS or HTTP.
"""

from .keda import Keda
from .objects import KEDA
from .sources import Answer, Done, FixedSources, NoSources, Question, ScalerSources, SourceError

__all__ = [
    "KEDA",
    "Answer",
    "Done",
    "FixedSources",
    "Keda",
    "NoSources",
    "Question",
    "ScalerSources",
    "SourceError",
]
