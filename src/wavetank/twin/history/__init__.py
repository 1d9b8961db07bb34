"""What came into a twin from outside, in order: enough to run it again, elsewhere, to the same place.

A twin is a function of its settings, its seed and its inputs. ``History`` writes the inputs down as they arrive, ``snapshot``
puts them into a file beside the objects, ``replay`` makes the twin again and compares. Assemblies (``bare``) attach a history;
nothing here knows machines, HTTP or the command line.
"""

from .digests import Digests, digests_of
from .recorder import History, Input
from .replay import ReplayFailedError, Twin, replay
from .snapshot import Snapshot, parsed_snapshot, read_snapshot, snapshot_of, write_snapshot

__all__ = [
    "Digests",
    "History",
    "Input",
    "ReplayFailedError",
    "Snapshot",
    "Twin",
    "digests_of",
    "parsed_snapshot",
    "read_snapshot",
    "replay",
    "snapshot_of",
    "write_snapshot",
]
