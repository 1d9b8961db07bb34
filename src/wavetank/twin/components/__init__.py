"""Software that the twin knows by name and stands in for: what installing it creates, and what it does while it runs.

"Nothing works that was not installed": a stand-in acts only while its workload exists and is Ready. One file per component
and one line in ``registry.COMPONENTS``. May use nodes and cluster; controllers and scheduler do not know of it.
"""

from .component import Component, Installation
from .network_plugin import NetworkPlugin
from .registry import COMPONENTS, UnknownComponentError, install, uninstall
from .stand_ins import StandIns

__all__ = [
    "COMPONENTS",
    "Component",
    "Installation",
    "NetworkPlugin",
    "StandIns",
    "UnknownComponentError",
    "install",
    "uninstall",
]
