"""The EKS API over HTTP: one REST-JSON request in, one answer out, events to the listeners in between.

A WSGI application of its own instead of moto's EKS, which lacks add-ons, access entries, updates and most of what
Terraform compares. Parameters are read by botocore's model of the service, so an operation needs a handler and nothing
else: one file here, one line in ``TOPICS``.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

from wavetank.cloud.callers import Callers, Identity
from wavetank.cloud.eks import (
    access,
    addons,
    clusters,
    fargate,
    nodegroups,
    pod_identity,
    tags,
    updates,
    versions,
)
from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.errors import InvalidParameterException
from wavetank.cloud.eks.neighbours import Neighbours
from wavetank.cloud.eks.state import Clusters, Wire
from wavetank.cloud.events import CloudEvent, ClusterCreated, ClusterEndpoints, ClusterRef, Listener
from wavetank.cloud.honest import Answer, Unimplemented, json_answer
from wavetank.cloud.naming import Environ, operation_of, raw_path, scope_of, service_model

#: Every topic of the API that is served; each module says which operations it answers.
TOPICS = (clusters, nodegroups, addons, access, pod_identity, updates, versions, tags, fargate)

DEFAULT_REGION = "us-east-1"


def operations() -> dict[str, Handler]:
    """All handlers by operation name; an operation belongs to one topic."""
    table: dict[str, Handler] = {}
    for topic in TOPICS:
        assert not table.keys() & topic.OPERATIONS.keys(), f"{topic.__name__} repeats an operation"
        table |= topic.OPERATIONS
    return table


class EksApi:
    """Serves requests on the server's threads; owns the clusters and tells what happens to them."""

    def __init__(
        self,
        callers: Callers,
        endpoints: ClusterEndpoints,
        listeners: Sequence[Listener],
        clock: Callable[[], datetime],
        seed: int,
    ) -> None:
        self.clusters = Clusters(seed)
        self._callers = callers
        self._endpoints = endpoints
        self._listeners = tuple(listeners)
        self._clock = clock
        self._handlers = operations()
        self._outbox: deque[CloudEvent] = deque()
        self._delivering = threading.RLock()

    def answer(self, environ: Environ) -> Answer:
        """The answer to a request. Raises EksError, and Unimplemented for operations without a handler."""
        model = service_model("eks")
        found = operation_of(model, environ["REQUEST_METHOD"], raw_path(environ))
        if found is None or found[0] not in self._handlers:
            raise Unimplemented
        return json_answer(200, _as_json(self._perform(environ, model.operation_model(found[0]), found[1])))

    def _perform(self, environ: Environ, operation: OperationModel, in_path: Mapping[str, str]) -> Wire:
        parameters = _parameters(environ, operation, in_path)
        scope = scope_of(environ)
        caller = self._callers.identity(scope.access_key_id if scope else "")
        region = scope.region if scope else DEFAULT_REGION
        call = self._call(operation.name, region, caller, parameters)
        with self.clusters.lock:
            result = self._handlers[operation.name](call)
        self.deliver()
        return result

    def _call(self, operation: str, region: str, caller: Identity, parameters: Mapping[str, Any]) -> Call:
        aws = Neighbours(caller.account, region)
        return Call(operation, region, caller, parameters, self.clusters, aws, self._clock(), self._emit)

    def _emit(self, event: CloudEvent) -> None:
        """Note an event while the state is locked. Outside any EKS call (Auto Scaling) ``deliver`` follows at its end."""
        self._outbox.append(event)

    def deliver(self) -> None:
        """Tell the listeners what has happened, in order; the state is not locked meanwhile, so they may read it."""
        with self._delivering:
            while self._outbox:
                event = self._outbox.popleft()
                if isinstance(event, ClusterCreated):
                    self._give_endpoint(event)
                for listener in self._listeners:
                    listener(event)

    def _give_endpoint(self, event: ClusterCreated) -> None:
        """Ask for the control plane's address; a cluster that gets none has never existed."""
        try:
            endpoint = self._endpoints(event)
        except Exception:
            self._forget(event.cluster)
            raise
        certificate = {"data": base64.b64encode(endpoint.ca_pem.encode()).decode()}
        with self.clusters.lock:
            wire = self.clusters.get(event.cluster).wire
            wire |= {"endpoint": endpoint.url, "certificateAuthority": certificate, "status": "ACTIVE"}

    def _forget(self, ref: ClusterRef) -> None:
        """Take back a cluster that nobody has heard of yet, with what was about to be told of it."""
        with self.clusters.lock:
            network = self.clusters.get(ref).wire["resourcesVpcConfig"]
            self.clusters.remove(ref)
        Neighbours(ref.account, ref.region).delete_security_group(network["clusterSecurityGroupId"])
        kept = [event for event in self._outbox if event.cluster != ref]
        self._outbox.clear()
        self._outbox.extend(kept)


def _parameters(environ: Environ, operation: OperationModel, in_path: Mapping[str, str]) -> dict[str, Any]:
    """Path, query and body in one, checked against the input shape. Raises InvalidParameterException."""
    shape = operation.input_shape
    if shape is None:
        return {}
    members: Mapping[str, Shape] = getattr(shape, "members", {})
    values: dict[str, Any] = {name: value for name, value in _body(environ).items() if value is not None}
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    for name, member in members.items():
        location, wire_name = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "uri" and wire_name in in_path:
            values[name] = in_path[wire_name]
        elif location == "querystring" and wire_name in query:
            values[name] = _typed(member, query[wire_name])
    report = ParamValidator().validate({key: values[key] for key in values if key in members}, shape)
    if report.has_errors():
        raise InvalidParameterException(report.generate_report())
    return values


def _typed(member: Shape, texts: list[str]) -> Any:
    match member.type_name:
        case "list":
            return texts
        case "boolean":
            return texts[0] == "true"
        case "integer":
            return int(texts[0]) if texts[0].lstrip("-").isdigit() else texts[0]
        case _:
            return texts[0]


def _body(environ: Environ) -> dict[str, Any]:
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        value = json.loads(raw) if raw else {}
    except ValueError as error:
        raise InvalidParameterException("The request body is not JSON") from error
    if not isinstance(value, dict):
        raise InvalidParameterException("The request body is not a JSON object")
    return value


def _as_json(value: Any) -> Any:
    """REST-JSON writes times as seconds since 1970 and leaves absent members out."""
    match value:
        case datetime():
            return value.timestamp()
        case dict():
            return {key: _as_json(item) for key, item in value.items() if item is not None}
        case list() | tuple():
            return [_as_json(item) for item in value]
        case _:
            return value
