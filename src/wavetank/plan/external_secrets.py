"""Secrets in the cluster: stores of External Secrets, the Secrets they fill, sealed ones, and how containers see them."""

from __future__ import annotations

from dataclasses import dataclass

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model.aws import PodRole
from wavetank.plan.model.components import Component
from wavetank.plan.model.secrets import ExternalSecret, SealedSecret, SecretReader
from wavetank.plan.namespaces import only_namespace
from wavetank.plan.reasons import Default
from wavetank.plan.roles import secret_arn
from wavetank.spec.platform import PlatformFile
from wavetank.spec.secrets import ExternalSecret as WrittenExternalSecret
from wavetank.spec.secrets import SealedSecret as WrittenSealedSecret
from wavetank.spec.secrets import SecretUse
from wavetank.spec.workloads import Workload

CONTROLLER = "external-secrets"
STORE = "aws-secrets-manager"
#: the service account in each namespace whose role reads that namespace's secrets
READER_ACCOUNT = "external-secrets-reader"

NARROW = Default(
    "secretStores.scope",
    "a role per namespace reads that namespace's secrets and no others",
    "external-secrets.io/latest/provider/aws-secrets-manager",
)
HOURLY = Default("workloads.externalSecrets.refresh", "soon enough for a rotation, and every fetch is a paid call")
EVERY_KEY = Default("workloads.externalSecrets.keys", "every property of the secret's JSON")
STRICT = Default("workloads.sealedSecrets.scope", "a sealed value is worth nothing under another name or namespace")
OPAQUE = Default("workloads.sealedSecrets.type", "Kubernetes' own default")
#: group-readable: pods run as a user of their own with fsGroup
_FILE_MODE = 0o440


@dataclass(frozen=True)
class Secrets:
    """What this module adds to the plan."""

    readers: tuple[SecretReader, ...]
    external: tuple[ExternalSecret, ...]
    sealed: tuple[SealedSecret, ...]
    roles: tuple[PodRole, ...]
    components: tuple[Component, ...]


def secrets_in_cluster(written: PlatformFile, cluster_name: str, ledger: Ledger) -> Secrets:
    """Everything about secrets inside the cluster; empty for a platform without any."""
    using = [(workload, each) for workload in written.workloads or () for each in workload.external_secrets or ()]
    sealed = [(workload, each) for workload in written.workloads or () for each in workload.sealed_secrets or ()]
    scope = (written.secret_stores.scope if written.secret_stores else None) or "namespace"
    readers = _cluster_reader(written, using, cluster_name) if scope == "cluster" else ()
    readers = readers or _namespace_readers(written, using, cluster_name)
    _note_readers(written, readers, ledger)
    return Secrets(
        readers=readers,
        external=tuple(_external(workload, each, written, readers, ledger) for workload, each in using),
        sealed=tuple(_sealed(workload, each, written, ledger) for workload, each in sealed),
        roles=tuple(_role(reader, using, written, ledger) for reader in readers if reader.kind == "SecretStore"),
        components=_components(readers, using, sealed, written),
    )


_Using = list[tuple[Workload, WrittenExternalSecret]]
_Sealed = list[tuple[Workload, WrittenSealedSecret]]


def _namespace(workload: Workload, written: PlatformFile) -> str:
    return workload.namespace or only_namespace(written)


def _namespaces(using: _Using, written: PlatformFile) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_namespace(workload, written) for workload, _ in using))


def _namespace_readers(written: PlatformFile, using: _Using, cluster_name: str) -> tuple[SecretReader, ...]:
    return tuple(
        SecretReader(
            STORE, "SecretStore", each, READER_ACCOUNT, f"{cluster_name}-{each}-secrets"[:64].rstrip("-"), (each,)
        )
        for each in _namespaces(using, written)
    )


def _cluster_reader(written: PlatformFile, using: _Using, cluster_name: str) -> tuple[SecretReader, ...]:
    """The controller's own service account reads for everybody; its role comes with its chart."""
    if not using:
        return ()
    role = f"{cluster_name}-{CONTROLLER}"[:64].rstrip("-")
    namespaces = _namespaces(using, written)
    return (SecretReader(STORE, "ClusterSecretStore", CONTROLLER, CONTROLLER, role, namespaces),)


def _note_readers(written: PlatformFile, readers: tuple[SecretReader, ...], ledger: Ledger) -> None:
    if ledger.is_written("secretStores"):
        ledger.stated("secretStores", None)
    else:
        ledger.because("secretStores", None, NARROW)
    how = "the workloads use secrets of Secrets Manager" if readers else "no workload uses a secret of Secrets Manager"
    ledger.derived("secretReaders", None, ("workloads", "secretStores"), how)


def _statement(names: tuple[str, ...], written: PlatformFile) -> Obj:
    actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = [secret_arn(name, written) for name in names]
    return {"Sid": "ReadSecrets", "Effect": "Allow", "Action": actions, "Resource": resources}


def _secrets_of(reader: SecretReader, using: _Using, written: PlatformFile) -> tuple[str, ...]:
    read = [each.from_ for workload, each in using if _namespace(workload, written) in reader.namespaces]
    return tuple(dict.fromkeys(read))


