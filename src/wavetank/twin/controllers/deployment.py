"""The Deployment controller: one step of a rollout per pass. Upstream: ``pkg/controller/deployment``."""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube import conditions
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from .base import Controller, Key
from .deployment_sets import RolloutSets
from .deployment_status import (
    COMPLETE,
    PROGRESSING,
    TIMED_OUT,
    calculated_status,
    deadline_of,
    has_deadline,
    is_complete,
    replicas_of,
    rollout_status,
    with_deployment_condition,
)
from .informer import controller_of
from .ownership import claimed
from .rolling import is_saturated, next_new_size, old_sizes, proportional_sizes


class DeploymentController(Controller):
    name = "deployment-controller"

    def watch(self) -> None:
        self.on("deployments.apps", self.itself)
        self.on("replicasets.apps", self.owner_of_kind("Deployment"))
        self.on("pods", self._keys_of_pod)

    def _keys_of_pod(self, pod: Obj) -> Sequence[Key]:
        """Recreate waits for the last old pod, so the end of any pod of such a Deployment is a reason to look."""
        owner, namespace = controller_of(pod), pod["metadata"]["namespace"]
        if owner is None or owner["kind"] != "ReplicaSet":
            return ()
        replica_set = self.cluster.find("replicasets.apps", namespace, owner["name"])
        above = controller_of(replica_set) if replica_set else None
        if above is None or above["kind"] != "Deployment":
            return ()
        deployment = self.cluster.find("deployments.apps", namespace, above["name"])
        recreates = deployment is not None and _strategy(deployment) == "Recreate"
        return ((namespace, above["name"]),) if recreates else ()

    def reconcile(self, key: Key) -> None:
        deployment = self.cluster.find("deployments.apps", *key)
        if deployment is None:
            return
        selector = LabelSelector.from_object(deployment["spec"].get("selector"))
        if selector.is_empty:
            text = "This deployment is selecting all pods. A non-empty selector is required."
            self.event(deployment, "Warning", "SelectingAll", text)
            return
        owned = claimed(self.cluster, self.informer, "replicasets.apps", deployment, selector)
        if deployment["metadata"].get("deletionTimestamp"):
            self._write_status(RolloutSets(self, deployment, owned))
            return
        sets = RolloutSets(self, self._with_pause_noted(deployment), owned)
        self._advance(sets)

    def _advance(self, sets: RolloutSets) -> None:
        if sets.deployment["spec"].get("paused"):
            sets.synchronize_revision(create=False)
            self._scale(sets)
            sets.clean_up_history()
            self._write_status(sets)
            return
        sets.synchronize_revision(create=False)
        if sets.was_scaled():
            self._scale(sets)
            self._write_status(sets)
        elif _strategy(sets.deployment) == "Recreate":
            self._recreate(sets)
        else:
            self._roll(sets)

    # --- strategies --------------------------------------------------------------------------------------------

    def _roll(self, sets: RolloutSets) -> None:
        sets.synchronize_revision(create=True)
        if not self._grow_newest(sets) and not self._shrink_old(sets):
            self._finish(sets)
        self._write_rollout_status(sets)

    def _recreate(self, sets: RolloutSets) -> None:
        sizes = {rs["metadata"]["name"]: 0 for rs in sets.old if replicas_of(rs)}
        if sizes:
            sets.resize(sizes)
        elif not self._old_pods_running(sets):
            sets.synchronize_revision(create=True)
            self._grow_newest(sets)
            self._finish(sets)
        self._write_rollout_status(sets)

    def _old_pods_running(self, sets: RolloutSets) -> bool:
        if any((rs.get("status") or {}).get("replicas") for rs in sets.old):
            return True
        pods = self.informer.by_controller("pods")
        return any(not is_terminal(pod) for rs in sets.old for pod in pods[rs["metadata"]["uid"]])

    def _grow_newest(self, sets: RolloutSets) -> bool:
        newest = sets.newest
        assert newest is not None, "a rollout has a newest ReplicaSet before it grows it"
        replicas, limits = replicas_of(newest), sets.limits
        size = limits.replicas
        if replicas < limits.replicas:
            total = sum(map(replicas_of, sets.every))
            size = next_new_size(replicas, total, limits, _strategy(sets.deployment))
        return sets.resize({newest["metadata"]["name"]: size}) if size != replicas else False

    def _shrink_old(self, sets: RolloutSets) -> bool:
        newest = sets.newest
        assert newest is not None, "a rollout has a newest ReplicaSet before it shrinks the others"
        sizes = old_sizes([sets.size_of(rs) for rs in sets.old], sets.size_of(newest), sets.limits)
        return sets.resize(sizes) if sizes else False

    def _finish(self, sets: RolloutSets) -> None:
        if is_complete(sets.deployment, sets.deployment.get("status") or {}):
            sets.clean_up_history()

    def _scale(self, sets: RolloutSets) -> None:
        """Bring the ReplicaSets to a changed ``spec.replicas`` without going on with the rollout."""
        only, limits = sets.active_or_latest(), sets.limits
        if only is not None:
            if replicas_of(only) != limits.replicas:
                sets.resize({only["metadata"]["name"]: limits.replicas})
        elif is_saturated(sets.size_of(sets.newest) if sets.newest else None, limits.replicas):
            sets.resize({rs["metadata"]["name"]: 0 for rs in sets.old if replicas_of(rs)})
        elif _strategy(sets.deployment) == "RollingUpdate":
            active = [sets.size_of(rs) for rs in sets.every if replicas_of(rs)]
            shown = (sets.deployment.get("status") or {}).get("replicas", 0)
            sets.resize(proportional_sizes(active, limits, shown))

    # --- status ------------------------------------------------------------------------------------------------

    def _with_pause_noted(self, deployment: Obj) -> Obj:
        current = conditions.condition(deployment, PROGRESSING)
        if not has_deadline(deployment) or (current and current.get("reason") == TIMED_OUT):
            return deployment
        noted = current is not None and current.get("reason") == "DeploymentPaused"
        paused = bool(deployment["spec"].get("paused"))
        if paused == noted:
            return deployment
        words = (
            ("DeploymentPaused", "Deployment is paused") if paused else ("DeploymentResumed", "Deployment is resumed")
        )
        status = deployment.get("status") or {}
        listed = with_deployment_condition(status.get("conditions"), PROGRESSING, "Unknown", self.now, *words)
        return self.write_status(deployment, {**status, "conditions": listed})

    def _write_status(self, sets: RolloutSets) -> None:
        status = calculated_status(sets.deployment, sets.every, sets.newest, sets.limits, self.now)
        self.write_status(sets.deployment, status)

    def _write_rollout_status(self, sets: RolloutSets) -> None:
        deployment = sets.deployment
        status = rollout_status(deployment, sets.every, sets.newest, sets.limits, self.now)
        if (deployment.get("status") or {}) == status:
            self._look_again_at_deadline(deployment)
        else:
            self.write_status(deployment, status)

    def _look_again_at_deadline(self, deployment: Obj) -> None:
        """``requeueStuckDeployment``."""
        current = conditions.condition(deployment, PROGRESSING)
        if not has_deadline(deployment) or current is None or current.get("reason") in (TIMED_OUT, COMPLETE):
            return
        if is_complete(deployment, deployment.get("status") or {}):
            return
        left = (deadline_of(deployment, current) - self.now).total_seconds()
        metadata = deployment["metadata"]
        self.enqueue((metadata["namespace"], metadata["name"]), max(left, 0) + 1)


def _strategy(deployment: Obj) -> str:
    return str((deployment["spec"].get("strategy") or {}).get("type") or "RollingUpdate")
