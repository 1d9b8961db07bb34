"""ResourceQuota: what would take a namespace over its quota is refused; what is admitted is booked at once.

Upstream ``apiserver/pkg/admission/plugin/resourcequota/controller.go``. The quota's status is the ledger: the quota controller
fills it and gives back what deletions free.
"""

from __future__ import annotations

from wavetank.kube import quantity
from wavetank.kube.errors import ApiError, forbidden
from wavetank.kube.types import Obj

from .. import quota as quotas
from ..quota import Usage
from .attempt import Attempt, Plugin

_GROWING = frozenset({"services", "persistentvolumeclaims"})


def _review(attempt: Attempt) -> None:
    if not _is_counted(attempt):
        return
    bookings = []
    # What must be stated is asked by all quotas before the first of them counts (``checkRequest``).
    for quota in (concerned := _concerned(attempt)):
        _require_stated(quota, attempt)
    for quota in concerned:
        booking = _booking(quota, attempt)
        if booking is not None:
            bookings.append((quota, booking))
    if not attempt.call.dry_run:
        for quota, used in bookings:
            attempt.world.set_status(quota, {**quota["status"], "used": used})


def _is_counted(attempt: Attempt) -> bool:
    if not attempt.resource.namespaced or not attempt.namespace:
        return False
    if attempt.operation == "CREATE":
        return not attempt.subresource
    return attempt.operation == "UPDATE" and attempt.key in _GROWING


def _concerned(attempt: Attempt) -> list[Obj]:
    """The quotas that limit what is attempted, by name."""
    found = sorted(attempt.world.list("resourcequotas", attempt.namespace), key=lambda q: str(q["metadata"]["name"]))
    return [q for q in found if _names(q, attempt) and quotas.in_scope(q, attempt.obj, attempt.resource)]


def _names(quota: Obj, attempt: Attempt) -> list[str]:
    return quotas.relevant((quota.get("status") or {}).get("hard") or {}, attempt.resource)


def _booking(quota: Obj, attempt: Attempt) -> Usage | None:
    """The quota's usage with the attempt booked, None when it needs nothing; ApiError when it is too much."""
    now, resource = attempt.world.now, attempt.resource
    hard, names = quota["status"]["hard"], _names(quota, attempt)
    before = quotas.usage(attempt.old, resource, now) if attempt.old is not None else {}
    after = quotas.usage(attempt.obj, resource, now)
    asked = {n: quantity.subtract(after[n], before.get(n, "0")) for n in sorted(names) if n in after}
    asked = {n: q for n, q in asked.items() if quantity.compare(q, "0") != 0}
    if not asked:
        return None
    used = (quota.get("status") or {}).get("used") or {}
    booked = {n: quantity.add(used.get(n, "0"), q) for n, q in asked.items()}
    exceeded = [
        n for n, q in booked.items() if quantity.compare(asked[n], "0") > 0 and quantity.compare(q, hard[n]) > 0
    ]
    if exceeded:
        raise _exceeded(attempt, quota, exceeded, asked, used, hard)
    return {**used, **booked}


def _require_stated(quota: Obj, attempt: Attempt) -> None:
    """Containers say what the quota counts, and the quota knows what has been used."""
    names, used = _names(quota, attempt), quota["status"].get("used") or {}
    missing = quotas.unstated(attempt.obj, names) if attempt.key == "pods" else {}
    unknown = [name for name in sorted(names) if name not in used]
    if unknown and not missing:
        why = f"status unknown for quota: {quota['metadata']['name']}, resources: {','.join(unknown)}"
        raise forbidden(attempt.resource, attempt.name, why)
    if missing:
        text = "; ".join(f"{name} for: {','.join(containers)}" for name, containers in missing.items())
        why = f"failed quota: {quota['metadata']['name']}: must specify {text}"
        raise forbidden(attempt.resource, attempt.name, why)


def _exceeded(attempt: Attempt, quota: Obj, names: list[str], asked: Usage, used: Usage, hard: Usage) -> ApiError:
    def listed(amounts: Usage) -> str:
        return ",".join(f"{n}={quantity.canonical(amounts.get(n, '0'))}" for n in names)

    why = f"exceeded quota: {quota['metadata']['name']}, requested: {listed(asked)}, used: {listed(used)}, "
    return forbidden(attempt.resource, attempt.name, f"{why}limited: {listed(hard)}")


RESOURCE_QUOTA = Plugin("ResourceQuota", review=_review)
