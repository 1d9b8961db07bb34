"""Numbers of pods that may be written as a percentage, such as ``maxSurge`` and ``minAvailable``.

Controllers and the checks that foresee what controllers do call this. Upstream: apimachinery's ``util/intstr``.
"""

from __future__ import annotations


def scaled_value(value: int | str, total: int, *, round_up: bool) -> int:
    """An IntOrString of ``total`` (``intstr.GetScaledValueFromIntOrPercent``)."""
    if isinstance(value, int):
        return value
    percent = int(value.removesuffix("%"))
    return -(-percent * total // 100) if round_up else percent * total // 100
