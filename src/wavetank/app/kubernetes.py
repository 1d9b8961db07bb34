"""A small client of the Kubernetes API for what ``app`` itself does: apply files, look, wait. Where kubectl is installed,
users and the demo use kubectl; this client is what remains without it.
"""

from __future__ import annotations

import base64
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from wavetank.base.errors import OperationFailed
from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.types import Obj, Resource

FIELD_MANAGER = "wavetank"
POLL_SECONDS = 0.2
#: how long a kind may take to be served after what it is made of was applied
KIND_SECONDS = 60.0


@dataclass(frozen=True)
class Applied:
    """One object after an apply: ``verb`` as kubectl words it."""

    kind: str
    namespace: str
    name: str
    verb: str


class KubernetesClient:
    """Talks to the cluster of a kubeconfig's current context. Use as a context manager."""

    def __init__(self, kubeconfig: Path) -> None:
        access = yaml.safe_load(kubeconfig.read_text())
        context = next(c["context"] for c in access["contexts"] if c["name"] == access["current-context"])
        cluster = next(c["cluster"] for c in access["clusters"] if c["name"] == context["cluster"])
        user = next(u["user"] for u in access["users"] if u["name"] == context["user"])
        headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._http = httpx.Client(base_url=cluster["server"], verify=_tls(cluster, user), headers=headers, timeout=30)

    def __enter__(self) -> KubernetesClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str) -> Obj:
        """GET of a path below the server, such as ``/api/v1/nodes``; OperationFailed with the server's message otherwise."""
        return _answer(self._http.get(path))

    def find(self, key: str, namespace: str, name: str) -> Obj | None:
        """An object of a built-in resource by its key ("pods", "deployments.apps"); None when it does not exist."""
        response = self._http.get(object_path(_by_key(key), namespace, name))
        return None if response.status_code == httpx.codes.NOT_FOUND else _answer(response)

    def items(self, key: str, namespace: str = "", selector: str = "") -> list[Obj]:
        query = {"labelSelector": selector} if selector else {}
        return list(_answer(self._http.get(collection_path(_by_key(key), namespace), params=query))["items"])

    def delete(self, key: str, namespace: str, name: str) -> None:
        response = self._http.request("DELETE", object_path(_by_key(key), namespace, name))
        if response.status_code != httpx.codes.NOT_FOUND:
            _answer(response)

    def apply(self, obj: Obj) -> Applied:
        """Server-side apply of one object."""
        resource, metadata = self._resource(obj), obj["metadata"]
        namespace = metadata.get("namespace", "default" if resource.namespaced else "")
        path = object_path(resource, namespace, metadata["name"])
        before = self._http.get(path)
        query = {"fieldManager": FIELD_MANAGER, "force": "true", "fieldValidation": "Strict"}
        content = yaml.safe_dump(obj, sort_keys=False)
        response = self._http.patch(
            path, params=query, content=content, headers={"Content-Type": "application/apply-patch+yaml"}
        )
        after = _answer(response)
        if before.status_code == httpx.codes.NOT_FOUND:
            verb = "created"
        else:
            same = before.json()["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]
            verb = "unchanged" if same else "configured"
        return Applied(resource.kind, namespace, metadata["name"], verb)

    def apply_folder(self, folder: Path) -> list[Applied]:
        """Apply every object of a folder's YAML files, in the order of file names and of documents."""
        return [self.apply(obj) for obj in objects_of(folder)]

    def wait(self, what: str, until: Callable[[], bool], timeout_seconds: float) -> None:
        """Poll until a condition holds; OperationFailed names it when it does not come in time."""
        deadline = time.monotonic() + timeout_seconds
        while not until():
            if time.monotonic() > deadline:
                raise OperationFailed(f"waited {timeout_seconds:.0f} s in vain for {what}")
            time.sleep(POLL_SECONDS)

    def _resource(self, obj: Obj) -> Resource:
        group, _, version = obj["apiVersion"].rpartition("/")
        for resource in BUILT_IN:
            if (resource.group, resource.version, resource.kind) == (group, version, obj["kind"]):
                return resource
        return self._discovered(group, version, obj["kind"])

    def _discovered(self, group: str, version: str, kind: str) -> Resource:
        """A resource that is not built in, as the server lists it; an operator may just be making it."""
        deadline = time.monotonic() + KIND_SECONDS
        while True:
            listed = self._http.get(f"/apis/{group}/{version}")
            for entry in _answer(listed)["resources"] if listed.is_success else ():
                if entry["kind"] == kind and "/" not in entry["name"]:
                    return Resource(group, version, kind, entry["name"], entry["singularName"], entry["namespaced"])
            if time.monotonic() > deadline:
                raise OperationFailed(
                    f"the cluster has no kind {kind} in {group}/{version}: is its operator installed?"
                )
            time.sleep(POLL_SECONDS)


def objects_of(folder: Path) -> Iterator[Obj]:
    """The objects in a folder's YAML files, in order of file names."""
    for file in sorted(folder.glob("*.yaml")):
        yield from (obj for obj in yaml.safe_load_all(file.read_text()) if obj)


def collection_path(resource: Resource, namespace: str) -> str:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    scope = f"/namespaces/{quote(namespace)}" if resource.namespaced and namespace else ""
    return f"{root}{scope}/{resource.plural}"


def object_path(resource: Resource, namespace: str, name: str) -> str:
    return f"{collection_path(resource, namespace)}/{quote(name)}"


def _by_key(key: str) -> Resource:
    return next(resource for resource in BUILT_IN if resource.key == key)


def _answer(response: httpx.Response) -> Obj:
    if response.is_success:
        document: Obj = response.json()
        return document
    try:
        message = response.json()["message"]
    except (ValueError, KeyError):
        message = response.text
    raise OperationFailed(f"the Kubernetes API refused ({response.status_code}): {message}")


def _tls(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    if "client-certificate-data" in user:
        # The ssl module reads certificates from files only; they are gone again before anything else happens.
        with tempfile.NamedTemporaryFile(suffix=".pem") as pem:
            pem.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
            pem.flush()
            context.load_cert_chain(pem.name)
    return context
