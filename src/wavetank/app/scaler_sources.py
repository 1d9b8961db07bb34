"""What KEDA's triggers of a twin ask outside: queues and metrics of the embedded AWS, and HTTP servers of real pods.

Every question is asked on a thread of this class, one after the other per source of time; the twin's thread never waits for
an answer, because AWS's threads wait for the twin.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from wavetank.app.aws import client
from wavetank.twin.components.keda import Answer, Done, Question, SourceError

THREADS = 4
HTTP_SECONDS = 3.0
_TRUE = ("true", "True", "1")

#: Runs something on the twin's thread, soon; nothing when the twin has ended.
Post = Callable[[Callable[[], None]], None]
#: Where a host and port of the cluster really answer on this computer; None for a name that is none of the cluster's.
#: Called on the twin's thread.
Resolve = Callable[[str, int, str], tuple[str, int] | None]


class OutsideSources:
    """For one cluster; ``post`` and ``resolve`` are given when the cluster runs."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._pool = ThreadPoolExecutor(THREADS, "wavetank-scalers")
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._post: Post = lambda action: None
        self._resolve: Resolve = lambda host, port, namespace: None

    def serve(self, post: Post, resolve: Resolve) -> None:
        self._post, self._resolve = post, resolve

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(self, question: Question, done: Done) -> None:
        """On the twin's thread; answers there later."""
        work = self._work(question)

        def told(future: Future[Answer]) -> None:
            if not future.cancelled():
                answer = future.result()
                self._post(lambda: done(answer))

        self._pool.submit(work).add_done_callback(told)

    def _work(self, question: Question) -> Callable[[], Answer]:
        asked = question.parameters
        match question.kind:
            case "aws-sqs-queue":
                return _guarded(lambda: self._queue_length(asked))
            case "aws-cloudwatch":
                return _guarded(lambda: self._statistic(asked))
            case "prometheus":
                address = self._located(asked["serverAddress"], question.namespace)
                return _guarded(lambda: _prometheus(address, asked))
            case "metrics-api":
                address = self._located(asked["url"], question.namespace)
                return _guarded(lambda: _metrics_api(address, asked))
            case kind:
                return lambda: SourceError(f"{kind}: nothing on this computer answers for it")

    def _located(self, address: str, namespace: str) -> str:
        """A URL whose host is one of the cluster's, with the place where that answers on this computer."""
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = self._resolve(parts.hostname or "", port, namespace)
        if found is None:
            return urlunsplit(parts)
        return urlunsplit(parts._replace(netloc=f"{found[0]}:{found[1]}"))

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = client(service, self._environment)
            return self._clients[service]

    def _queue_length(self, asked: Mapping[str, str]) -> Answer:
        """Messages that wait, those being worked on unless that is declined, and delayed ones if that is asked for."""
        sqs, url = self._client("sqs"), asked["queueURL"]
        name = urlsplit(url).path.rpartition("/")[2] or url
        names = ["ApproximateNumberOfMessages"]
        if asked.get("scaleOnInFlight", "true") in _TRUE:
            names.append("ApproximateNumberOfMessagesNotVisible")
        if asked.get("scaleOnDelayed", "false") in _TRUE:
            names.append("ApproximateNumberOfMessagesDelayed")
        here = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=here, AttributeNames=names)["Attributes"]
        return float(sum(int(found.get(each, 0)) for each in names))

    def _statistic(self, asked: Mapping[str, str]) -> Answer:
        """The newest point of a metric's statistic; None when there is none."""
        dimensions = [
            {"Name": key, "Value": value}
            for key, value in zip(asked["dimensionName"].split(";"), asked["dimensionValue"].split(";"), strict=True)
        ]
        now = datetime.now(UTC)
        seconds = int(asked.get("metricCollectionTime", "300"))
        found = self._client("cloudwatch").get_metric_statistics(
            Namespace=asked["namespace"],
            MetricName=asked["metricName"],
            Dimensions=dimensions,
            StartTime=now - timedelta(seconds=seconds),
            EndTime=now + timedelta(seconds=1),
            Period=int(asked.get("metricStatPeriod", "300")),
            Statistics=[asked.get("metricStat", "Average")],
        )["Datapoints"]
        newest = max(found, key=lambda point: point["Timestamp"], default=None)
        return None if newest is None else float(newest[asked.get("metricStat", "Average")])


def _guarded(work: Callable[[], Answer]) -> Callable[[], Answer]:
    """What a source refuses is an answer too."""

    def asked() -> Answer:
        try:
            return work()
        except (BotoCoreError, ClientError, httpx.HTTPError, OSError, ValueError, LookupError, TypeError) as error:
            return SourceError(str(error))

    return asked


def _prometheus(address: str, asked: Mapping[str, str]) -> Answer:
    """An instant query; one element, or none."""
    answer = httpx.get(
        f"{address.rstrip('/')}/api/v1/query",
        params={"query": asked["query"], "time": datetime.now(UTC).isoformat()},
        timeout=HTTP_SECONDS,
        trust_env=False,
    )
    answer.raise_for_status()
    found = answer.json()["data"]["result"]
    if not found:
        return None
    if len(found) > 1:
        return SourceError(f"prometheus query {asked['query']} returned multiple elements")
    return float(found[0]["value"][1])


def _metrics_api(address: str, asked: Mapping[str, str]) -> Answer:
    """A number in a JSON answer, at ``valueLocation``: names joined by dots, indexes of lists among them."""
    answer = httpx.get(address, timeout=HTTP_SECONDS, trust_env=False)
    answer.raise_for_status()
    value: Any = answer.json()
    for step in asked["valueLocation"].split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return float(value)
