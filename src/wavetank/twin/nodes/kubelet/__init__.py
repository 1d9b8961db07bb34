"""The kubelet: pods on one machine, from their binding to their end. Knows runtimes by their port only."""

from .images import Registry
from .kubelet import Kubelet

__all__ = ["Kubelet", "Registry"]
