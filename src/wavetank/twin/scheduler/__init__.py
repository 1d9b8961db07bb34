"""kube-scheduler: which node a pod gets, in what order pods are tried, and what is said when none fits.

``Scheduler(cluster).start()`` runs it. Decisions are made on ``ClusterView``, an incremental picture of nodes and pods;
plugins are listed in ``plugins``. Nothing here knows controllers, machines or HTTP.
"""

from .cycle import Cycle, Outcome, first_of, random_of
from .scheduler import Scheduler
from .view import ClusterView

__all__ = ["ClusterView", "Cycle", "Outcome", "Scheduler", "first_of", "random_of"]
