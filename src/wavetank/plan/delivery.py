"""How new versions arrive: strategies of Rollouts, the Services they need, and what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wavetank.kube.types import Obj
from wavetank.plan.canaries import CANARY, STABLE, dividing_routes, service_of, splits
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Service
from wavetank.plan.reasons import Default
from wavetank.spec.delivery import BlueGreen, Canary, CanaryStep
from wavetank.spec.platform import PlatformFile
from wavetank.spec.workloads import Workload

_DOCS = "argo-rollouts.readthedocs.io/en/stable/features"

GOING_BACK = Default(
    "workloads.delivery.scaleDownDelaySeconds", "five minutes in which going back takes no time", f"{_DOCS}/bluegreen"
)
TESTED = Default("workloads.delivery.autoPromotion", "it was tested before", f"{_DOCS}/bluegreen")
LOOKED_AT = Default(
    "workloads.delivery.autoPromotion", "nothing tested it, so somebody looks first", f"{_DOCS}/bluegreen"
)
NO_LOSS = Default("workloads.delivery.canary", "one pod more and none less: no capacity is lost", f"{_DOCS}/canary")
NO_STEPS = Default("workloads.delivery", "nothing was said about steps: a rolling update", f"{_DOCS}/canary")

#: name of the entry of a VirtualService that is made for a canary
PRIMARY = "primary"


def smoke_test_name(workload: str) -> str:
    return f"{workload}-smoke-test"


def rollout_strategy(stated: Workload, written: PlatformFile, ledger: Ledger) -> Obj:
    """spec.strategy of a Rollout."""
    path = f"workloads[{stated.name}].strategy"
    at = f"workloads[{stated.name}].delivery"
    delivery = stated.delivery
    if delivery is not None and delivery.blue_green is not None:
        found: Obj = {"blueGreen": _blue_green(stated, delivery.blue_green, written)}
        ledger.shape(path, found, at)
        _note_promotion(delivery.blue_green, f"{path}.blueGreen", ledger)
        return found
    canary = delivery.canary if delivery is not None and delivery.canary is not None else Canary()
    found = {"canary": _canary(stated, canary, written)}
    if delivery is None:
        return ledger.because(path, found, NO_STEPS)
    ledger.shape(path, found, at)
    for key, written_value in (("maxSurge", canary.max_surge), ("maxUnavailable", canary.max_unavailable)):
        if written_value is None:
            ledger.because(f"{path}.canary.{key}", found["canary"][key], NO_LOSS)
    return found


# --- blue-green -------------------------------------------------------------------------------------------------------


def _preview(active: str, stated: BlueGreen) -> str:
    return stated.preview_service or f"{active}-preview"


def _blue_green(workload: Workload, stated: BlueGreen, written: PlatformFile) -> Obj:
    active = service_of(workload, written, stated.active_service)
    strategy: Obj = {
        "activeService": active,
        "previewService": _preview(active, stated),
        "autoPromotionEnabled": _auto_promotion(stated),
        "scaleDownDelaySeconds": 300 if stated.scale_down_delay_seconds is None else stated.scale_down_delay_seconds,
    }
    if stated.auto_promotion_seconds is not None:
        strategy["autoPromotionSeconds"] = stated.auto_promotion_seconds
    if stated.preview_replicas is not None:
        strategy["previewReplicaCount"] = stated.preview_replicas
    before = (*((smoke_test_name(workload.name),) if stated.smoke_test else ()), *(stated.pre_promotion or ()))
    for key, templates in (("prePromotionAnalysis", before), ("postPromotionAnalysis", stated.post_promotion or ())):
        if templates:
            strategy[key] = _analysis(templates, stated.args)
    return strategy


def _auto_promotion(stated: BlueGreen) -> bool:
    """With autoPromotionSeconds it must be false: Argo would ignore the seconds otherwise."""
    if stated.auto_promotion_seconds is not None:
        return False
    if stated.auto_promotion is not None:
        return stated.auto_promotion
    return bool(stated.smoke_test or stated.pre_promotion)


def _note_promotion(stated: BlueGreen, path: str, ledger: Ledger) -> None:
    if stated.scale_down_delay_seconds is None:
        ledger.because(f"{path}.scaleDownDelaySeconds", None, GOING_BACK)
    if stated.auto_promotion is None and stated.auto_promotion_seconds is None:
        reason = TESTED if _auto_promotion(stated) else LOOKED_AT
        ledger.because(f"{path}.autoPromotionEnabled", None, reason)


def _analysis(templates: tuple[str, ...], args: dict[str, str] | None) -> Obj:
    analysis: Obj = {"templates": [{"templateName": name} for name in templates]}
    if args:
        analysis["args"] = [{"name": name, "value": value} for name, value in args.items()]
    return analysis


# --- canary -----------------------------------------------------------------------------------------------------------


def _canary(workload: Workload, stated: Canary, written: PlatformFile) -> Obj:
    strategy: Obj = {
        "maxSurge": 1 if stated.max_surge is None else stated.max_surge,
        "maxUnavailable": 0 if stated.max_unavailable is None else stated.max_unavailable,
    }
    if stated.steps:
        strategy["steps"] = [each for step in stated.steps for each in steps_of(step, stated.args)]
    if stated.analysis:
        start = 1 if stated.starting_step is None else stated.starting_step
        strategy["analysis"] = {**_analysis(stated.analysis, stated.args), "startingStep": start}
    if stated.scale_down_delay_seconds is not None:
        strategy["scaleDownDelaySeconds"] = stated.scale_down_delay_seconds
    if stated.traffic_routing == "mesh":
        strategy["trafficRouting"] = {"istio": _istio(workload, written)}
    elif isinstance(stated.traffic_routing, dict):
        service = service_of(workload, written, stated.service)
        strategy |= {"stableService": f"{service}-{STABLE}", "canaryService": f"{service}-{CANARY}"}
        strategy["trafficRouting"] = stated.traffic_routing
    return strategy


def steps_of(stated: CanaryStep, args: dict[str, str] | None) -> Iterator[Obj]:
    """Argo's steps of one that is written: first the weight, then the wait, then what must hold."""
    weight = stated.weight if stated.weight is not None else stated.set_weight
    if weight is not None:
        yield {"setWeight": weight}
    others = {
        "setCanaryScale": stated.set_canary_scale,
        "setHeaderRoute": stated.set_header_route,
        "setMirrorRoute": stated.set_mirror_route,
        "experiment": stated.experiment,
    }
    yield from ({key: value} for key, value in others.items() if value is not None)
    if stated.pause is not None:
        yield {"pause": {"duration": stated.pause} if isinstance(stated.pause, str) else stated.pause}
    if isinstance(stated.analysis, dict):
        yield {"analysis": stated.analysis}
    elif stated.analysis is not None:
        yield {"analysis": _analysis(stated.analysis, args)}


