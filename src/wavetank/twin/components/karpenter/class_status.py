"""What Karpenter keeps writing on EC2NodeClasses: what their selectors find, whether that is enough to start a machine.

Upstream: the AWS provider's ``pkg/controllers/nodeclass``.
"""

from __future__ import annotations

from datetime import datetime

from wavetank.kube.conditions import Status
from wavetank.kube.types import Obj
from wavetank.twin.controllers.base import Key
from wavetank.twin.nodes.offers import Ground

from . import names
from .live import Loop
from .pools import class_hash
from .statuses import with_state, with_summary

#: Subnets, groups and images change without telling.
PERIOD_SECONDS = 300.0
CLASS_STEPS = ("SubnetsReady", "SecurityGroupsReady", "AMIsReady", "InstanceProfileReady", "ValidationSucceeded")


class ClassStatus(Loop):
    """What an EC2NodeClass finds, and whether it can be used."""

    name = names.COMPONENT

    def watch(self) -> None:
        self.on(names.NODE_CLASSES, self.itself)

    def all_keys(self) -> list[Key]:
        return [("", each["metadata"]["name"]) for each in self.cluster.list(names.NODE_CLASSES)]

    def work(self, key: Key) -> None:
        found = self.cluster.find(names.NODE_CLASSES, *key)
        if found is None:
            return
        annotations = found["metadata"].get("annotations") or {}
        hashes = {names.CLASS_HASH: class_hash(found), names.CLASS_HASH_VERSION: names.CLASS_VERSION}
        if hashes.items() - annotations.items():
            changed = {**found["metadata"], "annotations": {**annotations, **hashes}}
            found = self.cluster.update({**found, "metadata": changed}, manager=names.COMPONENT)
        ground = self.live.offers.ground(found)
        if ground is not None:
            self.write_status(found, self._status(found, ground))
        self.enqueue(key, PERIOD_SECONDS)

    def _status(self, found: Obj, ground: Ground) -> Obj:
        known = found.get("status") or {}
        conditions: list[Obj] = list(known.get("conditions") or ())
        for step in CLASS_STEPS:
            conditions = with_state(conditions, step, *_class_step(step, ground, self.now))
        conditions = with_summary(conditions, CLASS_STEPS, self.now)
        return {
            **known,
            "conditions": conditions,
            "subnets": [{"id": subnet.id, "zone": subnet.zone} for subnet in ground.subnets],
            "securityGroups": [{"id": group} for group in ground.security_groups],
            "amis": [
                {
                    "id": image.id,
                    "name": image.name,
                    "requirements": [{"key": names.ARCH, "operator": "In", "values": [image.architecture]}],
                }
                for image in ground.images
            ],
        }


def _class_step(step: str, ground: Ground, now: datetime) -> tuple[Status, datetime, str, str]:
    """Status, time, reason and message of one thing that a class needs."""
    if step == "SubnetsReady" and not ground.subnets:
        return "False", now, "SubnetsNotFound", "SubnetSelector did not match any Subnets"
    if step == "AMIsReady" and not ground.images:
        return "False", now, "AMINotFound", "AMISelector did not match any AMIs"
    if step == "SecurityGroupsReady" and not ground.security_groups:
        return "False", now, "SecurityGroupsNotFound", "SecurityGroupSelector did not match any SecurityGroups"
    return "True", now, step, ""
