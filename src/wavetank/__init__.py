"""wavetank: try a Kubernetes platform for AI workloads on AWS EKS before it goes to sea.

The layers, from the edge to the ground, are ``cli``, ``app``, the design half (``checks``, ``render``, ``cost``,
``plan``, ``spec``), the running half (``twin``, ``cloud``), ``catalog``, ``kube`` and ``base``; docs/ARCHITECTURE.md tells
what belongs where, and import-linter holds the code to it.
"""

__version__ = "0.1.0"
