"""The routes that every twin has: what it is, and why a pod is where it is. Registered by ``world`` and ``bare``."""

from __future__ import annotations

import math

from wavetank import __version__
from wavetank.kube.errors import not_found
from wavetank.kube.kinds import resource_of
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.engine import Pacer
from wavetank.twin.scheduler import Scheduler
from wavetank.twin.scheduler.explanation import explanation

from ..exchange import Answer, Exchange, answer_of
from .tank import Parameters, Route


def routes(scheduler: Scheduler, pacer: Pacer, name: str) -> tuple[Route, ...]:
    """``info`` and ``explain`` of one cluster."""

    def info(exchange: Exchange, parameters: Parameters) -> Answer:
        return answer_of(_info(scheduler, pacer, name), exchange.accepted(tables=False))

    def explain(exchange: Exchange, parameters: Parameters) -> Answer:
        namespace, pod_name = parameters["namespace"], parameters["name"]
        pod = scheduler.cluster.find("pods", namespace, pod_name)
        if pod is None:
            raise not_found(resource_of("", "Pod"), pod_name)
        return answer_of(explanation(scheduler, pod), exchange.accepted(tables=False))

    return (Route("GET", "info", info), Route("GET", "explain/namespaces/{namespace}/pods/{name}", explain))


def _info(scheduler: Scheduler, pacer: Pacer, name: str) -> Obj:
    """What a client wants to know of a twin before it asks for more."""
    engine = scheduler.engine
    return {
        "wavetank": __version__,
        "name": name,
        "version": scheduler.cluster.version,
        "now": rfc3339(engine.utc),
        "seconds": engine.now,
        "speed": "max" if math.isinf(pacer.speed) else pacer.speed,
        "seed": engine.seed,
    }
