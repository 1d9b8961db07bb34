"""Strategies of what running a platform needs (policy, alerts, backups, money, delivery) and of its serverless half."""

from __future__ import annotations

from typing import Any

from drawn import SWITCH, Draw, Section, Strategy, mapping, one, seldom, some

_ALERTS = some(
    "node-down",
    "pod-crash-looping",
    {"name": "high-cpu", "threshold": 85},
    "high-latency",
    "backup-too-old",
    {
        "name": "queue",
        "expr": "sum(waiting) > 40",
        "for": "10m",
        "severity": "critical",
        "summary": "Too many wait",
        "labels": {"team": "a"},
    },
)
_OBSERVABILITY = mapping(
    {},
    alerts=_ALERTS,
    dashboards=some(
        "cluster",
        "workloads",
        "model-serving",
        "mesh",
        "costs",
        {"name": "own", "panels": [{"title": "Waiting", "expr": "waiting"}]},
    ),
    metrics=one(True, {"retentionDays": 15, "size": "50Gi", "replicas": 2}),
    tracing=one(True, {"samplingPercent": 5}),
    logs={"retentionDays": 30},
    containerInsights=SWITCH,
)
_BACKUP = mapping(
    {},
    schedules=[
        {"name": "daily", "schedule": "0 2 * * *", "namespaces": ["harbor"], "retentionDays": 30},
        {"name": "weekly", "schedule": "0 3 * * 0", "volumes": "files", "ttl": "2160h"},
    ],
    bucket={"glacierAfterDays": 30, "expireAfterDays": 400},
    plans=[
        {
            "name": "daily",
            "schedule": "0 2 * * *",
            "retentionDays": 120,
            "coldStorageAfterDays": 30,
            "resources": ["volumes"],
        },
        {
            "name": "weekly",
            "schedule": "30 4 * * 0",
            "resources": [{"tag": {"key": "backup", "value": "weekly"}}],
            "copyTo": {"region": "eu-central-1", "retentionDays": 60},
        },
    ],
    snapshots=one(True, {"deletionPolicy": "Retain"}),
)
_IMAGE_POLICY = mapping(
    {"registries": ["111122223333.dkr.ecr.us-east-1.amazonaws.com/", "docker.io/library/"]},
    requireDigest=SWITCH,
    requiredLabels=["app.kubernetes.io/name"],
    requireProbes=SWITCH,
    requireResources=SWITCH,
    signedBy=one({"keyAlias": "images"}, {"keyless": {"identityPattern": "https://github.com/example/.*"}}),
    scan=one("BASIC", "ENHANCED"),
    enforcement=one("deny", "warn", "dryrun"),
    namespaces=["harbor"],
)
_GITOPS = mapping(
    {"repository": one("https://github.com/example/fleet.git", "git@github.com:example/fleet.git")},
    path="deploy/clusters",
    revision="release",
    project="fleet",
    namespace="argo",
    prune=SWITCH,
    selfHeal=SWITCH,
    retries=0,
)
_COST = mapping(
    {},
    internetOutGb=one(0, 12000),
    natGb=500,
    crossZoneGb=100,
    controlPlaneLogGb=12.5,
    changePercentPerDay=5,
    spotSavingPercent=60,
    nodeHours={"general": 300},
    spotSavings={"general": 55.5},
    commitments=[{"kind": "savings-plan", "term": "1y-no-upfront", "percent": 50}],
)
_OBJECTIVES = mapping(
    {},
    availabilityPercent=one(99, 99.95),
    p99Milliseconds=200,
    secondsToScale=one(30, 600),
    recoveryTimeMinutes=60,
    recoveryPointMinutes=one(5, 1440),
    monthlyCostUsd=one(10, 100000),
    podStartSeconds=30,
    deploymentMinutes=5,
    rollbackMinutes=1,
)
_RARE: dict[str, Strategy] = {
    "observability": _OBSERVABILITY,
    "imagePolicy": _IMAGE_POLICY,
    "runtimeSecurity": mapping(
        {}, falco=one(True, {"driver": "modern_ebpf", "minimumPriority": "warning"}), trivyOperator=True
    ),
    "backup": _BACKUP,
    "standby": mapping({"region": "eu-central-1"}, replicate=some("images", "backups", "secrets")),
    "budgets": some(
        {"name": "monthly", "monthlyUsd": 1500, "emails": ["crew@example.com"]},
        {
            "name": "all",
            "monthlyUsd": 99.5,
            "alertPercents": [50, 100],
            "covers": "account",
            "emails": ["crew@example.com"],
        },
    ),
    "costMonitoring": one("opencost", {"tool": "kubecost"}),
    "gitops": _GITOPS,
    "traffic": mapping(
        {}, requestsPerSecond=one(0, 50), peakRequestsPerSecond=one(100, 5000), requestKib=2, responseKib=0.5
    ),
    "cost": _COST,
    "objectives": _OBJECTIVES,
    "suppressions": one([{"check": "CAP001", "reason": "A test"}]),
}

