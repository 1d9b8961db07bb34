"""Contradictions of deliveries: Services, templates, subsets and kinds that do not fit together, words that Argo does not know.

One of the modules of rules that ``references`` lists; rules look through the located tree and pass over wrong types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wavetank.base.errors import Problem
from wavetank.spec.foreign import misfits, structure
from wavetank.spec.lookup import at, elements, names, number, unknown, word
from wavetank.spec.mesh_references import http_entries, service_named
from wavetank.spec.tree import Mapped, Node, Scalar, Sequence, children, name_of

_ARGO = "argoproj.io"
_ANALYSES = (("blueGreen", "prePromotion"), ("blueGreen", "postPromotion"), ("canary", "analysis"))


def _delivered(root: Node) -> Iterator[tuple[Mapped, Mapped]]:
    """Workloads with their deliveries."""
    for workload in elements(root, "workloads"):
        delivery = workload.get("delivery")
        if isinstance(delivery, Mapped):
            yield workload, delivery


def deliveries_are_of_rollouts(root: Node) -> Iterator[Problem]:
    """Only Argo Rollouts knows blue-green and canary."""
    for workload, _ in _delivered(root):
        kind = workload.get("kind")
        if kind is not None and word(kind) not in (None, "Rollout"):
            remedy = "Leave out kind; a delivery makes it a Rollout."
            yield kind.place.problem(f"a {word(kind)} has no delivery", remedy)


def services_of_deliveries_exist(root: Node) -> Iterator[Problem]:
    """A delivery is about one Service of its workload."""
    for workload, delivery in _delivered(root):
        own = [
            name_of(each) or ""
            for each in elements(root, "services")
            if word(each.get("workload")) == name_of(workload)
        ]
        named = at(delivery, "blueGreen", "activeService") or at(delivery, "canary", "service")
        yield from unknown(named, f"service of {name_of(workload)} named", own)
        if named is None and _needs_a_service(delivery) and len(own) != 1:
            there = f"{len(own)} services" if own else "no service"
            key = "activeService" if delivery.get("blueGreen") is not None else "service"
            message = f'the workload "{name_of(workload)}" has {there}, and its delivery names none'
            yield delivery.place.problem(message, f"Write `{key}`." if own else "Add a service for it.")


def _needs_a_service(delivery: Mapped) -> bool:
    return delivery.get("blueGreen") is not None or at(delivery, "canary", "trafficRouting") is not None


def made_services_have_free_names(root: Node) -> Iterator[Problem]:
    """The preview Service is not another workload's, nor the active one itself."""
    for workload, delivery in _delivered(root):
        node = at(delivery, "blueGreen", "previewService")
        taken = next((each for each in elements(root, "services") if name_of(each) == word(node)), None)
        active = word(at(delivery, "blueGreen", "activeService"))
        foreign = taken is not None and word(taken.get("workload")) != name_of(workload)
        if node is not None and (foreign or word(node) == active):
            yield node.place.problem(
                f'the service "{word(node)}" is somebody else\'s', "Choose another name, or leave it out."
            )


def analysis_templates_exist(root: Node) -> Iterator[Problem]:
    """Deliveries name templates of the platform, in their namespace, and give every argument that has no value."""
    yield from _templates_live_in_namespaces(root)
    for workload, delivery in _delivered(root):
        for way, key in _ANALYSES:
            yield from _templates(root, workload, at(delivery, way, key), at(delivery, way, "args"))
        for step in elements(delivery, "canary", "steps"):
            yield from _templates(root, workload, step.get("analysis"), at(delivery, "canary", "args"))


def _templates_live_in_namespaces(root: Node) -> Iterator[Problem]:
    for template in elements(root, "analysisTemplates"):
        yield from unknown(template.get("namespace"), "namespace", names(root, "namespaces"))


def _templates(root: Node, workload: Mapped, named: Node | None, args: Node | None) -> Iterator[Problem]:
    if isinstance(named, Mapped) or named is None:
        return
    given = args.entries.keys() if isinstance(args, Mapped) else ()
    for node in children(named) if isinstance(named, Sequence) else (named,):
        yield from unknown(node, "analysis template", names(root, "analysisTemplates"))
        template = next((each for each in elements(root, "analysisTemplates") if name_of(each) == word(node)), None)
        if template is None:
            continue
        yield from _is_in_the_namespace(root, workload, template, node)
        for argument in children(template.get("args")):
            missing = name_of(argument) not in given
            if missing and at(argument, "value") is None and at(argument, "valueFrom") is None:
                message = f'the template "{word(node)}" asks for the argument "{name_of(argument)}"'
                yield node.place.problem(message, f"Add it to args: `args: {{{name_of(argument)}: ...}}`.")


def _is_in_the_namespace(root: Node, workload: Mapped, template: Mapped, node: Node) -> Iterator[Problem]:
    first = next(iter(names(root, "namespaces")), None)
    here, there = (word(each.get("namespace")) or first for each in (workload, template))
    if here != there:
        message = f'the template "{word(node)}" is in namespace {there}, the workload in {here}'
        yield node.place.problem(message, "A Rollout uses templates of its own namespace.")


