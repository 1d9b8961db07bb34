"""35-secrets.yaml: stores and ExternalSecrets of External Secrets, and SealedSecrets; the Secrets appear in the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank.plan.model import ExternalSecret, Plan, SealedSecret, SecretReader
from wavetank.render.kubernetes.access import ROLE_ANNOTATION
from wavetank.render.kubernetes.parts import manifest, metadata, of_workload, own_metadata, present, traced_entries
from wavetank.render.roles import role_arn
from wavetank.render.trace import Traced

_API = "external-secrets.io/v1"
_SCOPES = {
    "namespace-wide": "sealedsecrets.bitnami.com/namespace-wide",
    "cluster-wide": "sealedsecrets.bitnami.com/cluster-wide",
}


def objects(plan: Plan) -> tuple[Traced, ...]:
    """Each store before what it fills."""
    return (
        *(item for reader in plan.secret_readers for item in _store(plan, reader)),
        *(_external(plan, secret) for secret in plan.external_secrets),
        *(_sealed(plan, secret) for secret in plan.sealed_secrets),
    )


def _store(plan: Plan, reader: SecretReader) -> Iterator[Traced]:
    path = "secretReaders"
    account: dict[str, Any] = {"name": reader.service_account}
    if reader.kind == "SecretStore":
        annotations = {ROLE_ANNOTATION: role_arn(plan, reader.role)}
        framed = own_metadata(plan, path, reader.service_account, reader.namespace, annotations=annotations)
        yield manifest("v1", "ServiceAccount", framed, path, automountServiceAccountToken=False)
    else:
        account["namespace"] = reader.namespace
    aws = {"service": "SecretsManager", "region": plan.region, "auth": {"jwt": {"serviceAccountRef": account}}}
    spec: dict[str, Any] = {"provider": {"aws": aws}}
    if reader.kind == "ClusterSecretStore":
        spec["conditions"] = [{"namespaces": list(reader.namespaces)}]
    namespace = reader.namespace if reader.kind == "SecretStore" else ""
    yield manifest(_API, reader.kind, own_metadata(plan, path, reader.name, namespace), path, spec=spec)


def _external(plan: Plan, secret: ExternalSecret) -> Traced:
    path = f"externalSecrets[{secret.name}]"
    store = {"kind": secret.store_kind, "name": Traced(secret.store, f"{path}.store")}
    spec = present(
        {
            "refreshInterval": Traced(secret.refresh, f"{path}.refresh"),
            "secretStoreRef": store,
            # The Secret goes with its ExternalSecret, and stays when the source is gone for a moment.
            "target": {"name": secret.name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "data": [_entry(secret, key, path) for key in secret.keys],
            "dataFrom": [] if secret.keys else [{"extract": {"key": Traced(secret.secret, f"{path}.secret")}}],
        }
    )
    framed = metadata(plan, path, secret.name, secret.namespace, labels=of_workload(plan, secret.workload))
    return manifest(_API, "ExternalSecret", framed, path, spec=spec)


def _entry(secret: ExternalSecret, key: str, path: str) -> dict[str, Any]:
    where = f"{path}.keys[{key}]"
    reference = present({"key": Traced(secret.secret, f"{path}.secret"), "property": Traced(secret.keys[key], where)})
    return {"secretKey": Traced(key, where), "remoteRef": reference}


def _sealed(plan: Plan, secret: SealedSecret) -> Traced:
    path = f"sealedSecrets[{secret.name}]"
    scope = {_SCOPES[secret.scope]: "true"} if secret.scope in _SCOPES else {}
    labels = of_workload(plan, secret.workload)
    framed = metadata(plan, path, secret.name, secret.namespace, labels=labels, annotations=scope)
    template = {
        "metadata": present({"name": secret.name, "namespace": secret.namespace, "annotations": scope}),
        "type": Traced(secret.type, f"{path}.type"),
    }
    data = traced_entries(secret.encrypted_data, f"{path}.encryptedData")
    return manifest(
        "bitnami.com/v1alpha1", "SealedSecret", framed, path, spec={"encryptedData": data, "template": template}
    )
