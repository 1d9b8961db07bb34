"""What a modelled container uses, stated by annotations of its pod.

``twin.wavetank.dev/cpu`` and ``twin.wavetank.dev/memory`` hold a quantity (``300m``, ``1Gi``) for every container of the pod, or
one per container (``app=300m,sidecar=10m``). ``100Mi+2Mi/s`` grows from the container's start. Changing the annotation of a
running pod changes its use at once. Real processes use what they use; nothing here concerns them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from wavetank.kube import quantity
from wavetank.kube.types import Obj

CPU, MEMORY = "twin.wavetank.dev/cpu", "twin.wavetank.dev/memory"
_AMOUNT = re.compile(r"([^+/\s]+)(?:\+([^+/\s]+)/s)?")


class StatedUseError(Exception):
    """An annotation that cannot be read."""


@dataclass(frozen=True)
class Amount:
    """In cores or bytes; ``growth`` is what a second adds."""

    start: Decimal
    growth: Decimal = Decimal(0)

    def after(self, seconds: float) -> Decimal:
        return self.start + self.growth * Decimal(max(0.0, seconds))


@dataclass(frozen=True)
class StatedUse:
    """Of one container; None where nothing is stated."""

    cpu: Amount | None = None
    memory: Amount | None = None

    @property
    def grows(self) -> bool:
        return self.memory is not None and self.memory.growth != 0


def stated_use(pod: Obj, container: str) -> StatedUse | None:
    """What the pod's annotations state of a container; None when nothing. Raises StatedUseError."""
    annotations = pod["metadata"].get("annotations")
    if not annotations or not (CPU in annotations or MEMORY in annotations):
        return None
    return StatedUse(*(_amount_for(container, annotations.get(key, ""), key) for key in (CPU, MEMORY)))


def _amount_for(container: str, text: str, key: str) -> Amount | None:
    plain: Amount | None = None
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, named, amount = part.rpartition("=")
        if not named:
            plain = _amount(amount, key)
        elif name == container or not name:
            return _amount(amount, key)
    return plain


def _amount(text: str, key: str) -> Amount:
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise StatedUseError(f"{key}: {text!r} is no quantity such as 300Mi or 100Mi+2Mi/s")
    try:
        return Amount(quantity.parse(match[1]), quantity.parse(match[2]) if match[2] else Decimal(0))
    except ValueError as error:
        raise StatedUseError(f"{key}: {text!r} is no quantity such as 300Mi or 100Mi+2Mi/s") from error