# --- the mesh ---------------------------------------------------------------------------------------------------------


def canaries_have_a_mesh(root: Node) -> Iterator[Problem]:
    """Splitting by the mesh needs one, with a proxy beside the workload."""
    meshed = [name_of(each) for each in elements(root, "namespaces") if at(each, "mesh") is not None]
    for workload, delivery in _delivered(root):
        routing = at(delivery, "canary", "trafficRouting")
        known = names(root, "namespaces")
        home = word(workload.get("namespace")) or (known[0] if len(known) == 1 else None)
        if routing is None or word(routing) != "mesh":
            continue
        if at(root, "mesh") is None:
            yield routing.place.problem("the platform has no mesh", "Add `mesh: {}`.")
        elif home is not None and home not in meshed:
            message = f'the namespace "{home}" is not part of the mesh'
            yield routing.place.problem(message, "Write `mesh: true` on the namespace.")


def routes_to_a_canary_divide(root: Node) -> Iterator[Problem]:
    """Every route to a Service that is split goes to both subsets, or a version would get requests past the weights."""
    for workload, delivery in _delivered(root):
        if word(at(delivery, "canary", "trafficRouting")) != "mesh":
            continue
        service = word(at(delivery, "canary", "service")) or next(
            (name_of(s) for s in elements(root, "services") if word(s.get("workload")) == name_of(workload)), None
        )
        for route in elements(root, "mesh", "routes"):
            for entry in http_entries(route):
                yield from _divides(root, entry, service)


def _divides(root: Node, entry: Mapped, service: str | None) -> Iterator[Problem]:
    remedy = "Write `to: <service>` alone; Argo Rollouts moves the weights of stable and canary."
    if service_named(root, word(entry.get("to"))) == service and service is not None:
        weights = entry.get("weights")
        divided = weights is None or (isinstance(weights, Mapped) and set(weights.entries) == {"stable", "canary"})
        if entry.get("subset") is None and not divided:
            yield entry.place.problem(f"weights for {service} are Argo Rollouts' business", remedy)
    targets = [at(each, "destination") for each in elements(entry, "route")]
    ours = [each for each in targets if service is not None and service_named(root, word(at(each, "host"))) == service]
    if ours and any(at(each, "subset") is None for each in ours):
        yield entry.place.problem(f"requests for {service} pass by the canary's weights here", remedy)


# --- words ------------------------------------------------------------------------------------------------------------


def argo_knows_the_words(root: Node) -> Iterator[Problem]:
    """Parts in Argo's shape have Argo's structure."""
    for _, delivery in _delivered(root):
        canary = structure(_ARGO, "Rollout", "strategy", "canary")["properties"]
        routing = at(delivery, "canary", "trafficRouting")
        if isinstance(routing, Mapped):
            yield from misfits(routing, canary["trafficRouting"])
        for step in elements(delivery, "canary", "steps"):
            yield from _words_of_step(step, canary["steps"]["items"]["properties"])
    for template in elements(root, "analysisTemplates"):
        yield from _words_of_template(template)


def _words_of_step(step: Mapped, known: Mapping[str, Any]) -> Iterator[Problem]:
    for key in ("pause", "analysis", "setCanaryScale", "setHeaderRoute", "setMirrorRoute", "experiment"):
        if isinstance(step.get(key), Mapped):
            yield from misfits(step.get(key), known[key])


def _words_of_template(template: Mapped) -> Iterator[Problem]:
    if template.get("metrics") is None:
        return
    metric = structure(_ARGO, "AnalysisTemplate", "metrics", "[]")["properties"]
    provider = metric["provider"]["properties"]
    metrics = template.get("metrics")
    for each in children(metrics) if isinstance(metrics, Sequence) else (metrics,):
        yield from misfits(at(each, "provider"), metric["provider"])
        for key in ("prometheus", "web", "job"):
            node = at(each, key)
            if not isinstance(node, Scalar):
                yield from misfits(node, provider[key])


def weights_rise(root: Node) -> Iterator[Problem]:
    """A canary's share does not shrink on its way."""
    for _, delivery in _delivered(root):
        highest = 0
        for step in elements(delivery, "canary", "steps"):
            node = step.get("weight") or step.get("setWeight")
            share = number(node)
            if node is not None and share is not None and share < highest:
                yield node.place.problem(f"the weight falls from {highest} to {share}", "Steps lead to more traffic.")
            highest = max(highest, share or 0)


RULES: tuple[Callable[[Node], Iterator[Problem]], ...] = (
    deliveries_are_of_rollouts,
    services_of_deliveries_exist,
    made_services_have_free_names,
    analysis_templates_exist,
    canaries_have_a_mesh,
    routes_to_a_canary_divide,
    argo_knows_the_words,
    weights_rise,
)
