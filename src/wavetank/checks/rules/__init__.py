"""Every rule, by the area it belongs to. Adding one: its file in the area's folder, its line there, its page in docs/checks/."""

from wavetank.checks.model import Rule

from . import (
    autoscaling,
    availability,
    aws,
    capacity,
    cost,
    delivery,
    kubernetes,
    network,
    schemas,
    security,
    storage,
    versions,
)

RULES: tuple[Rule, ...] = (
    *capacity.RULES,
    *network.RULES,
    *availability.RULES,
    *autoscaling.RULES,
    *schemas.RULES,
    *storage.RULES,
    *security.RULES,
    *versions.RULES,
    *delivery.RULES,
    *cost.RULES,
    *kubernetes.RULES,
    *aws.RULES,
)
