"""STO004: parameters that every gp3 volume has anyway."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import whole
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.storage.classes import parameters, volume_type_of


def check(case: Case) -> Iterator[Mistake]:
    for storage_class in case.manifests.of_kind("StorageClass"):
        kind = volume_type_of(storage_class)
        if kind is None or kind.name != "gp3":
            continue
        included = {"iops": kind.included_iops, "throughput": kind.included_throughput_mibs}
        stated = {key: whole(parameters(storage_class).get(key)) for key in included}
        same = [key for key in included if stated[key] == included[key]]
        if same:
            told = " and ".join(f"{key} {included[key]}" for key in same)
            yield Mistake(
                at=storage_class.at("parameters", same[0]),
                message=f"{storage_class.title} asks for {told}, which every gp3 volume has: it is no fast class",
                remedy="leave the parameter out, or ask for more",
                numbers={key: included[key] for key in same},
            )


RULE = Rule(
    id="STO004",
    severity=Severity.INFO,
    title="The parameter is gp3's own default",
    source="EC2 EBS volume types: gp3 includes 3,000 IOPS and 125 MiB/s",
    check=check,
)
