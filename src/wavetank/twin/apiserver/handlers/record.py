"""The routes that tell what happened: ``journal`` and ``snapshot``. Registered by ``world`` and ``bare``; they change nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from wavetank.kube.errors import bad_request
from wavetank.kube.times import parse, rfc3339_micro
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine, Entry
from wavetank.twin.history import History, snapshot_of

from ..exchange import Answer, Exchange, answer_of
from .tank import Parameters, Route

#: Entries looked at for one answer; who wants more asks again from where it ended.
PAGE = 20_000
SNAPSHOT_MEDIA_TYPE = "application/gzip"
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")

Wanted = Callable[[Entry], bool]


def routes(cluster: Cluster, history: History) -> tuple[Route, ...]:
    """``journal?object=&actor=&since=&until=&after=``, ``journal/{number}/because`` and ``snapshot`` of one twin."""

    def journal(exchange: Exchange, parameters: Parameters) -> Answer:
        return answer_of(_page(cluster, exchange), exchange.accepted(tables=False))

    def because(exchange: Exchange, parameters: Parameters) -> Answer:
        number = parameters["number"]
        if not number.isdigit():
            raise bad_request(f"{number} is not the number of an entry")
        chain = cluster.engine.journal.chain(int(number))
        return answer_of(
            {"entries": [_entry(entry, cluster.engine) for entry in chain]}, exchange.accepted(tables=False)
        )

    async def snapshot(exchange: Exchange, parameters: Parameters) -> Answer:
        taken = snapshot_of(cluster, history)
        # Objects do not change once they are stored, so the long part need not hold up the cluster.
        return Answer(await asyncio.to_thread(taken.compressed), media_type=SNAPSHOT_MEDIA_TYPE)

    return (
        Route("GET", "journal", journal),
        Route("GET", "journal/{number}/because", because),
        Route("GET", "snapshot", snapshot),
    )


def _page(cluster: Cluster, exchange: Exchange) -> Obj:
    """Entries that are wanted among the next ones after ``after``; ``next`` is where to go on."""
    journal, wanted = cluster.engine.journal, _wanted(cluster, exchange)
    looked_at = journal.after(exchange.number("after") or 0, PAGE)
    return {
        "entries": [_entry(entry, cluster.engine) for entry in looked_at if wanted(entry)],
        "next": looked_at[-1].number if looked_at else journal.count,
        "newest": journal.count,
        "oldest": journal.count - len(journal) + 1,
    }


def _entry(entry: Entry, engine: Engine) -> Obj:
    moment = engine.epoch + timedelta(seconds=entry.seconds)
    return {**entry._asdict(), "time": rfc3339_micro(moment.astimezone(UTC))}


def _wanted(cluster: Cluster, exchange: Exchange) -> Wanted:
    query, engine = exchange.query, cluster.engine
    places = _places(query.get("object", ""), cluster)
    actor = query.get("actor", "")
    since = _moment(query.get("since", ""), engine, float("-inf"))
    until = _moment(query.get("until", ""), engine, float("inf"))

    def wanted(entry: Entry) -> bool:
        return (
            since <= entry.seconds <= until
            and (not actor or entry.actor == actor or entry.actor.startswith(f"{actor}/"))
            and (not places or any(entry.subject == p or entry.subject.startswith(f"{p}/") for p in places))
        )

    return wanted


def _places(text: str, cluster: Cluster) -> tuple[str, ...]:
    """``deploy/shop/web`` as the journal writes it; a kind that nothing serves (any more) is taken as written."""
    if not text:
        return ()
    kind, slash, rest = text.strip("/").partition("/")
    keys = {r.key for r in cluster.registry.all() if kind.lower() in _names_of(r)} or {kind}
    return tuple(sorted(f"{key}{slash}{rest}" for key in keys))


def _names_of(resource: Resource) -> tuple[str, ...]:
    return resource.key, resource.plural, resource.singular, resource.kind.lower(), *resource.short_names


def _moment(text: str, engine: Engine, default: float) -> float:
    """Seconds since the epoch of ``5m`` (ago) or of an RFC 3339 time; ApiError 400 for anything else."""
    if not text:
        return default
    found = _DURATION.fullmatch(text)
    if found is not None:
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return engine.now - (hours * 3600 + minutes * 60 + seconds)
    try:
        moment: datetime = parse(text)
    except ValueError as error:
        raise bad_request(
            f'"{text}" is neither a duration such as 90s or 1h30m nor a time such as 2026-01-01T12:00:00Z'
        ) from error
    return (moment - engine.epoch).total_seconds()
