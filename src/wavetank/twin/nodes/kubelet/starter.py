"""Brings one container up: image, configuration, creation, start, postStart (kubelet ``kuberuntime_container.go``).

Used by the pod's worker, one container at a time. Every failure leaves the record waiting with its reason and the time of
the next try; nothing is raised.
"""

from __future__ import annotations

from typing import Protocol

from wavetank.kube.types import Obj
from wavetank.twin.nodes.runtime.port import Container, Exit, Launch, Outcome, Sandbox, StartError

from .backoff import go_duration
from .environment import ConfigError, environment
from .expansion import expanded
from .host import Host
from .images import Pull, effective_policy
from .record import ContainerRecord, Running, Terminated, Waiting, container_id

#: After an error of its own the kubelet looks at a pod again (``backOffPeriod``).
RETRY_SECONDS = 10.0
#: How long ErrImagePull is seen before the next look at the pod turns it into ImagePullBackOff.
PULL_ERROR_SEEN_SECONDS = 1.0
#: A kubelet looks every second at what runs (``genericPlegRelistPeriod``): half of that after a start, on average. Who ends
#: before was never ready, and no rollout counts it. Modelled containers end when their models say, and need no look.
RELIST_SECONDS = 0.5


class Owner(Protocol):
    """The pod's worker, as its starter sees it."""

    pod: Obj
    sandbox: Sandbox | None

    def wants(self, record: ContainerRecord) -> bool:
        """Whether the container should still be started."""
        ...

    def container_started(self, record: ContainerRecord) -> None: ...

    def container_ended(self, record: ContainerRecord, exit: Exit) -> None: ...

    def changed(self) -> None:
        """The record was changed: write the status and see what is next."""
        ...


