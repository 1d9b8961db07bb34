"""Names that carry a hash are those that a real controller gives."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from wavetank.kube.pod_hash import pod_template_hash, revision_hash, template_text

VECTORS: list[dict[str, Any]] = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "data/kube/hash_vectors.json.gz").read_bytes())
)


@pytest.mark.parametrize("vector", VECTORS, ids=[v["hash"] for v in VECTORS])
def test_a_template_hashes_as_in_a_real_cluster(vector: dict[str, Any]) -> None:
    assert template_text(vector["template"]) == vector["text"]
    assert pod_template_hash(vector["template"]) == vector["hash"]


def test_a_collision_gives_another_hash() -> None:
    template = VECTORS[0]["template"]
    hashes = {pod_template_hash(template, count) for count in (None, 0, 1, 2)}
    assert len(hashes) == 4


def test_every_kind_of_volume_and_affinity_can_be_hashed() -> None:
    spec = {
        "containers": [
            {"name": "c", "envFrom": [{"configMapRef": {"name": "m"}}], "resources": {"limits": {"cpu": "1"}}}
        ],
        "volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}}],
        "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone"}]}},
        "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]},
        "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["h"]}],
    }
    text = template_text({"spec": spec})
    for shown in ("VolumeClaimTemplate:(*v1.PersistentVolumeClaimTemplate){", "TopologyKey:(string)zone", "[h]"):
        assert shown in text


def test_a_revision_hash_depends_on_data_and_collisions() -> None:
    data = {"spec": {"template": {"$patch": "replace"}}}
    assert revision_hash(data) == revision_hash(dict(data)) != revision_hash(data, 1)
    assert set(revision_hash(data)) <= set("bcdfghjklmnpqrstvwxz2456789")
