"""How a process that stands for a container reaches the cluster's API, as its pod's service account.

In a container a client asks the Service's address with the files below ``TOKEN_MOUNT``. A process has neither: nothing routes the
address, and the path does not exist. So the variables of that Service say where the API listens, and KUBECONFIG names a file
that uses the pod's own token: client libraries look there when they find no files of a service account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

TOKEN_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_HOST, _PORT = "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"

#: The API's address, an URL; empty as long as nothing listens.
ApiUrl = Callable[[], str]


@dataclass(frozen=True)
class Account:
    """The folder with token and certificate authority of one container, and the pod's namespace."""

    folder: Path
    namespace: str


def api_variables(url: str, stated: Mapping[str, str]) -> dict[str, str]:
    """Where the API listens, in place of its Service's address; nothing where the container itself states another."""
    where = urlsplit(url)
    if not where.hostname or _HOST not in stated:
        return {}
    host, port, service = where.hostname, str(where.port), stated[_HOST]
    if stated.get("KUBERNETES_PORT", "") != f"tcp://{service}:{stated.get(_PORT)}":
        return {}
    return {_HOST: host, _PORT: port, f"{_PORT}_HTTPS": port, "KUBERNETES_PORT": f"tcp://{host}:{port}"}


def write_kubeconfig(path: Path, url: str, account: Account) -> None:
    """A kubeconfig of the pod's service account, for its owner only.

    The token's file is renewed while the pod lives, and most clients read it; some know nothing but the token itself.
    """
    cluster = {"server": url, "certificate-authority": str(account.folder / "ca.crt")}
    token = account.folder / "token"
    user = {"token": token.read_text(), "tokenFile": str(token)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "pod",
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": "service-account", "user": user}],
        "contexts": [
            {
                "name": "pod",
                "context": {"cluster": "cluster", "user": "service-account", "namespace": account.namespace},
            }
        ],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document, sort_keys=False))
