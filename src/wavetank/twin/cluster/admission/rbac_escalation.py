"""Nobody grants what he does not hold: checks on roles and bindings.

Upstream keeps these in the storage of the kinds (``pkg/registry/rbac/*/policybased``); they run where admission ends.
"""

from __future__ import annotations

from wavetank.kube.errors import forbidden
from wavetank.kube.types import Obj

from ..authorization import GROUP, MASTERS, compacted, go_text, uncovered
from .attempt import Attempt, Plugin

_ROLES = frozenset({f"roles.{GROUP}", f"clusterroles.{GROUP}"})
_BINDINGS = frozenset({f"rolebindings.{GROUP}", f"clusterrolebindings.{GROUP}"})


def _review(attempt: Attempt) -> None:
    if attempt.operation == "DELETE" or MASTERS in attempt.call.user.groups:
        return
    if attempt.key in _ROLES and not _may(attempt, "escalate"):
        if attempt.old is None or attempt.old.get("rules") != attempt.obj.get("rules"):
            _require_held(attempt, list(attempt.obj.get("rules") or ()))
    elif attempt.key in _BINDINGS:
        _review_binding(attempt)


def _review_binding(attempt: Attempt) -> None:
    role = attempt.obj.get("roleRef") or {}
    kind = "clusterroles" if role.get("kind") == "ClusterRole" else "roles"
    if attempt.world.may_on(attempt.call.user, "bind", GROUP, kind, attempt.namespace, role.get("name", "")):
        return
    rules = attempt.world.rules_of_role(role.get("kind", ""), attempt.namespace, role.get("name", ""))
    if rules is None:
        raise forbidden(attempt.resource, attempt.name, f'{kind[:-1]}.{GROUP} "{role.get("name", "")}" not found')
    _require_held(attempt, rules)


def _may(attempt: Attempt, verb: str) -> bool:
    user, plural = attempt.call.user, attempt.resource.plural
    return attempt.world.may_on(user, verb, GROUP, plural, attempt.namespace, attempt.name)


def _require_held(attempt: Attempt, wanted: list[Obj]) -> None:
    user = attempt.call.user
    missing = compacted(uncovered(attempt.world.rules_for(user, attempt.namespace), wanted))
    if missing:
        who = f'user "{user.name}" (groups={_groups(user.groups)})'
        lines = "\n".join(sorted(map(go_text, missing)))
        why = f"{who} is attempting to grant RBAC permissions not currently held:\n{lines}"
        raise forbidden(attempt.resource, attempt.name, why)


def _groups(groups: tuple[str, ...]) -> str:
    return "[" + " ".join(f'"{g}"' for g in groups) + "]"


RBAC_ESCALATION = Plugin("RBACEscalation", review=_review, kinds=_ROLES | _BINDINGS)