def _role(reader: SecretReader, using: _Using, written: PlatformFile, ledger: Ledger) -> PodRole:
    ledger.derived(
        f"podRoles[{reader.role}]", None, ("secretReaders", "cluster.name"), "it reads what the namespace uses"
    )
    statement = _statement(_secrets_of(reader, using, written), written)
    return PodRole(reader.role, reader.namespace, reader.service_account, (statement,), ())


def _components(
    readers: tuple[SecretReader, ...], using: _Using, sealed: _Sealed, written: PlatformFile
) -> tuple[Component, ...]:
    found: list[Component] = []
    if using:
        whole = [reader for reader in readers if reader.kind == "ClusterSecretStore"]
        statements = tuple(_statement(_secrets_of(reader, using, written), written) for reader in whole)
        how = "workloads use secrets of Secrets Manager"
        found.append(Component(CONTROLLER, ("workloads",), how, statements=statements))
    if sealed:
        found.append(Component("sealed-secrets", ("workloads",), "workloads have sealed secrets"))
    return tuple(found)


def _external(
    workload: Workload,
    stated: WrittenExternalSecret,
    written: PlatformFile,
    readers: tuple[SecretReader, ...],
    ledger: Ledger,
) -> ExternalSecret:
    namespace = _namespace(workload, written)
    path, at = f"externalSecrets[{stated.name}]", f"workloads[{workload.name}].externalSecrets[{stated.name}]"
    ledger.stated(path, stated, at)
    reader = next(each for each in readers if namespace in each.namespaces)
    return ExternalSecret(
        name=stated.name,
        namespace=namespace,
        workload=workload.name,
        store=ledger.derived(f"{path}.store", reader.name, ("secretReaders",), "the store of its namespace"),
        store_kind=reader.kind,
        secret=ledger.stated(f"{path}.secret", stated.from_, f"{at}.from"),
        keys=ledger.chosen(f"{path}.keys", stated.keys, {}, EVERY_KEY, f"{at}.keys"),
        refresh=ledger.chosen(f"{path}.refresh", stated.refresh, "1h", HOURLY, f"{at}.refresh"),
    )


def _sealed(workload: Workload, stated: WrittenSealedSecret, written: PlatformFile, ledger: Ledger) -> SealedSecret:
    path, at = f"sealedSecrets[{stated.name}]", f"workloads[{workload.name}].sealedSecrets[{stated.name}]"
    ledger.stated(path, stated, at)
    return SealedSecret(
        name=stated.name,
        namespace=_namespace(workload, written),
        workload=workload.name,
        encrypted_data=stated.encrypted_data,
        scope=ledger.chosen(f"{path}.scope", stated.scope, "strict", STRICT, f"{at}.scope"),
        type=ledger.chosen(f"{path}.type", stated.type, "Opaque", OPAQUE, f"{at}.type"),
    )


# --- as containers see them -------------------------------------------------------------------------------------------


def _uses(workload: Workload) -> tuple[tuple[str, SecretUse], ...]:
    both: tuple[WrittenExternalSecret | WrittenSealedSecret, ...] = (
        *(workload.external_secrets or ()),
        *(workload.sealed_secrets or ()),
    )
    return tuple((each.name, each) for each in both)


def _volume_name(secret: str) -> str:
    return f"secret-{secret.replace('.', '-')}"[:63].rstrip("-")


def secret_environment(workload: Workload, path: str, ledger: Ledger) -> tuple[Obj, ...]:
    """`envFrom` entries of the main container, which is at ``path``."""
    found: tuple[Obj, ...] = tuple({"secretRef": {"name": name}} for name, use in _uses(workload) if use.as_ != "files")
    if found:
        at = f"workloads[{workload.name}]"
        ledger.derived(f"{path}.envFrom", found, (at,), "settings and secrets of the workload are variables")
    return found


def secret_mounts(workload: Workload, path: str, ledger: Ledger) -> tuple[Obj, ...]:
    """Volume mounts of the main container, whose mounts are at ``path``."""
    found: tuple[Obj, ...] = tuple(
        {"name": _volume_name(name), "mountPath": use.mount_path or f"/etc/secrets/{name}", "readOnly": True}
        for name, use in _uses(workload)
        if use.as_ == "files"
    )
    return _noted(found, workload, path, ledger)


def secret_volumes(workload: Workload, path: str, ledger: Ledger) -> tuple[Obj, ...]:
    """The volumes behind ``secret_mounts``; the pod's volumes are at ``path``."""
    found: tuple[Obj, ...] = tuple(
        {"name": _volume_name(name), "secret": {"secretName": name, "defaultMode": _FILE_MODE}}
        for name, use in _uses(workload)
        if use.as_ == "files"
    )
    return _noted(found, workload, path, ledger)


def _noted(found: tuple[Obj, ...], workload: Workload, path: str, ledger: Ledger) -> tuple[Obj, ...]:
    for each in found:
        ledger.derived(
            f"{path}[{each['name']}]", each, (f"workloads[{workload.name}]",), "a secret that is seen as files"
        )
    return found
