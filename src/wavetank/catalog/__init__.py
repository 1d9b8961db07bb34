"""Facts about AWS and EKS, as data with source and date: instance types, prices, versions, add-ons, charts, regions.

The design half and the running half both read facts from here. Nothing in this package decides anything, and no number
in it is written in code: a new fact is a line in ``data/``. Money is ``Decimal``.
"""

from wavetank.catalog.addons import (
    AddOnFacts,
    ChartFacts,
    DaemonPods,
    PodSet,
    Requests,
    addon,
    addon_names,
    chart,
    chart_names,
    charts_with_group,
    controller_policy,
    installed_with_helm,
    load_balancer_controller_policy,
    sidecar_requests,
)
from wavetank.catalog.alerts import THRESHOLD, AlertFacts, alert, alert_names
from wavetank.catalog.instances import (
    Accelerator,
    InstanceType,
    burstable_baseline_percent,
    instance_type,
    instance_type_names,
)
from wavetank.catalog.limits import Limit, VolumeType, limit, limit_names, volume_type, volume_types
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
from wavetank.catalog.retired import Retired, retired
from wavetank.catalog.versions import EksVersion, eks_version, eks_versions, supported_eks_versions

__all__ = [
    "HOURS_PER_MONTH",
    "THRESHOLD",
    "Accelerator",
    "AddOnFacts",
    "AlertFacts",
    "ChartFacts",
    "DaemonPods",
    "EksVersion",
    "InstanceType",
    "Limit",
    "LoadBalancerUnit",
    "PodSet",
    "Price",
    "Requests",
    "Retired",
    "Tier",
    "TieredPrice",
    "VolumeType",
    "addon",
    "addon_names",
    "alert",
    "alert_names",
    "burstable_baseline_percent",
    "chart",
    "chart_names",
    "charts_with_group",
    "controller_policy",
    "ec2_price_usd_hour",
    "eks_version",
    "eks_versions",
    "installed_with_helm",
    "instance_type",
    "instance_type_names",
    "internet_out_price",
    "limit",
    "limit_names",
    "load_balancer_controller_policy",
    "network_load_balancer_unit",
    "price",
    "price_keys",
    "regions",
    "retired",
    "sidecar_requests",
    "supported_eks_versions",
    "volume_type",
    "volume_types",
    "zones",
]
