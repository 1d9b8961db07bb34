"""The machines of a cluster and what runs on them: kubelets, containers, logs, metrics, load balancers' data plane.

May use the cluster and the engine, nothing above. Real time and real processes live in ``runtime`` only.
"""

from .fleet import Fleet, FleetOptions
from .machine import Machine, MachineTemplate, Resources, Taint

__all__ = ["Fleet", "FleetOptions", "Machine", "MachineTemplate", "Resources", "Taint"]
