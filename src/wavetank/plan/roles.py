"""IAM roles of service accounts: what components need by their documentation, and what the author permits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wavetank.kube.types import Obj
from wavetank.plan.aws_names import access_statements
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import PodRole
from wavetank.spec.aws import Permissions, Statement
from wavetank.spec.platform import PlatformFile

#: IAM's limit on the length of a role's name
_NAME_LIMIT = 64


@dataclass(frozen=True)
class Holder:
    """Who gets the role: the service account, and the plan path of the thing it belongs to."""

    namespace: str
    service_account: str
    path: str


def pod_role(
    holder: Holder,
    permissions: Permissions | None,
    written: PlatformFile,
    cluster_name: str,
    ledger: Ledger,
    managed_policies: Iterable[str] = (),
    statements: Iterable[Obj] = (),
) -> PodRole | None:
    """The role of a service account, or None when it may do nothing. What the author permits replaces what is documented."""
    stated = permissions or Permissions()
    policies, allowed = tuple(managed_policies), tuple(statements)
    if permissions is not None:
        policies, allowed = stated.managed_policies or (), statements_of(stated, written, cluster_name)
    if not policies and not allowed:
        return None
    name = stated.role_name or f"{cluster_name}-{holder.service_account}"[:_NAME_LIMIT].rstrip("-")
    _note(name, holder, permissions, ledger)
    return PodRole(
        name, holder.namespace, holder.service_account, allowed, tuple(policy_arn(each) for each in policies)
    )


def _note(name: str, holder: Holder, permissions: Permissions | None, ledger: Ledger) -> None:
    path = f"podRoles[{name}]"
    origins = (
        (f"{holder.path}.permissions", "cluster.name") if permissions is not None else (holder.path, "cluster.name")
    )
    if permissions is not None:
        ledger.stated(f"{holder.path}.permissions", permissions)
        ledger.derived(path, None, origins, "the permissions of its service account")
    else:
        ledger.derived(path, None, origins, "what the component is documented to need")


def policy_arn(policy: str) -> str:
    return policy if policy.startswith("arn:") else f"arn:aws:iam::aws:policy/{policy}"


def secret_arn(name: str, written: PlatformFile) -> str:
    """Secrets Manager puts six random characters behind the name."""
    return f"arn:aws:secretsmanager:{written.region}:{written.account_id}:secret:{name}-??????"


def statements_of(permissions: Permissions, written: PlatformFile, cluster_name: str) -> tuple[Obj, ...]:
    """What the author permits, each thing by its ARN: secrets, tables, buckets, queues, events, then his own statements."""
    return (
        *_secret_statements(permissions, written),
        *access_statements("table", permissions.tables or {}, cluster_name, written),
        *access_statements("bucket", permissions.buckets or {}, cluster_name, written),
        *access_statements("queue", permissions.queues or {}, cluster_name, written),
        *_event_statements(permissions, written),
        *(_statement(each, written) for each in permissions.statements or ()),
    )


def _event_statements(permissions: Permissions, written: PlatformFile) -> tuple[Obj, ...]:
    bus = f"arn:aws:events:{written.region}:{written.account_id}:event-bus/default"
    allowed = {"Sid": "PutEvents", "Effect": "Allow", "Action": ["events:PutEvents"], "Resource": [bus]}
    return (allowed,) if permissions.put_events else ()


def _secret_statements(permissions: Permissions, written: PlatformFile) -> tuple[Obj, ...]:
    if not permissions.secrets:
        return ()
    actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = [secret_arn(name, written) for name in permissions.secrets]
    return ({"Sid": "ReadSecrets", "Effect": "Allow", "Action": actions, "Resource": resources},)


def _statement(written: Statement, platform: PlatformFile) -> Obj:
    names = [secret.name for secret in platform.secrets or ()]
    resources = list(written.resource)
    for name in names:
        resources = [each.replace(f"${{secret:{name}}}", secret_arn(name, platform)) for each in resources]
    statement: Obj = {"Sid": written.sid} if written.sid else {}
    statement |= {"Effect": written.effect, "Action": list(written.action), "Resource": resources}
    return statement | ({"Condition": written.condition} if written.condition else {})
