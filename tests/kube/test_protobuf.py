"""Protobuf bodies: those that kubectl really sends, and what Go's zeros must not become."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.errors import ApiError
from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.protobuf import MAGIC, decode, message_of

REQUESTS: dict[str, str] = json.loads((Path(__file__).parents[1] / "data/kube/protobuf_requests.json").read_text())


def sent_by(command: str) -> dict[str, Any]:
    return decode(base64.b64decode(REQUESTS[command]))


def test_a_deployment_without_replicas_keeps_its_zero_and_nothing_else() -> None:
    deployment = sent_by("create deployment d --image=i:1 --replicas=0 --port=80")
    assert (deployment["apiVersion"], deployment["kind"]) == ("apps/v1", "Deployment")
    assert deployment["metadata"] == {"name": "d", "labels": {"app": "d"}}
    assert deployment["spec"] == {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "d"}},
        "template": {
            "metadata": {"labels": {"app": "d"}},
            "spec": {"containers": [{"name": "i", "image": "i:1", "ports": [{"containerPort": 80}], "resources": {}}]},
        },
        "strategy": {},
    }


@pytest.mark.parametrize(
    ("command", "field", "expected"),
    [
        ("create configmap c --from-literal=a= --from-literal=b=x", "data", {"a": "", "b": "x"}),
        ("create secret generic s --from-literal=p=q", "data", {"p": "cQ=="}),
        ("create quota q --hard=cpu=1,memory=1Gi", "spec", {"hard": {"cpu": "1", "memory": "1Gi"}}),
        ("create priorityclass pc --value=0", "value", 0),
        (
            "create pdb p --selector=a=b --min-available=50%",
            "spec",
            {"minAvailable": "50%", "selector": {"matchLabels": {"a": "b"}}},
        ),
        (
            "create service loadbalancer l --tcp=80:http",
            "spec",
            {
                "ports": [{"name": "80-http", "protocol": "TCP", "port": 80, "targetPort": "http"}],
                "selector": {"app": "l"},
                "type": "LoadBalancer",
            },
        ),
        (
            "auth can-i get pods",
            "spec",
            {"resourceAttributes": {"namespace": "default", "verb": "get", "resource": "pods"}},
        ),
        ("create token a", "kind", "TokenRequest"),
        ("auth whoami", "kind", "SelfSubjectReview"),
    ],
)
def test_kubectl_is_understood(command: str, field: str, expected: Any) -> None:
    assert sent_by(command)[field] == expected


def test_embedded_structs_are_inline_in_json() -> None:
    (rule,) = sent_by("create ingress i --rule=h/p*=s:80 --class=alb")["spec"]["rules"]
    assert rule["host"] == "h"
    assert rule["http"]["paths"][0]["backend"] == {"service": {"name": "s", "port": {"number": 80}}}


# A writer of the wire format, as small as the tests need ------------------------------------------------------------


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def body(api_version: str, kind: str, raw: bytes) -> bytes:
    return MAGIC + field(1, field(1, api_version) + field(2, kind)) + field(2, raw)


def test_delete_options_are_the_same_in_every_group() -> None:
    preconditions = field(1, "some-uid")
    raw = field(1, 0) + field(2, preconditions) + field(4, "Background")
    for api_version in ("v1", "apps/v1", "meta.k8s.io/v1"):
        options = decode(body(api_version, "DeleteOptions", raw))
        assert options["preconditions"] == {"uid": "some-uid"}
        assert options["propagationPolicy"] == "Background"
        assert options["gracePeriodSeconds"] == 0


def test_times_are_written_in_rfc_3339_and_the_zero_time_not_at_all() -> None:
    metadata = field(1, "n") + field(8, b"") + field(9, field(1, 1763720195) + field(2, 0))
    decoded = decode(body("v1", "ConfigMap", field(1, metadata)))
    assert decoded["metadata"] == {"name": "n", "deletionTimestamp": "2025-11-21T10:16:35Z"}


def test_an_empty_storage_class_is_kept_because_it_has_a_meaning() -> None:
    claim = decode(body("v1", "PersistentVolumeClaim", field(2, field(5, "") + field(3, ""))))
    assert claim["spec"] == {"storageClassName": ""}


def test_negative_numbers_and_repeated_fields() -> None:
    decoded = decode(body("scheduling.k8s.io/v1", "PriorityClass", field(1, field(1, "n")) + field(2, -5)))
    assert decoded["value"] == -5


@pytest.mark.parametrize(
    "data", [b"", b"{}", MAGIC + b"\xff", body("v1", "ConfigMap", b"\x0a\x7f"), body("x/v1", "Nope", b"")]
)
def test_what_cannot_be_read_is_a_400(data: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        decode(data)
    assert caught.value.code == 400


def test_every_built_in_kind_has_its_message() -> None:
    for resource in BUILT_IN:
        assert message_of(resource.api_version, resource.kind), resource.kind
    for api_version, kind in (("autoscaling/v1", "Scale"), ("policy/v1", "Eviction"), ("v1", "DeleteOptions")):
        assert message_of(api_version, kind)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20)))
def test_maps_of_text_survive(data: dict[str, str]) -> None:
    raw = b"".join(field(2, field(1, k) + field(2, v)) for k, v in data.items())
    assert decode(body("v1", "ConfigMap", raw)).get("data", {}) == data


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    with suppress(ApiError):
        decode(body("apps/v1", "Deployment", noise))
