"""The HTTPS edge of the cluster: what kubectl, helm, controllers elsewhere and people talk to.

Translates between HTTP and the verbs of ``Cluster``: who asks, which object, in which format; nothing is decided here that
a caller inside the process would not be held to. Runs on the loop that owns the cluster.
"""

from .identity import TokenAuthenticator
from .server import ADMIN, ApiServer

__all__ = ["ADMIN", "ApiServer", "TokenAuthenticator"]
