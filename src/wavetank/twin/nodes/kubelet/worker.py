"""One pod on one machine, from its admission to its end. Created by ``Kubelet``; the only writer of the pod's status.

``sync`` is level-triggered: it looks at the records, starts what is due and leaves. Everything that happens (an exit, a
probe's result, a finished pull, a timer) changes a record and calls it again. A container's end is noticed at once, where a
real kubelet relists every second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from wavetank.kube.conditions import with_condition
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.nodes.runtime.port import Exit, Sandbox, Weighed
from wavetank.twin.nodes.runtime.stated_use import StatedUseError, stated_use

from .admission import Refusal
from .backoff import go_duration
from .host import Host
from .pod_status import Facts, failed_to_initialize, is_past, pod_status
from .prober import KINDS, TITLES, Kind, ProbeWorker
from .record import ContainerRecord, Waiting, ephemeral_record, records_of
from .resizing import needs_restart, resized_containers, status_after_resize
from .setup import Setup
from .starter import Starter
from .stopping import LEAST_GRACE_SECONDS, Stopping

#: A pod is synchronised this often without any cause; its ConfigMap and Secret volumes are refreshed then.
SYNC_SECONDS = 60.0
#: From the deletion of a pod to the first signal: watch, pod worker, call to the container runtime.
STOP_REACTION_SECONDS = 0.05
#: What a pod gets that was force-deleted: its object is gone, its processes must go.
FORCED_GRACE_SECONDS = 1.0

Stage: TypeAlias = Literal["starting", "running", "stopping", "over"]


class PodWorker:
    """Runs one pod."""

    def __init__(self, host: Host, pod: Obj, on_over: Callable[[], None]) -> None:
        self.pod = pod
        self.sandbox: Sandbox | None = None
        self.records = records_of(pod)
        self.stage: Stage = "starting"
        self._host = host
        self._engine = host.engine
        self._on_over = on_over
        self._start_seconds = self._engine.now
        self._setup = Setup(host, self)
        self._starter = Starter(host, self)
        self._probes: list[ProbeWorker] = []
        self._stopping: dict[str, Stopping] = {}
        self._stop_deadline_seconds = 0.0
        self._forced_phase, self._reason, self._message = "", "", ""
        self._publish_pending = False
        self._vanished = False
        self._doomed = False

    # --- what the kubelet tells it -----------------------------------------------------------------------------

    def begin(self) -> None:
        deadline = self.pod["spec"].get("activeDeadlineSeconds")
        if deadline is not None:
            self._engine.call_later(float(deadline), self._deadline_exceeded)
        self._complain_of_use(self.pod)
        self.publish()
        self._setup.begin()

    def reject(self, reason: str, message: str) -> None:
        """Refuse to run the pod: it fails at once and no container is created."""
        self._host.record(self.pod, "Warning", reason, message)
        self._forced_phase, self._reason, self._message = "Failed", reason, f"Pod was rejected: {message}"
        self.records = {}
        self.stage = "over"
        self.publish()

    def observe(self, pod: Obj, resize_refusal: Callable[[], Refusal | None] = lambda: None) -> None:
        """A newer version of the pod; ``resize_refusal`` says why its node cannot give it other resources."""
        self._note_annotations(pod)
        old, self.pod = self.pod, pod
        if pod["spec"] is not old["spec"] and self.records:
            self._note_containers(pod, resize_refusal)
        if not pod["metadata"].get("deletionTimestamp"):
            return
        if not self._doomed:
            self._doomed = True
            self._engine.call_later(STOP_REACTION_SECONDS, self._obey_deletion)
        else:
            for stopping in self._stopping.values():
                stopping.shorten(self._deletion_grace_seconds)

    @property
    def _deletion_grace_seconds(self) -> float:
        return float(self.pod["metadata"].get("deletionGracePeriodSeconds") or 0)

    def _obey_deletion(self) -> None:
        if self.stage == "over":
            self._finish()
        else:
            self._stop(self._deletion_grace_seconds)

    def vanish(self) -> None:
        """The object was removed without waiting for this kubelet."""
        self._vanished = self._doomed = True
        if self.stage == "over":
            self._finish()
        elif self.stage == "stopping":
            for stopping in self._stopping.values():
                stopping.shorten(FORCED_GRACE_SECONDS)
        else:
            self._stop(FORCED_GRACE_SECONDS)

    def abandon(self) -> None:
        """The machine has lost its power: nothing is told to anyone."""
        self.stage, self._vanished = "over", True
        self._stop_probes()
        self._release()

    def object_changed(self, key: str, name: str) -> None:
        """A ConfigMap or Secret of the namespace changed: volumes made from it follow at the pod's next sync."""
        if self.stage == "running":
            age_seconds = self._engine.now - self._start_seconds
            self._setup.object_changed(key, name, SYNC_SECONDS - age_seconds % SYNC_SECONDS)

    def is_starting(self) -> bool:
        return self.stage == "starting"

    def sandbox_opened(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.stage = "running"
        self._start_probes()
        self.changed()

    # --- containers --------------------------------------------------------------------------------------------

    def changed(self) -> None:
        self.publish()
        self._engine.call_soon(self.sync)

    def sync(self) -> None:
        """Start the next container that is due, or end the pod when nothing is to come."""
        if self.stage != "running":
            return
        if self._is_complete():
            self._stop(float(self.pod["spec"].get("terminationGracePeriodSeconds", 30)))
            return
        record = self._next_to_start()
        if record is not None:
            self._starter.start(record)
            self.publish()

    def wants(self, record: ContainerRecord) -> bool:
        return self.stage == "running" and not record.running

    def container_started(self, record: ContainerRecord) -> None:
        for worker in self._probes:
            if worker.serves(record):
                worker.wake()
        if record.probe("startup") is None:
            self._mark_started(record)

    def container_ended(self, record: ContainerRecord, exit: Exit) -> None:
        self._stopping.pop(record.name, None)
        self.publish()
        if self.stage == "stopping":
            self._continue_stopping()
        elif self.stage == "running":
            record.retry_seconds = record.backoff.until(self._engine.now)
            self._engine.call_soon(self.sync)

    def _is_complete(self) -> bool:
        policy = self._restart_policy
        if failed_to_initialize(self.records.values(), policy):
            return True
        main = [r for r in self.records.values() if r.role == "main"]
        return all(r.ended() is not None and not self._needs_start(r) for r in main)

    @property
    def _restart_policy(self) -> str:
        return str(self.pod["spec"].get("restartPolicy", "Always"))

    def _needs_start(self, record: ContainerRecord) -> bool:
        ended = record.ended()
        if ended is None or record.role == "sidecar":
            return True
        if record.role == "ephemeral":
            return False
        if record.role == "init" or self._restart_policy == "OnFailure":
            return ended.exit.code != 0
        return self._restart_policy == "Always"

    def _next_to_start(self) -> ContainerRecord | None:
        """The first container that is due; init containers hold up those behind them, main ones do not."""
        if any(r.busy and not r.running for r in self.records.values()):
            return None
        # Whoever debugs a pod may do so while its init containers fail.
        for record in self.records.values():
            if record.role == "ephemeral" and not record.running and self._needs_start(record) and self._is_due(record):
                return record
        begun = any(r.role == "main" and r.container_id for r in self.records.values())
        for record in self.records.values():
            if record.role == "ephemeral" or (record.role == "init" and begun):
                continue
            if not record.running and self._needs_start(record) and self._is_due(record):
                return record
            if record.role != "main" and not begun and not is_past(record):
                return None
        return None

    def _is_due(self, record: ContainerRecord) -> bool:
        if self._engine.now >= record.retry_seconds:
            return True
        ended = record.ended()
        if not isinstance(record.state, Waiting) and ended is not None:
            self._back_off(record)
        self._engine.call_at(record.retry_seconds, self.sync)
        return False

    def _back_off(self, record: ContainerRecord) -> None:
        metadata = self.pod["metadata"]
        identity = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        delay = go_duration(record.backoff.delay_seconds)
        record.last = record.ended()
        text = f"back-off {delay} restarting failed container={record.name} pod={identity}"
        record.state = Waiting("CrashLoopBackOff", text)
        event = f"Back-off restarting failed container {record.name} in pod {identity}"
        self._host.record(self.pod, "Warning", "BackOff", event)
        self.publish()

    # --- probes ------------------------------------------------------------------------------------------------

    def _start_probes(self) -> None:
        age_seconds = self._engine.now - self._host.up_since_seconds
        for record in self.records.values():
            for kind in KINDS:
                probe = record.probe(kind)
                if probe is not None and record.role != "init":
                    worker = ProbeWorker(self._engine, kind, probe, record, self)
                    worker.start(age_seconds)
                    self._probes.append(worker)

    def _stop_probes(self, *kinds: Kind) -> None:
        for worker in self._probes:
            if not kinds or worker.kind in kinds:
                worker.stop()

    def probe_failed_once(self, kind: Kind, record: ContainerRecord, output: str) -> None:
        self._host.record(self.pod, "Warning", "Unhealthy", f"{TITLES[kind]} probe failed: {output}")

    def probe_result(self, kind: Kind, record: ContainerRecord, success: bool) -> None:
        if kind == "readiness":
            record.ready = success
            self.publish()
        elif success and kind == "startup":
            self._mark_started(record)
            self.changed()
        elif not success:
            self._kill_unhealthy(kind, record)

    def _mark_started(self, record: ContainerRecord) -> None:
        record.started = True
        readiness = [w for w in self._probes if w.kind == "readiness" and w.serves(record)]
        record.ready = not readiness and isinstance(record.process, Weighed)
        if not readiness and not record.ready:
            self._starter.see_running(record)
        for worker in readiness:
            worker.trigger()

    def _kill_unhealthy(self, kind: Kind, record: ContainerRecord) -> None:
        probe = record.probe(kind) or {}
        grace = probe.get("terminationGracePeriodSeconds", self.pod["spec"].get("terminationGracePeriodSeconds", 30))
        if record.process is not None and record.name not in self._stopping:
            message = f"Container {record.name} failed {kind} probe, will be restarted"
            self._stopping[record.name] = Stopping(self._host, self.pod, record, float(grace), message)

    # --- changes of a running pod ------------------------------------------------------------------------------

    def _note_containers(self, pod: Obj, resize_refusal: Callable[[], Refusal | None]) -> None:
        """Containers that were added to debug it, and resources that were changed in place."""
        added = [c for c in pod["spec"].get("ephemeralContainers") or () if c["name"] not in self.records]
        for spec in added:
            self.records[spec["name"]] = ephemeral_record(spec)
        if added:
            self.changed()
        resized = resized_containers(self.records, pod)
        if resized:
            refused = resize_refusal()
            self.pod = self._host.cluster.set_status(pod, status_after_resize(pod, refused, self._engine.utc))
            if refused is None:
                for record, container in resized:
                    if needs_restart(record, container):
                        grace_seconds = float(pod["spec"].get("terminationGracePeriodSeconds", 30))
                        self._stop_container(record, grace_seconds, f"Container {record.name} resize requires restart")
                    record.spec = {**record.spec, "resources": container.get("resources") or {}}
                self.publish()

    # --- use and eviction --------------------------------------------------------------------------------------

    def _note_annotations(self, pod: Obj) -> None:
        """Annotations may state what modelled containers use."""
        if pod["metadata"].get("annotations") == self.pod["metadata"].get("annotations"):
            return
        for record in self.records.values():
            if isinstance(record.process, Weighed):
                record.process.pod_changed(pod)
        self._complain_of_use(pod)

    def _complain_of_use(self, pod: Obj) -> None:
        for record in self.records.values():
            try:
                stated_use(pod, record.name)
            except StatedUseError as error:
                self._host.record(pod, "Warning", "InvalidUse", str(error))
                return

    @property
    def may_be_evicted(self) -> bool:
        return self.stage in ("starting", "running") and not self._doomed

    def evict(self, message: str, grace_seconds: float) -> None:
        """Its node needs room: the pod fails, and its containers end (eviction manager ``evictPod``)."""
        self._forced_phase, self._reason, self._message = "Failed", "Evicted", message
        self._host.record(self.pod, "Warning", "Evicted", message)
        metadata = self.pod["metadata"]
        live = self._host.cluster.find("pods", metadata["namespace"], metadata["name"])
        if live is not None and live["metadata"]["uid"] == metadata["uid"]:
            status = live.get("status") or {}
            conditions = with_condition(
                status.get("conditions"),
                "DisruptionTarget",
                "True",
                self._engine.utc,
                reason="TerminationByKubelet",
                message=message,
            )
            self.pod = self._host.cluster.set_status(live, {**status, "conditions": conditions})
        self._stop(grace_seconds)

    # --- the end -----------------------------------------------------------------------------------------------

    def _deadline_exceeded(self) -> None:
        if self.stage not in ("starting", "running"):
            return
        self._forced_phase, self._reason = "Failed", "DeadlineExceeded"
        self._message = "Pod was active on the node longer than the specified deadline"
        self._host.record(self.pod, "Normal", "DeadlineExceeded", self._message)
        self._stop(float(self.pod["spec"].get("terminationGracePeriodSeconds", 30)))

    def _stop(self, grace_seconds: float) -> None:
        self.stage = "stopping"
        self._stop_deadline_seconds = self._engine.now + grace_seconds
        self._stop_probes("liveness", "startup")
        for record in self.records.values():
            if record.role != "sidecar":
                self._stop_container(record, grace_seconds)
        self.publish()
        self._continue_stopping()

    def _stop_container(self, record: ContainerRecord, grace_seconds: float, message: str = "") -> None:
        if record.process is None:
            return
        if record.name in self._stopping:
            self._stopping[record.name].shorten(grace_seconds)
            return
        told = message or f"Stopping container {record.name}"
        self._stopping[record.name] = Stopping(self._host, self.pod, record, grace_seconds, told)

    def _continue_stopping(self) -> None:
        """Sidecars go after the others, the last one first."""
        running = [r for r in self.records.values() if r.process is not None]
        if not running:
            self._finish()
        elif all(r.role == "sidecar" for r in running) and running[-1].name not in self._stopping:
            left = max(self._stop_deadline_seconds - self._engine.now, LEAST_GRACE_SECONDS)
            self._stop_container(running[-1], left)

    def _finish(self) -> None:
        """Nothing runs any more: say so, and confirm a deletion."""
        self.stage = "over"
        self._stop_probes()
        self._setup.give_back_address()
        if not self._vanished:
            self._write_status()
        if not self._doomed:
            return
        self._release()
        self._on_over()
        if not self._vanished:
            confirm_deletion(self._host.cluster, self.pod)

    def _release(self) -> None:
        self._setup.give_back_address()
        sandbox, self.sandbox = self.sandbox, None
        if sandbox is not None:
            sandbox.remove()

    # --- status ------------------------------------------------------------------------------------------------

    def _pod_ip(self) -> str:
        return self.sandbox.address if self.sandbox is not None else ""

    def publish(self) -> None:
        """Write the status once everything that happens at this moment has happened."""
        if not self._publish_pending:
            self._publish_pending = True
            self._engine.call_soon(self._publish_now)

    def _publish_now(self) -> None:
        self._publish_pending = False
        if not self._vanished:
            self._write_status()

    def _facts(self) -> Facts:
        running = self.sandbox is not None and self.stage != "over"
        return Facts(
            tuple(self.records.values()),
            self._host.machine.address,
            self._pod_ip(),
            running,
            self._start_seconds,
            terminal=self.stage == "over",
            forced_phase=self._forced_phase,
            reason=self._reason,
            message=self._message,
        )

    def _write_status(self) -> None:
        metadata = self.pod["metadata"]
        live = self._host.cluster.find("pods", metadata["namespace"], metadata["name"])
        if live is None or live["metadata"]["uid"] != metadata["uid"]:
            return
        self._engine.actor = f"kubelet/{self._host.machine.name}"
        self.pod = self._host.cluster.set_status(live, pod_status(live, self._facts(), self._engine.utc, self._host.at))


def confirm_deletion(cluster: Cluster, pod: Obj) -> None:
    """Nothing of the pod is left here: let its object go."""
    metadata = pod["metadata"]
    try:
        cluster.delete("pods", metadata["namespace"], metadata["name"], grace_seconds=0, uid=metadata["uid"])
    except ApiError as error:
        if error.code not in (404, 409):
            raise
