"""How long an EC2 instance takes from its launch until its node registers. Not confirmed: nobody publishes figures."""

from __future__ import annotations

from wavetank.catalog.files import data
from wavetank.catalog.instances import InstanceType


def boot_seconds(machine: InstanceType) -> float:
    """By family where it is known, else by what makes machines slow: bare metal, accelerators with their larger image, Xen."""
    facts = data("boot-times")
    family = machine.name.split(".")[0]
    if machine.bare_metal:
        row = facts["bareMetal"]
    elif family in facts["families"]:
        row = facts["families"][family]
    elif machine.accelerator is not None:
        row = facts["accelerated"]
    else:
        row = facts["xen"] if machine.hypervisor == "xen" else facts["default"]
    return float(row[0])
