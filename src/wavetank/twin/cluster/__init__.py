"""The cluster's state and the rules for changing it: object store, watches, admission, subresources.

Used in the same way by the HTTPS edge and by controllers, scheduler and machines; nothing else writes objects. May not
know how requests arrive, nor what any controller does with what it sees.
"""

from .calls import SYSTEM, Call, User
from .cluster import Cluster
from .store import Change, Store, SubscriberFailedError

__all__ = ["SYSTEM", "Call", "Change", "Cluster", "Store", "SubscriberFailedError", "User"]
