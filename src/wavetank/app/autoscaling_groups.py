"""The node groups of a twin and the Auto Scaling groups of the embedded AWS: sizes go there, tags come from there.

What a node autoscaler of the twin asks for becomes calls to AWS, made one after the other on a thread of their own: the
twin's thread never waits for AWS, whose threads wait for the twin. A new size comes back as an event of the node group.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from wavetank.app.aws import client
from wavetank.app.machines import templates_of
from wavetank.catalog import instance_type
from wavetank.cloud import events
from wavetank.twin.nodes import MachineTemplate
from wavetank.twin.nodes.groups import Done, FleetGroups, NodeGroup
from wavetank.twin.world import World

#: How often tags are looked at again, as Cluster Autoscaler does (``refreshInterval`` of its AWS manager).
REFRESH_SECONDS = 60.0

#: Runs something on the twin's thread, soon; nothing when the twin has ended.
Post = Callable[[Callable[[], None]], None]


class AutoscalingGroups:
    """For one cluster. ``close`` ends it: answers that are still to come are not told."""

    def __init__(self, groups: FleetGroups, environment: Mapping[str, str], post: Post) -> None:
        self._groups, self._environment, self._post = groups, environment, post
        self._work: queue.SimpleQueue[Callable[[Any], None] | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._refreshed_seconds = float("-inf")
        # A daemon: a call that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="wavetank-autoscaling", daemon=True)
        self._thread.start()
        groups.resize_through(self.resize, self.refresh)

    def close(self) -> None:
        self._closed.set()
        self._work.put(None)

    # --- on the twin's thread ----------------------------------------------------------------------------------

    def resize(self, group_id: str, size: int, done: Done) -> None:
        """SetDesiredCapacity; ``done`` hears what AWS said."""

        def ask(autoscaling: Any) -> None:
            refusal = None
            try:
                autoscaling.set_desired_capacity(
                    AutoScalingGroupName=group_id, DesiredCapacity=size, HonorCooldown=False
                )
            except (BotoCoreError, ClientError) as error:
                refusal = str(error)
            self._tell(lambda: done(refusal))

        self._work.put(ask)

    def refresh(self) -> None:
        """Look at the tags of all scaling groups again, once a minute."""
        now = time.monotonic()
        if now - self._refreshed_seconds >= REFRESH_SECONDS:
            self._refreshed_seconds = now
            self._work.put(self._read_tags)

    # --- on the thread of the calls ----------------------------------------------------------------------------

    def _run(self) -> None:
        autoscaling = client("autoscaling", self._environment)
        while (work := self._work.get()) is not None and not self._closed.is_set():
            work(autoscaling)

    def _read_tags(self, autoscaling: Any) -> None:
        try:
            pages = list(autoscaling.get_paginator("describe_auto_scaling_groups").paginate())
        except (BotoCoreError, ClientError):
            # What was known stays known until the next look.
            return
        found = [group for page in pages for group in page["AutoScalingGroups"]]
        tags = {g["AutoScalingGroupName"]: {t["Key"]: t.get("Value", "") for t in g.get("Tags", ())} for g in found}
        self._tell(lambda: self._take(tags))

    def _take(self, tags: Mapping[str, Mapping[str, str]]) -> None:
        for group_id, own in tags.items():
            self._groups.tag(group_id, own)

    def _tell(self, action: Callable[[], None]) -> None:
        if not self._closed.is_set():
            self._post(action)


def put(world: World, group: events.NodeGroup, cluster: str) -> None:
    """A node group is new or changed: its machines follow. On the twin's thread."""
    world.pacer.catch_up()
    world.groups.put(as_group(group, cluster, world.options.region))


def drop(world: World, group: events.NodeGroup) -> None:
    world.pacer.catch_up()
    world.groups.drop(group.autoscaling_group)


def as_group(group: events.NodeGroup, cluster: str, region: str) -> NodeGroup:
    """A node group of EKS as autoscalers see it, with the tags that EKS puts on its scaling group."""
    accelerator = instance_type(group.instance_types[0]).accelerator
    return NodeGroup(
        id=group.autoscaling_group,
        name=group.name,
        min_size=group.min_size,
        max_size=group.max_size,
        target_size=group.desired_size,
        templates=tuple(templates_of(group, region)),
        tags={
            "eks:cluster-name": cluster,
            "eks:nodegroup-name": group.name,
            f"k8s.io/cluster-autoscaler/{cluster}": "owned",
            "k8s.io/cluster-autoscaler/enabled": "true",
            f"kubernetes.io/cluster/{cluster}": "owned",
        },
        described={
            "diskSize": str(group.disk_size_gib),
            "amiType": group.ami_type,
            "capacityType": group.capacity_type,
            "k8sVersion": group.version,
        },
        gpus=accelerator.count if accelerator is not None and accelerator.resource == "nvidia.com/gpu" else 0,
    )


def within_quota(world: World, vcpus: int) -> Callable[[MachineTemplate], str | None]:
    """Why a machine cannot be launched when the account may run so many vCPUs on demand (EC2's VcpuLimitExceeded)."""

    def reason(template: MachineTemplate) -> str | None:
        running = sum(machine.template.capacity.cpu_milli for machine in world.fleet.instances) // 1000
        wanted = running + template.capacity.cpu_milli // 1000
        if wanted <= vcpus:
            return None
        return (
            f"VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of {vcpus} allows "
            "for the instance bucket that the specified instance type belongs to."
        )

    return reason
