"""05-node-pools.yaml: the node pools of Karpenter, each with the class that says how its machines are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank.plan.model import Karpenter, NodePool, Plan
from wavetank.render.kubernetes.parts import manifest, metadata, present, traced_entries
from wavetank.render.trace import Traced, tree

DISCOVERY_TAG = "karpenter.sh/discovery"
_GROUP = "karpenter.k8s.aws"
#: Bottlerocket keeps containers on its second volume
_DEVICES = {"bottlerocket": "/dev/xvdb"}


def objects(plan: Plan) -> tuple[Traced, ...]:
    """For each pool its EC2NodeClass and its NodePool."""
    if plan.karpenter is None:
        return ()
    return tuple(item for pool in plan.karpenter.node_pools for item in _pool(plan, plan.karpenter, pool))


def _pool(plan: Plan, karpenter: Karpenter, pool: NodePool) -> Iterator[Traced]:
    path = f"karpenter.nodePools[{pool.name}]"
    framed = metadata(plan, path, pool.name)
    yield manifest(f"{_GROUP}/v1", "EC2NodeClass", framed, path, spec=_class(plan, karpenter, pool, path))
    yield manifest("karpenter.sh/v1", "NodePool", framed, path, spec=_node_pool(pool, path))


def _class(plan: Plan, karpenter: Karpenter, pool: NodePool, path: str) -> dict[str, Any]:
    discovered = {"tags": {DISCOVERY_TAG: Traced(plan.cluster.name, "cluster.name")}}
    volume = {
        "volumeSize": Traced(f"{pool.disk.gib}Gi", f"{path}.disk.gib"),
        "volumeType": Traced(pool.disk.type, f"{path}.disk.type"),
        "encrypted": Traced(pool.disk.encrypted, f"{path}.disk.encrypted"),
        "deleteOnTermination": True,
    }
    device = _DEVICES.get(pool.ami_alias.partition("@")[0], "/dev/xvda")
    return {
        "amiSelectorTerms": [{"alias": Traced(pool.ami_alias, f"{path}.amiAlias")}],
        "role": Traced(karpenter.node_role, "karpenter.nodeRole"),
        "subnetSelectorTerms": [discovered],
        "securityGroupSelectorTerms": [discovered],
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [{"deviceName": device, "ebs": volume}],
        "tags": traced_entries(plan.tags, "tags"),
    }


def _node_pool(pool: NodePool, path: str) -> dict[str, Any]:
    node = {
        "requirements": tree(pool.requirements, f"{path}.requirements"),
        "taints": tree(pool.taints, f"{path}.taints"),
        "nodeClassRef": {"group": _GROUP, "kind": "EC2NodeClass", "name": Traced(pool.name, f"{path}.name")},
        "expireAfter": Traced(pool.expire_after, f"{path}.expireAfter"),
    }
    labels = present({"labels": traced_entries(pool.labels, f"{path}.labels")})
    template = present({"metadata": labels, "spec": present(node)})
    return present(
        {
            "template": template,
            "disruption": {
                "consolidationPolicy": Traced(pool.consolidation_policy, f"{path}.consolidationPolicy"),
                "consolidateAfter": Traced(pool.consolidate_after, f"{path}.consolidateAfter"),
                "budgets": [{"nodes": Traced(pool.disruption_budget, f"{path}.disruptionBudget")}],
            },
            "limits": traced_entries(pool.limits, f"{path}.limits"),
            "weight": Traced(pool.weight, f"{path}.weight"),
        }
    )
