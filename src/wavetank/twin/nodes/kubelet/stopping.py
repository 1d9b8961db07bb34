"""Takes one container down: preStop, SIGTERM, and SIGKILL when its grace is over (kubelet ``killContainer``)."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.nodes.runtime.port import Container, Outcome

from .host import Host
from .record import ContainerRecord

#: What is left for SIGTERM after a preStop hook that took all the time (``minimumGracePeriodInSeconds``).
LEAST_GRACE_SECONDS = 2.0


class Stopping:
    """One container on its way down. It is over when the runtime reports the container's end, to whoever started it."""

    def __init__(self, host: Host, pod: Obj, record: ContainerRecord, grace_seconds: float, message: str) -> None:
        assert record.process is not None, "only a running container is stopped"
        self._host = host
        self._pod = pod
        self._record = record
        self._process: Container = record.process
        self._deadline_seconds = host.engine.now + grace_seconds
        host.record(pod, "Normal", "Killing", message)
        hook = (record.spec.get("lifecycle") or {}).get("preStop")
        if hook is not None and grace_seconds > 0:
            self._run(hook)
        else:
            self._terminate()

    @property
    def over(self) -> bool:
        return self._record.process is not self._process

    def shorten(self, grace_seconds: float) -> None:
        """Give it at most this long from now on."""
        deadline = self._host.engine.now + grace_seconds
        if deadline < self._deadline_seconds:
            self._deadline_seconds = deadline
            self._kill_at(deadline)

    def _run(self, hook: Obj) -> None:
        # A hook that hangs is cut off by the deadline: the container is killed then, SIGTERM or not.
        self._kill_at(self._deadline_seconds + LEAST_GRACE_SECONDS)
        self._host.engine.call_at(self._deadline_seconds, self._terminate)
        if "sleep" in hook:
            self._host.engine.call_later(float(hook["sleep"]["seconds"]), self._terminate)
        else:
            self._process.run_hook(hook, self._hook_done)

    def _hook_done(self, outcome: Outcome) -> None:
        if not outcome.success:
            self._host.record(self._pod, "Warning", "FailedPreStopHook", "PreStopHook failed")
        self._terminate()

    def _terminate(self) -> None:
        if self.over:
            return
        self._process.terminate()
        self._kill_at(max(self._deadline_seconds, self._host.engine.now + self._least_seconds()))

    def _least_seconds(self) -> float:
        has_hook = (self._record.spec.get("lifecycle") or {}).get("preStop") is not None
        return LEAST_GRACE_SECONDS if has_hook else 0.0

    def _kill_at(self, seconds: float) -> None:
        self._host.engine.call_at(seconds, self._kill)

    def _kill(self) -> None:
        if not self.over:
            self._process.kill()
