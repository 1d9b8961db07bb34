"""What a pod needs before its containers: volumes, network, sandbox; and its volumes' later refreshes.

Used by the pod's worker, which is told when the sandbox is there. Whatever is missing is said in an event and tried again.
"""

from __future__ import annotations

import json
from typing import Protocol

from wavetank.kube.types import Obj
from wavetank.twin.nodes.addresses import SubnetFullError
from wavetank.twin.nodes.machine import NETWORK_NOT_READY
from wavetank.twin.nodes.runtime.port import Sandbox, VolumeFiles

from .attachments import unattached_volumes
from .host import Host
from .volumes import (
    CreateToken,
    VolumeContext,
    VolumeError,
    pod_volumes,
    referenced_objects,
    token_refresh_seconds,
)

#: Network namespace, pause container and the CNI's address, together.
SANDBOX_SECONDS = 0.5
#: Mounts are tried again after this, doubling up to the cap (``exponentialbackoff``).
MOUNT_RETRY_SECONDS, MOUNT_RETRY_CAP_SECONDS = 0.5, 122.0
NETWORK_RETRY_SECONDS = 10.0
#: Between two looks at whether volumes are attached, doubling (``verifyVolumesMountedFunc``).
FIRST_ATTACH_CHECK_SECONDS, LAST_ATTACH_CHECK_SECONDS = 0.3, 4.8
#: ``podAttachAndMountTimeout``: 2 minutes and 3 seconds.
ATTACH_PATIENCE_SECONDS = 123.0
_UNATTACHED = (
    "Unable to attach or mount volumes: unmounted volumes=[{names}], unattached volumes=[], "
    "failed to process volumes=[]: context deadline exceeded"
)
#: Annotation of a pod whose ports are mapped: JSON, port -> real port at the pod's IP.
MAPPED_PORTS = "twin.wavetank.dev/mapped-ports"
NO_ADDRESS = 'plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container'


class Owner(Protocol):
    """The pod's worker, as its setup sees it."""

    pod: Obj
    sandbox: Sandbox | None

    def is_starting(self) -> bool:
        """Whether the pod is still to come up."""
        ...

    def sandbox_opened(self, sandbox: Sandbox) -> None: ...