def _istio(workload: Workload, written: PlatformFile) -> Obj:
    """The VirtualServices whose weights are moved, with their entries, and the subsets that are kept apart."""
    split = next(each for each in splits(written) if each.workload == workload.name)
    routes = [{"name": route.name, "routes": list(names)} for route, names in dividing_routes(written, split)]
    routes = routes or [{"name": split.service, "routes": [PRIMARY]}]
    apart = {"name": destination_name(written, split.service), "canarySubsetName": CANARY, "stableSubsetName": STABLE}
    virtual: Obj = {"virtualService": routes[0]} if len(routes) == 1 else {"virtualServices": routes}
    return {**virtual, "destinationRule": apart}


def destination_name(written: PlatformFile, service: str) -> str:
    """The DestinationRule of a Service: the author's, or one of the same name."""
    stated = (written.mesh.destinations if written.mesh is not None else None) or ()
    return next((each.name for each in stated if (each.service or "").split(".")[0] == service), service)


# --- services ---------------------------------------------------------------------------------------------------------


def with_delivery_services(services: tuple[Service, ...], written: PlatformFile, ledger: Ledger) -> tuple[Service, ...]:
    """The Services and, beside them, those that Rollouts need for the new version; Argo narrows their selectors."""
    added: list[Service] = []
    for workload in written.workloads or ():
        for model, name in _wanted_services(workload, written):
            found = next((each for each in services if each.name == model), None)
            if found is not None and all(each.name != name for each in (*services, *added)):
                added.append(_beside(found, name, workload.name, ledger))
    return (*services, *added)


def _wanted_services(workload: Workload, written: PlatformFile) -> tuple[tuple[str, str], ...]:
    """By model: names of Services for versions of the workload."""
    delivery = workload.delivery
    if delivery is None:
        return ()
    if delivery.blue_green is not None:
        active = service_of(workload, written, delivery.blue_green.active_service)
        return ((active, _preview(active, delivery.blue_green)),)
    if delivery.canary is not None and isinstance(delivery.canary.traffic_routing, dict):
        service = service_of(workload, written, delivery.canary.service)
        return tuple((service, f"{service}-{version}") for version in (STABLE, CANARY))
    return ()


def _beside(model: Service, name: str, workload: str, ledger: Ledger) -> Service:
    """Inside the cluster, whatever the model is: a version that is tried has no load balancer."""
    origins = (f"workloads[{workload}].delivery", f"services[{model.name}]")
    ledger.derived(f"services[{name}]", None, origins, "a version of the workload is reached by it")
    return replace(
        model,
        name=name,
        type="ClusterIP",
        annotations={},
        load_balancer_class=None,
        load_balancer_source_ranges=(),
        load_balancer=None,
    )
