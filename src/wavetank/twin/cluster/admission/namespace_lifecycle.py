"""NamespaceLifecycle: nothing is created in a namespace that does not exist or is going; four namespaces stay.

Upstream ``plugin/namespace/lifecycle/admission.go``.
"""

from __future__ import annotations

from wavetank.kube.errors import ApiError, Cause, forbidden, not_found
from wavetank.kube.kinds import resource_of_plural
from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

IMMORTAL = frozenset({"default", "kube-system", "kube-public"})
_NAMESPACES = resource_of_plural("", "namespaces")


def _admit(attempt: Attempt) -> Obj:
    if attempt.operation == "DELETE":
        if attempt.resource.key == "namespaces" and attempt.name in IMMORTAL:
            raise forbidden(attempt.resource, attempt.name, "this namespace may not be deleted")
        return attempt.obj
    if not attempt.resource.namespaced or attempt.operation != "CREATE":
        return attempt.obj
    # Reviews of access are questions; they may be asked about any namespace.
    if attempt.resource.group == "authorization.k8s.io":
        return attempt.obj
    namespace = attempt.world.find("namespaces", "", attempt.namespace)
    if namespace is None:
        raise not_found(_NAMESPACES, attempt.namespace)
    if "deletionTimestamp" in namespace["metadata"]:
        raise _terminating(attempt)
    return attempt.obj


def _terminating(attempt: Attempt) -> ApiError:
    why = f"unable to create new content in namespace {attempt.namespace} because it is being terminated"
    error = forbidden(attempt.resource, attempt.name, why)
    text = f"namespace {attempt.namespace} is being terminated"
    error.causes = (Cause("NamespaceTerminating", text, "metadata.namespace"),)
    return error


NAMESPACE_LIFECYCLE = Plugin("NamespaceLifecycle", admit=_admit)