class Setup:
    """Volumes and sandbox of one pod."""

    def __init__(self, host: Host, owner: Owner) -> None:
        self._host = host
        self._engine = host.engine
        self._owner = owner
        self._address = ""
        self._refresh_planned = False

    def begin(self) -> None:
        self._await_attachment(FIRST_ATTACH_CHECK_SECONDS, self._engine.now + ATTACH_PATIENCE_SECONDS)

    def _await_attachment(self, wait_seconds: float, complaint_seconds: float) -> None:
        """Volumes of a cloud are mounted once they are attached; a kubelet waits in silence for a while."""
        if not self._owner.is_starting():
            return
        missing = unattached_volumes(self._host.cluster.find, self._owner.pod)
        if not missing:
            self._mount(MOUNT_RETRY_SECONDS)
            return
        if self._engine.now >= complaint_seconds:
            self._host.record(self._owner.pod, "Warning", "FailedMount", _UNATTACHED.format(names=" ".join(missing)))
            complaint_seconds = self._engine.now + ATTACH_PATIENCE_SECONDS
        longer = min(wait_seconds * 2, LAST_ATTACH_CHECK_SECONDS)
        self._engine.call_later(wait_seconds, lambda: self._await_attachment(longer, complaint_seconds))

    def object_changed(self, key: str, name: str, refresh_seconds: float) -> None:
        """A ConfigMap or Secret changed: refresh the volumes made from it then."""
        if not self._refresh_planned and (key, name) in referenced_objects(self._owner.pod):
            self._plan_refresh(refresh_seconds)

    def give_back_address(self) -> None:
        address, self._address = self._address, ""
        if address:
            self._host.give_back_address(address)

    def _volumes(self, create_token: CreateToken) -> dict[str, VolumeFiles]:
        sandbox = self._owner.sandbox
        context = self._host.context(self._owner.pod, sandbox.address if sandbox is not None else "")
        return pod_volumes(VolumeContext(context, create_token))

    def _mount(self, retry_seconds: float) -> None:
        if not self._owner.is_starting():
            return
        try:
            self._volumes(_no_token)
        except VolumeError as problem:
            self._host.record(self._owner.pod, "Warning", "FailedMount", str(problem))
            following = min(retry_seconds * 2, MOUNT_RETRY_CAP_SECONDS)
            self._engine.call_later(retry_seconds, lambda: self._mount(following))
        else:
            self._await_network()

    @property
    def _host_network(self) -> bool:
        return bool(self._owner.pod["spec"].get("hostNetwork"))

    def _await_network(self) -> None:
        if not self._owner.is_starting():
            return
        if self._host_network or self._host.network_ready():
            self._engine.call_later(SANDBOX_SECONDS, self._open)
            return
        text = f"network is not ready: {NETWORK_NOT_READY}"
        self._host.record(self._owner.pod, "Warning", "NetworkNotReady", text)
        self._engine.call_later(NETWORK_RETRY_SECONDS, self._await_network)

    def _open(self) -> None:
        if not self._owner.is_starting():
            return
        try:
            address = self._host.machine.address if self._host_network else self._host.take_address()
        except SubnetFullError:
            text = f"Failed to create pod sandbox: {NO_ADDRESS}"
            self._host.record(self._owner.pod, "Warning", "FailedCreatePodSandBox", text)
            self._engine.call_later(NETWORK_RETRY_SECONDS, self._open)
            return
        self._address = "" if self._host_network else address
        sandbox = self._host.runtime.open(self._owner.pod, address)
        self._owner.sandbox = sandbox
        sandbox.lay_out(lambda: self._volumes(self._host.create_token))
        self._note_mapped_ports(sandbox)
        token_seconds = token_refresh_seconds(self._owner.pod)
        if token_seconds is not None:
            self._engine.call_later(token_seconds, lambda: self._renew_tokens(token_seconds))
        self._owner.sandbox_opened(sandbox)

    def _note_mapped_ports(self, sandbox: Sandbox) -> None:
        """Tell who makes endpoints where the pod's ports really are, on systems that do not give it its own."""
        if sandbox.mapped_ports:
            annotation = {MAPPED_PORTS: json.dumps({str(p): real for p, real in sandbox.mapped_ports.items()})}
            metadata = self._owner.pod["metadata"]
            self._owner.pod = self._host.cluster.modify(
                "pods", metadata["namespace"], metadata["name"], lambda live: _annotated(live, annotation)
            )

    def _plan_refresh(self, seconds: float) -> None:
        self._refresh_planned = True
        self._engine.call_later(seconds, self._refresh)

    def _renew_tokens(self, seconds: float) -> None:
        """Tokens are replaced before they expire (kubelet ``token_manager.go``: at 80 % of their life)."""
        if self._owner.sandbox is not None:
            self._refresh()
            self._engine.call_later(seconds, lambda: self._renew_tokens(seconds))

    def _refresh(self) -> None:
        self._refresh_planned = False
        if self._owner.sandbox is None:
            return
        try:
            self._owner.sandbox.lay_out(lambda: self._volumes(self._host.create_token))
        except VolumeError as problem:
            # Files that are there stay there; the kubelet says so and tries again when something changes.
            self._host.record(self._owner.pod, "Warning", "FailedMount", str(problem))


def _no_token(namespace: str, account: str, audience: str, seconds: int, pod: Obj) -> str | None:
    return None


def _annotated(obj: Obj, annotations: dict[str, str]) -> Obj:
    metadata = obj["metadata"]
    return {**obj, "metadata": {**metadata, "annotations": (metadata.get("annotations") or {}) | annotations}}
