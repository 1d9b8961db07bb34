"""Virtual time: the clock, the event queue, seeded randomness and the journal. Knows nothing of Kubernetes.

The engine never looks at a wall clock and never sleeps; ``pace`` does that for it when people watch.
"""

from .clock import Engine, Timer
from .inputs import Inputs
from .journal import Entry, Journal
from .pace import Pacer

__all__ = ["Engine", "Entry", "Inputs", "Journal", "Pacer", "Timer"]
