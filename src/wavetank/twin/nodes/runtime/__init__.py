"""What runs containers: as numbers in virtual time, or as processes of this computer. Decides nothing about pods."""

from .modelled import Behaviour, ModelledRuntime, Use, default_behaviour, healthy_after
from .port import Container, Counter, Exit, Launch, Outcome, Runtime, Sandbox, StartError, VolumeFiles

__all__ = [
    "Behaviour",
    "Container",
    "Counter",
    "Exit",
    "Launch",
    "ModelledRuntime",
    "Outcome",
    "Runtime",
    "Sandbox",
    "StartError",
    "Use",
    "VolumeFiles",
    "default_behaviour",
    "healthy_after",
]