class Starter:
    """Starts containers of one pod."""

    def __init__(self, host: Host, owner: Owner) -> None:
        self._host = host
        self._owner = owner

    def start(self, record: ContainerRecord) -> None:
        """One attempt; ``record.busy`` holds until it is over."""
        record.busy = True
        image = record.spec["image"]
        policy = effective_policy(record.spec.get("imagePullPolicy", ""), image)
        present = self._host.images.has(image)
        if present and (policy != "Always" or self._host.runtime.is_local(image)):
            self._event(
                "Normal",
                "Pulled",
                f'Container image "{image}" already present on machine and can be accessed by the pod',
            )
            self._create(record)
        elif policy == "Never":
            why = f'Container image "{image}" is not present with pull policy of Never'
            self._event("Warning", "ErrImageNeverPull", why)
            self._fail(record, "ErrImageNeverPull", why, "Error: ErrImageNeverPull", RETRY_SECONDS)
        else:
            self._event("Normal", "Pulling", f'Pulling image "{image}"')
            self._host.images.pull(image, lambda pull: self._pulled(record, pull))

    def _pulled(self, record: ContainerRecord, pull: Pull) -> None:
        if not self._owner.wants(record):
            record.busy = False
            return
        image = record.spec["image"]
        if pull.problem:
            self._pull_failed(record, image, pull.problem)
            return
        times = f"{go_duration(pull.seconds)} ({go_duration(pull.waited_seconds)} including waiting)"
        text = f'Successfully pulled image "{image}" in {times}. Image size: {pull.size_bytes} bytes.'
        self._event("Normal", "Pulled", text)
        self._create(record)

    def _pull_failed(self, record: ContainerRecord, image: str, problem: str) -> None:
        now = self._host.engine.now
        record.image_backoff = record.image_backoff.after_try(now, now)
        delay = record.image_backoff.delay_seconds
        self._event("Warning", "Failed", f'Failed to pull image "{image}": {problem}')
        self._fail(record, "ErrImagePull", problem, "Error: ErrImagePull", delay)
        text = f'Back-off pulling image "{image}": ErrImagePull: {problem}'
        self._host.engine.call_later(PULL_ERROR_SEEN_SECONDS, lambda: self._back_off_pulling(record, text))

    def _back_off_pulling(self, record: ContainerRecord, text: str) -> None:
        if self._owner.wants(record) and not record.busy:
            self._event("Normal", "BackOff", text.partition(": ErrImagePull")[0])
            self._event("Warning", "Failed", "Error: ImagePullBackOff")
            record.state = Waiting("ImagePullBackOff", text)
            self._owner.changed()

    def _create(self, record: ContainerRecord) -> None:
        sandbox = self._owner.sandbox
        assert sandbox is not None, "containers are started in a sandbox"
        pod = self._owner.pod
        count = record.restart_count + (1 if record.ended() is not None else 0)
        try:
            services = self._host.cluster.list("services")
            variables = environment(self._host.context(pod, sandbox.address), record.spec, services)
            arguments = tuple(expanded(text, variables) for text in record.spec.get("args") or ())
            command = tuple(expanded(text, variables) for text in record.spec.get("command") or ())
            launch = Launch(pod, record.spec, variables, arguments, count, command)
            # What ends the container is told under its own id: a late report must not end its successor.
            identity = container_id(pod["metadata"]["uid"], record.name, count)
            process = sandbox.start(launch, lambda ended: self._ended(record, identity, ended))
        except ConfigError as error:
            self._fail(record, "CreateContainerConfigError", str(error), f"Error: {error}", RETRY_SECONDS)
        except StartError as error:
            self._fail(record, "CreateContainerError", str(error), f"Error: {error}", RETRY_SECONDS)
        else:
            self._started(record, process, identity, count)

    def _started(self, record: ContainerRecord, process: Container, identity: str, count: int) -> None:
        ended = record.ended()
        now = self._host.engine.now
        if ended is not None:
            record.backoff = record.backoff.after_try(now, ended.finished_seconds)
            record.last = ended
            record.previous_log_files = record.log_files
        record.restart_count, record.container_id, record.process = count, identity, process
        record.log_files = process.log_files()
        record.state = Running(now)
        self._event("Normal", "Created", "Container created")
        self._event("Normal", "Started", "Container started")
        hook = (record.spec.get("lifecycle") or {}).get("postStart")
        if hook is None:
            self._finish(record)
        else:
            self._post_start(record, process, hook)

    def _post_start(self, record: ContainerRecord, process: Container, hook: Obj) -> None:
        if "sleep" in hook:
            self._host.engine.call_later(float(hook["sleep"]["seconds"]), lambda: self._finish(record))
            return

        def done(outcome: Outcome) -> None:
            if not outcome.success:
                self._event("Warning", "FailedPostStartHook", f"PostStartHook failed: {outcome.output}")
                process.kill()
            self._finish(record)

        process.run_hook(hook, done)

    def _finish(self, record: ContainerRecord) -> None:
        record.busy = False
        if record.running:
            self._owner.container_started(record)
        self._owner.changed()

    def see_running(self, record: ContainerRecord) -> None:
        """Find the container ready at the next look at what runs, unless it has ended before that."""
        identity = record.container_id

        def look() -> None:
            if record.container_id == identity and record.running:
                record.ready = True
                self._owner.changed()

        self._host.engine.call_later(RELIST_SECONDS, look)

    def _ended(self, record: ContainerRecord, identity: str, exit: Exit) -> None:
        if record.container_id == identity and isinstance(record.state, Running):
            started = record.state.started_seconds
            record.state = Terminated(exit, started, self._host.engine.now, identity)
            record.process, record.started, record.ready = None, False, False
            self._owner.container_ended(record, exit)

    def _fail(self, record: ContainerRecord, reason: str, why: str, event: str, retry_seconds: float) -> None:
        ended = record.ended()
        record.last = ended or record.last
        record.state = Waiting(reason, why)
        record.retry_seconds = self._host.engine.now + retry_seconds
        record.busy = False
        self._event("Warning", "Failed", event)
        self._owner.changed()

    def _event(self, kind: str, reason: str, message: str) -> None:
        self._host.record(self._owner.pod, kind, reason, message)
