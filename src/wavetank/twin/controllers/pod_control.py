"""Creating and deleting pods in a controller's name, with the events that say so.

Upstream: ``pkg/controller/controller_utils.go`` (``RealPodControl``) and the ``slowStartBatch`` of the callers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj

from .base import Controller
from .informer import address


def slow_start_batches(count: int) -> Iterator[int]:
    """1, 2, 4, ... up to ``count`` together, so that a refusal that hits all of them is met early."""
    size = 1
    while count > 0:
        batch = min(size, count)
        yield batch
        count, size = count - batch, size * 2


def create_all(controller: Controller, owner: Obj, pods: Sequence[Callable[[], Obj]]) -> ApiError | None:
    """Create pods with a slow start; the first refusal ends it after its batch and is returned."""
    done = 0
    for batch in slow_start_batches(len(pods)):
        answers = [create(controller, owner, pod()) for pod in pods[done : done + batch]]
        done += batch
        failures = [answer for answer in answers if answer is not None]
        if failures:
            return failures[0]
    return None


def create(controller: Controller, owner: Obj, pod: Obj) -> ApiError | None:
    """Create one pod; the refusal, unless it is that the namespace is going away."""
    try:
        created = controller.cluster.create(pod, manager="kube-controller-manager")
    except ApiError as error:
        if any(cause.reason == "NamespaceTerminating" for cause in error.causes):
            return None
        controller.event(owner, "Warning", "FailedCreate", f"Error creating: {error.message}")
        return error
    controller.event(owner, "Normal", "SuccessfulCreate", f"Created pod: {created['metadata']['name']}")
    return None


def delete(controller: Controller, owner: Obj, pod: Obj) -> ApiError | None:
    """Delete one pod; the refusal, if there is one. A pod that is gone already is fine."""
    try:
        if controller.deleted("pods", address(pod)):
            controller.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
    except ApiError as error:
        controller.event(owner, "Warning", "FailedDelete", f"Error deleting: {error.message}")
        return error
    return None
