"""A platform as a picture: from the internet over load balancers to workloads, what they call, and what runs them.

``topology`` reads the plan, ``layout`` gives every box its place, ``svg`` and ``mermaid`` write it down. Pure; nothing of it is
part of a bundle: the verb ``graph`` asks for it.
"""

from wavetank.render.graph.mermaid import mermaid
from wavetank.render.graph.svg import svg
from wavetank.render.graph.topology import Topology, topology

__all__ = ["Topology", "mermaid", "svg", "topology"]
