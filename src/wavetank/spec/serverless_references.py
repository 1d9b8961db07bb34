"""Contradictions of the serverless half: names of nothing, a chain of timeouts that breaks, ways that lead nowhere.

Rules as in ``references``, which lists them.
"""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.base.errors import Problem
from wavetank.spec.lookup import at, elements, names, number, repeated, unknown, word
from wavetank.spec.serverless import API_SECONDS
from wavetank.spec.tree import Mapped, Node, Scalar, children, name_of

_LISTS = ("apis", "functions", "tables", "caches", "buckets", "queues", "events")
#: what plan.functions takes when nothing is written
_FUNCTION_SECONDS = 20
_CONTROLLER = "aws-load-balancer-controller"


def nested_names_are_unique(root: Node) -> Iterator[Problem]:
    """A name names one function, one table, one queue."""
    for key in _LISTS:
        yield from repeated(root, "serverless", key)


def parts_exist(root: Node) -> Iterator[Problem]:
    """Routes, calls, triggers and events lead to things of the platform."""
    functions, queues = (names(root, "serverless", key) for key in ("functions", "queues"))
    for route in _routes(root):
        yield from unknown(route.get("function"), "function", functions)
    for event in elements(root, "serverless", "events"):
        yield from unknown(at(event, "target", "function"), "function", functions)
        yield from unknown(at(event, "target", "queue"), "queue", queues)
    for function in elements(root, "serverless", "functions"):
        for each in children(function.get("caches")):
            yield from unknown(each, "cache", names(root, "serverless", "caches"))
        for node, _ in _named(function, "triggers", "queue"):
            yield from unknown(node, "queue", queues)
    for node in _called(root):
        yield from unknown(node, "service", names(root, "services"))


def permitted_stores_exist(root: Node) -> Iterator[Problem]:
    """Permissions name tables, buckets and queues of the platform."""
    holders = [holder for key in ("workloads", "addOns", "helmReleases") for holder in elements(root, key)]
    for holder in (*holders, *elements(root, "serverless", "functions")):
        for key in ("tables", "buckets", "queues"):
            granted, known = at(holder, "permissions", key), names(root, "serverless", key)
            for name, entry in granted.entries.items() if isinstance(granted, Mapped) else ():
                yield from unknown(Scalar(name, entry.key_place), key.removesuffix("s"), known)
        if name_of(holder) in names(root, "serverless", "functions"):
            for secret in children(at(holder, "permissions", "secrets")):
                yield from unknown(secret, "secret", names(root, "secrets"))


def _routes(root: Node) -> Iterator[Mapped]:
    for api in elements(root, "serverless", "apis"):
        yield from elements(api, "routes")


def _named(holder: Mapped, key: str, field: str) -> Iterator[tuple[Node, Mapped | None]]:
    """Elements that may be written as a name: the name's node, and the long form where it is one."""
    stated = holder.get(key)
    for each in children(stated) or ((stated,) if stated is not None else ()):
        if isinstance(each, Mapped):
            name = each.get(field)
            if name is not None:
                yield name, each
        elif isinstance(each, Scalar):
            yield each, None


def _called(root: Node) -> Iterator[Node]:
    for route in _routes(root):
        service = route.get("service")
        if service is not None:
            yield service
    for function in elements(root, "serverless", "functions"):
        yield from (node for node, _ in _named(function, "calls", "service"))


def somebody_binds_the_entrance(root: Node) -> Iterator[Problem]:
    """What leads into the cluster ends at a target group that the load balancer controller must fill."""
    charts = [
        word(at(release, "chart")) or name_of(release) or word(release)
        for release in children(at(root, "helmReleases"))
    ]
    first = next(_called(root), None)
    if first is not None and _CONTROLLER not in charts:
        message = f'"{word(first)}" is reached through a target group, and nothing would put its pods into it'
        yield first.place.problem(message, f"List {_CONTROLLER} under helmReleases.")


def called_services_have_pods(root: Node) -> Iterator[Problem]:
    """A target group is filled with pods; an ExternalName has none."""
    outside = {name_of(each) for each in elements(root, "services") if each.get("externalName") is not None}
    for node in _called(root):
        if word(node) in outside:
            message = f'the service "{word(node)}" is only another name: there are no pods to reach'
            yield node.place.problem(message, "Call what it names.")


def routes_are_guarded(root: Node) -> Iterator[Problem]:
    """A route asks for a token unless it says that it is public; one path and method lead to one place."""
    for api in elements(root, "serverless", "apis"):
        seen: dict[str, int] = {}
        for route in elements(api, "routes"):
            public = route.get("public")
            is_public = isinstance(public, Scalar) and public.value is True
            if not is_public and api.get("jwt") is None:
                message = "nobody could prove that he may call this route: the API has no jwt"
                yield route.place.problem(message, "Add jwt to the API, or `public: true` to the route.")
            if is_public and children(route.get("scopes")):
                yield route.place.problem("a public route has no token with scopes", "Remove one of the two.")
            key = f"{word(route.get('method')) or 'ANY'} {word(route.get('path'))}"
            if key in seen:
                yield route.place.problem(
                    f"{key} leads somewhere already, from line {seen[key]}", "Remove one of them."
                )
            seen.setdefault(key, route.place.line)


