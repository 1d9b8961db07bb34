"""What a bare cluster was made from, as JSON and back: the part of a snapshot that comes before all inputs.

Called by ``bare`` when its history begins and by ``restored``. Holds private keys, so that kubeconfigs and tokens of a saved
cluster are good for the restored one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wavetank.kube.types import Obj
from wavetank.twin.apiserver.pki import Credential
from wavetank.twin.nodes.scripted import ScriptedNode

if TYPE_CHECKING:
    from .bare import BareOptions

KIND = "bare"


@dataclass(frozen=True)
class Keys:
    """What makes a cluster itself to others: its authority, and the key that signs its tokens."""

    authority: Credential
    token_key_pem: bytes


def settings_of(options: BareOptions, epoch: datetime, keys: Keys) -> Obj:
    """Everything that the course of a bare cluster depends on beside its inputs."""
    return {
        "kind": KIND,
        "nodes": [_node(node) for node in options.nodes],
        "name": options.name,
        "version": options.version,
        "seed": options.seed,
        "kubelet": options.kubelet,
        "tieBreak": options.tie_break,
        "components": list(options.components),
        "epoch": epoch.isoformat(),
        "serviceCidr": options.service_cidr,
        "imported": list(options.imported),
        "importedEvents": options.imported_events,
        "keys": {
            "certificate": keys.authority.certificate_pem.decode(),
            "key": keys.authority.key_pem.decode(),
            "tokenKey": keys.token_key_pem.decode(),
        },
    }


def _node(node: ScriptedNode) -> Obj:
    return asdict(node)


def keys_of(settings: Mapping[str, Any]) -> Keys:
    told = settings["keys"]
    authority = Credential(told["certificate"].encode(), told["key"].encode())
    return Keys(authority, told["tokenKey"].encode())


def nodes_of(settings: Mapping[str, Any]) -> tuple[ScriptedNode, ...]:
    return tuple(ScriptedNode(**node) for node in settings["nodes"])