_FUNCTION: dict[str, Any] = {
    "memoryMib": one(128, 1769),
    "timeoutSeconds": one(5, 20),
    "architecture": one("arm64", "x86_64"),
    "env": {"LOG_LEVEL": "info"},
    "concurrency": one(0, 5),
    "tracing": SWITCH,
    "logRetentionDays": 30,
    "invokesPerMonth": one(0, 3000000),
    "durationMs": one(20, 1500.5),
}
_API = mapping(
    {
        "name": "public",
        "routes": [
            {"path": "/predict", "method": "POST", "function": "gateway", "throttling": {"rate": 10}},
            {"path": "/health", "function": "gateway", "public": True, "method": "GET"},
        ],
        "jwt": {"issuer": "https://login.example.com/", "audiences": ["lock"]},
    },
    cors={"origins": ["https://app.example.com"]},
    throttling=mapping({"rate": 50}, burst=100),
    requestsPerMonth=one(0, 1000000),
    logRetentionDays=7,
)
_TABLE = mapping(
    {"name": "models", "hashKey": "id"},
    rangeKey="version",
    billing="onDemand",
    ttlAttribute="expires",
    indexes=[{"name": "by-team", "hashKey": "team", "rangeKey": "at", "rangeKeyType": "N"}],
    pointInTimeRecovery=SWITCH,
    stream="NEW_IMAGE",
    readsPerMonth=3000000,
    sizeGb=5,
)
_CACHE = mapping(
    {"name": "answers", "nodeType": one("cache.t4g.small", "cache.r7g.large")},
    engine=one("valkey", "redis"),
    nodes=one(2, 3),
    snapshotDays=1,
)
_BUCKET = mapping(
    {"name": "artifacts"},
    versioning=SWITCH,
    oldVersionsDays=30,
    lifecycle=[{"prefix": "logs/", "infrequentAfterDays": 30, "glacierAfterDays": 90, "expireAfterDays": 365}],
    kms=SWITCH,
    sizeGb=one(0, 500),
)
_QUEUES = some(
    {"name": "jobs", "visibilitySeconds": 300, "deadLetterAfter": 3},
    {"name": "ordered", "fifo": True, "retentionDays": 4},
)


def operations(draw: Draw) -> Section:
    """Some of the sections about running a platform."""
    return {key: draw(strategy) for key, strategy in _RARE.items() if seldom(draw)}


def serverless(draw: Draw) -> Section:
    """Stores, functions with their triggers and events, and an API in front of them."""
    gateway = mapping(
        {"name": "gateway", "folder": "serverless/gateway", "runtime": "python3.13", "handler": "passing_on.handler"},
        **_FUNCTION,
    )
    resizer = mapping(
        {"name": "resizer", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/resizer:1.0.0"}, **_FUNCTION
    )
    found: Section = {"functions": [draw(gateway), draw(resizer)]}
    possible: dict[str, Strategy] = {
        "apis": _API.map(lambda api: [api]),
        "tables": _TABLE.map(lambda table: [table]),
        "caches": _CACHE.map(lambda cache: [cache]),
        "buckets": _BUCKET.map(lambda bucket: [bucket]),
        "queues": _QUEUES,
    }
    found |= {key: draw(strategy) for key, strategy in possible.items() if draw(SWITCH)}
    found["events"] = draw(
        some(
            {
                "name": "nightly",
                "schedule": "cron(0 2 * * ? *)",
                "target": {"function": "resizer", "input": {"task": "sweep"}},
            },
            {"name": "seen", "pattern": {"source": ["lock"]}, "target": {"function": "gateway"}},
            least=0,
        )
    )
    if any(queue["name"] == "jobs" for queue in found.get("queues", ())):
        found["functions"][1]["triggers"] = [{"queue": "jobs", "batchSize": 20, "batchingSeconds": 5}]
    if "caches" in found:
        found["functions"][0]["caches"] = ["answers"]
    return found
