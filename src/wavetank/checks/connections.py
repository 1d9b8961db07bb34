"""Who talks to whom inside the cluster, as far as files say it: Services that environment variables and arguments name.

Called by network rules. A name is only taken for a Service when such a Service is in the input and the text reads like an
address of it (a URL, a host with its port, a name under ``svc``), so that a word that happens to be a Service's name is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .case import Case
from .manifests import Manifest, items, mapping
from .model import Place
from .policies import Port, container_port
from .workloads import Container, Workload

_ADDRESS = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+]*)://(?:[^@/\s]*@)?)?"
    r"(?P<host>[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)(?::(?P<port>[0-9]{1,5}))?(?=[/?#,;\s\"']|$)"
)
_WELL_KNOWN = {
    "http": 80,
    "https": 443,
    "redis": 6379,
    "postgres": 5432,
    "postgresql": 5432,
    "mongodb": 27017,
    "amqp": 5672,
}


@dataclass(frozen=True, eq=False)
class Connection:
    """A workload names a Service; ``target`` is a workload behind it and ``port`` the port at its pods."""

    source: Workload
    service: Manifest
    target: Workload
    port: Port
    at: Place
    #: as written
    address: str


def connections(case: Case) -> Iterator[Connection]:
    """Each connection once for each pair of workloads and port."""
    seen = set()
    for workload in case.workloads:
        for container in (*workload.init_containers, *workload.containers):
            for text, at in _texts(case, container):
                for found in _named(case, workload, text, at):
                    key = (workload.title, found.target.title, found.port)
                    if key not in seen and found.target is not workload:
                        seen.add(key)
                        yield found


def _texts(case: Case, container: Container) -> Iterator[tuple[str, Place]]:
    for index, variable in enumerate(items(container.obj.get("env"))):
        if isinstance(variable.get("value"), str):
            yield variable["value"], container.at("env", index)
    for key in ("args", "command"):
        words = container.obj.get(key)
        for index, word in enumerate(words if isinstance(words, list) else []):
            if isinstance(word, str):
                yield word, container.at(key, index)
    for source in items(container.obj.get("envFrom")):
        name = mapping(source.get("configMapRef")).get("name")
        config = case.manifests.find("ConfigMap", container.workload.namespace, str(name)) if name else None
        for key, value in (mapping(config.obj.get("data")) if config else {}).items():
            if config is not None and isinstance(value, str):
                yield value, config.at("data", key)


def _named(case: Case, workload: Workload, text: str, at: Place) -> Iterator[Connection]:
    for found in _ADDRESS.finditer(text):
        service = _service(case, workload, found["host"], bool(found["scheme"] or found["port"]))
        if service is None:
            continue
        stated = found["port"] or _WELL_KNOWN.get(found["scheme"] or "")
        for entry in items(service.spec.get("ports")):
            if stated is None or entry.get("port") == int(stated):
                for target in case.workloads_of(service):
                    port = container_port(
                        target, entry.get("targetPort", entry.get("port")), entry.get("protocol") or "TCP"
                    )
                    yield Connection(workload, service, target, port, at, found[0])


def _service(case: Case, workload: Workload, host: str, is_address: bool) -> Manifest | None:
    parts = host.removesuffix(".cluster.local").split(".")
    if len(parts) == 1 and is_address:
        return case.manifests.find("Service", workload.namespace, parts[0])
    if (len(parts) == 3 and parts[2] == "svc") or (len(parts) == 2 and is_address):
        return case.manifests.find("Service", parts[1], parts[0])
    return None