def timeouts_form_a_chain(root: Node) -> Iterator[Problem]:
    """Who waits must wait longer than whom he waits for: the API, then the function, then the Service."""
    functions = {name_of(each): each for each in elements(root, "serverless", "functions")}
    for api in elements(root, "serverless", "apis"):
        patience = _seconds(api, API_SECONDS)
        for route in elements(api, "routes"):
            function = functions.get(word(route.get("function")))
            if function is not None and _seconds(function, _FUNCTION_SECONDS) >= patience:
                yield _impatient(function, f'the API "{name_of(api)}"', patience)
    for function in functions.values():
        patience = _seconds(function, _FUNCTION_SECONDS)
        for _, call in _named(function, "calls", "service"):
            asked = call.get("timeoutSeconds") if call is not None else None
            if asked is not None and (number(asked) or 0) >= patience:
                message = f"the function waits {number(asked)} s for the Service and is stopped after {patience} s"
                yield asked.place.problem(message, f"Write less than {patience}.")


def _seconds(holder: Mapped, otherwise: int) -> int:
    return number(holder.get("timeoutSeconds")) or otherwise


def _impatient(function: Mapped, who: str, patience: int) -> Problem:
    own = function.get("timeoutSeconds") or function
    message = f"the function may take {_seconds(function, _FUNCTION_SECONDS)} s, but {who} gives up after {patience} s"
    return own.place.problem(message, f"Write timeoutSeconds {patience - 1} or less: then the function can say why.")


def triggers_work(root: Node) -> Iterator[Problem]:
    """Lambda refuses a queue whose messages reappear before the function can have ended, and batches that cannot fill."""
    queues = {name_of(each): each for each in elements(root, "serverless", "queues")}
    for function in elements(root, "serverless", "functions"):
        patience = _seconds(function, _FUNCTION_SECONDS)
        for name, trigger in _named(function, "triggers", "queue"):
            queue = queues.get(word(name))
            hidden = queue.get("visibilitySeconds") if queue is not None else None
            seconds = number(hidden)
            if hidden is not None and seconds is not None and seconds < patience:
                message = f"messages reappear after {seconds} s while the function may still work for {patience} s"
                yield hidden.place.problem(message, f"Write {6 * patience}: six times the function's timeout.")
            yield from _batch_problems(trigger, queue)


def _batch_problems(trigger: Mapped | None, queue: Mapped | None) -> Iterator[Problem]:
    fifo = queue.get("fifo") if queue is not None else None
    ordered = isinstance(fifo, Scalar) and fifo.value is True
    wait = trigger.get("batchingSeconds") if trigger is not None else None
    if ordered and wait is not None and number(wait):
        yield wait.place.problem("messages of a FIFO queue do not wait for a batch", "Remove batchingSeconds.")
    size = trigger.get("batchSize") if trigger is not None else None
    if trigger is None or size is None or (number(size) or 0) <= 10:
        return
    if ordered:
        yield size.place.problem("a FIFO queue gives at most 10 messages at a time", "Write batchSize 10.")
    elif not number(trigger.get("batchingSeconds")):
        yield size.place.problem("more than 10 messages at a time need time to gather", "Add batchingSeconds 1.")


def events_reach_ordinary_queues(root: Node) -> Iterator[Problem]:
    """A FIFO queue wants a group for each message, which a rule of EventBridge here does not give."""
    queues = {name_of(each): each for each in elements(root, "serverless", "queues")}
    for event in elements(root, "serverless", "events"):
        node = at(event, "target", "queue")
        queue = queues.get(word(node))
        fifo = queue.get("fifo") if queue is not None else None
        if node is not None and isinstance(fifo, Scalar) and fifo.value is True:
            yield node.place.problem(
                "events have no message group, which a FIFO queue asks for", "Use a standard queue."
            )


def domains_have_certificates(root: Node) -> Iterator[Problem]:
    """An API's own name lies in the platform's zone, and a certificate of the platform is for it."""
    zone = word(at(root, "dns", "zone"))
    certificates = {name_of(each): each for each in elements(root, "dns", "certificates")}
    for api in elements(root, "serverless", "apis"):
        node = api.get("domain")
        name_node = node.get("name") if isinstance(node, Mapped) else node
        name = word(name_node)
        if name is None or name_node is None:
            continue
        if zone is None or not (name == zone or name.endswith(f".{zone}")):
            message = (
                f'"{name}" needs the zone it lies in' if zone is None else f'"{name}" is no name in the zone "{zone}"'
            )
            yield name_node.place.problem(message, "Add `dns` with its zone and a certificate.")
            continue
        chosen = node.get("certificate") if isinstance(node, Mapped) else None
        if chosen is not None:
            yield from unknown(chosen, "certificate", [each for each in certificates if each])
        elif not any(_is_for(each, name) for each in certificates.values()):
            yield name_node.place.problem(f'no certificate of `dns` is for "{name}"', "Add one with this domain.")


def _is_for(certificate: Mapped, name: str) -> bool:
    stated = certificate.get("domains")
    listed = [word(each) for each in children(stated)] or [word(stated)]
    return name in listed or f"*.{name.partition('.')[2]}" in listed


RULES = (
    nested_names_are_unique,
    parts_exist,
    permitted_stores_exist,
    somebody_binds_the_entrance,
    called_services_have_pods,
    routes_are_guarded,
    timeouts_form_a_chain,
    triggers_work,
    events_reach_ordinary_queues,
    domains_have_certificates,
)
