"""Packs JSON Schemas of custom resources into the catalogue: ``python tools/pack_custom_resources.py SCHEMAS_DIR``.

``SCHEMAS_DIR`` holds ``<group>/<kind>_<version>.json`` as the catalogue datreeio/CRDs-catalog lays them out. That catalogue
closes every object with ``additionalProperties: false``, which a CustomResourceDefinition may not hold beside properties: it is
taken away again here. Descriptions are dropped: structure is a fact, prose is somebody's text.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src" / "wavetank" / "catalog" / "data" / "custom-resources.json.gz"
SOURCE = {
    "text": "structure of datreeio/CRDs-catalog @7b1e26ef (Apache-2.0), descriptions removed",
    "date": "2026-08-20",
}

#: (group, kind, plural, scope, short names) of every definition that is packed
KINDS = (
    ("argoproj.io", "AnalysisRun", "analysisruns", "Namespaced", ("ar",)),
    ("argoproj.io", "AnalysisTemplate", "analysistemplates", "Namespaced", ("at",)),
    ("argoproj.io", "Application", "applications", "Namespaced", ("app", "apps")),
    ("argoproj.io", "ApplicationSet", "applicationsets", "Namespaced", ("appset", "appsets")),
    ("argoproj.io", "AppProject", "appprojects", "Namespaced", ("appproj", "appprojs")),
    ("argoproj.io", "Rollout", "rollouts", "Namespaced", ("ro",)),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler", "verticalpodautoscalers", "Namespaced", ("vpa",)),
    ("bitnami.com", "SealedSecret", "sealedsecrets", "Namespaced", ()),
    ("cert-manager.io", "Certificate", "certificates", "Namespaced", ("cert", "certs")),
    ("cert-manager.io", "ClusterIssuer", "clusterissuers", "Cluster", ()),
    ("cert-manager.io", "Issuer", "issuers", "Namespaced", ()),
    ("elbv2.k8s.aws", "IngressClassParams", "ingressclassparams", "Cluster", ()),
    ("elbv2.k8s.aws", "TargetGroupBinding", "targetgroupbindings", "Namespaced", ()),
    ("external-secrets.io", "ClusterSecretStore", "clustersecretstores", "Cluster", ("css",)),
    ("external-secrets.io", "ExternalSecret", "externalsecrets", "Namespaced", ("es",)),
    ("external-secrets.io", "SecretStore", "secretstores", "Namespaced", ("ss",)),
    ("gateway.networking.k8s.io", "Gateway", "gateways", "Namespaced", ("gtw",)),
    ("gateway.networking.k8s.io", "HTTPRoute", "httproutes", "Namespaced", ()),
    ("karpenter.k8s.aws", "EC2NodeClass", "ec2nodeclasses", "Cluster", ("ec2nc", "ec2ncs")),
    ("karpenter.sh", "NodeClaim", "nodeclaims", "Cluster", ()),
    ("karpenter.sh", "NodePool", "nodepools", "Cluster", ()),
    ("keda.sh", "ScaledJob", "scaledjobs", "Namespaced", ("sj",)),
    ("keda.sh", "ScaledObject", "scaledobjects", "Namespaced", ("so",)),
    ("keda.sh", "TriggerAuthentication", "triggerauthentications", "Namespaced", ("ta", "triggerauth")),
    ("monitoring.coreos.com", "Alertmanager", "alertmanagers", "Namespaced", ("am",)),
    ("monitoring.coreos.com", "AlertmanagerConfig", "alertmanagerconfigs", "Namespaced", ("amcfg",)),
    ("monitoring.coreos.com", "PodMonitor", "podmonitors", "Namespaced", ("pmon",)),
    ("monitoring.coreos.com", "Prometheus", "prometheuses", "Namespaced", ("prom",)),
    ("monitoring.coreos.com", "PrometheusRule", "prometheusrules", "Namespaced", ("promrule",)),
    ("monitoring.coreos.com", "ServiceMonitor", "servicemonitors", "Namespaced", ("smon",)),
    ("networking.istio.io", "DestinationRule", "destinationrules", "Namespaced", ("dr",)),
    ("networking.istio.io", "EnvoyFilter", "envoyfilters", "Namespaced", ()),
    ("networking.istio.io", "Gateway", "gateways", "Namespaced", ("gw",)),
    ("networking.istio.io", "ServiceEntry", "serviceentries", "Namespaced", ("se",)),
    ("networking.istio.io", "Sidecar", "sidecars", "Namespaced", ()),
    ("networking.istio.io", "VirtualService", "virtualservices", "Namespaced", ("vs",)),
    ("security.istio.io", "AuthorizationPolicy", "authorizationpolicies", "Namespaced", ("ap",)),
    ("security.istio.io", "PeerAuthentication", "peerauthentications", "Namespaced", ("pa",)),
    ("security.istio.io", "RequestAuthentication", "requestauthentications", "Namespaced", ("ra",)),
    ("serving.kserve.io", "InferenceService", "inferenceservices", "Namespaced", ("isvc",)),
    ("snapshot.storage.k8s.io", "VolumeSnapshot", "volumesnapshots", "Namespaced", ("vs",)),
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass", "volumesnapshotclasses", "Cluster", ("vsclass", "vsclasses")),
    ("telemetry.istio.io", "Telemetry", "telemetries", "Namespaced", ("telemetry",)),
    ("templates.gatekeeper.sh", "ConstraintTemplate", "constrainttemplates", "Cluster", ()),
    ("velero.io", "Backup", "backups", "Namespaced", ()),
    ("velero.io", "BackupStorageLocation", "backupstoragelocations", "Namespaced", ("bsl",)),
    ("velero.io", "Restore", "restores", "Namespaced", ()),
    ("velero.io", "Schedule", "schedules", "Namespaced", ()),
    ("velero.io", "VolumeSnapshotLocation", "volumesnapshotlocations", "Namespaced", ("vsl",)),
    ("vpcresources.k8s.aws", "CNINode", "cninodes", "Cluster", ("cnd",)),
    ("vpcresources.k8s.aws", "SecurityGroupPolicy", "securitygrouppolicies", "Namespaced", ("sgp",)),
)  # fmt: skip


def opened(schema: Any) -> Any:
    """The schema as its definition has it: without the closing of objects, without prose."""
    if isinstance(schema, list):
        return [opened(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _properties(value) if key == "properties" else opened(value)
        for key, value in schema.items()
        if not (key == "additionalProperties" and value is False) and not (key == "description" and _is_prose(value))
    }


def _properties(properties: dict[str, Any]) -> dict[str, Any]:
    """Names of fields are no keywords: a field may be called ``description``."""
    return {name: opened(schema) for name, schema in properties.items()}


def _is_prose(value: Any) -> bool:
    return isinstance(value, str)


def packed(folder: Path) -> dict[str, Any]:
    rows = [_row(folder, *kind) for kind in KINDS]
    return {"source": SOURCE, "definitions": rows}


def _row(folder: Path, group: str, kind: str, plural: str, scope: str, short_names: tuple[str, ...]) -> dict[str, Any]:
    files = sorted((folder / group).glob(f"{kind.lower()}_*.json"))
    assert len(files) == 1, f"{group}/{kind}: one version is expected, not {[file.name for file in files]}"
    version = files[0].stem.rpartition("_")[2]
    return {
        "group": group,
        "kind": kind,
        "plural": plural,
        "scope": scope,
        "shortNames": list(short_names),
        "version": version,
        "schema": opened(json.loads(files[0].read_text(encoding="utf-8"))),
    }


def main(folder: Path) -> None:
    missing = {file.parent.name + "/" + file.stem.rpartition("_")[0] for file in folder.glob("*/*.json")}
    missing -= {f"{group}/{kind.lower()}" for group, kind, *_ in KINDS}
    assert not missing, f"no row in KINDS for {sorted(missing)}"
    text = json.dumps(packed(folder), separators=(",", ":"), sort_keys=True)
    # No time stamp in the header: the same schemas give the same bytes.
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
