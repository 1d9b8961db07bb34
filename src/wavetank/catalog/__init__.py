"""Facts about AWS and EKS, as data with source and date: instance types, prices, versions, add-ons, charts, regions.

The design half and the running half both read facts from here. Nothing in this package decides anything, and no number
in it is written in code: a new fact is a line in ``data/``. Money is ``Decimal``.
"""

from wavetank.catalog.addons import (
    AddOnFacts,
    ChartFacts,
    Requests,
    addon,
    addon_names,
    chart,
    chart_names,
    controller_policy,
    installed_with_helm,
    load_balancer_controller_policy,
)
from wavetank.catalog.instances import (
    Accelerator,
    InstanceType,
    burstable_baseline_percent,
    instance_type,
    instance_type_names,
)
from wavetank.catalog.prices import (
    HOURS_PER_MONTH,
    LoadBalancerUnit,
    Price,
    Tier,
    TieredPrice,
    ec2_price_usd_hour,
    internet_out_price,
    network_load_balancer_unit,
    price,
    price_keys,
)
from wavetank.catalog.regions import regions, zones
from wavetank.catalog.versions import EksVersion, eks_version, eks_versions, supported_eks_versions

__all__ = [
    "HOURS_PER_MONTH",
    "Accelerator",
    "AddOnFacts",
    "ChartFacts",
    "EksVersion",
    "InstanceType",
    "LoadBalancerUnit",
    "Price",
    "Requests",
    "Tier",
    "TieredPrice",
    "addon",
    "addon_names",
    "burstable_baseline_percent",
    "chart",
    "chart_names",
    "controller_policy",
    "ec2_price_usd_hour",
    "eks_version",
    "eks_versions",
    "installed_with_helm",
    "instance_type",
    "instance_type_names",
    "internet_out_price",
    "load_balancer_controller_policy",
    "network_load_balancer_unit",
    "price",
    "price_keys",
    "regions",
    "supported_eks_versions",
    "zones",
]
