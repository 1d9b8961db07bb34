"""What has to be said about the fidelity of the twin beside numbers: causes of differences, older minors, what is left out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """Why recorded decisions differ from ours, and which: case -> numbers of its decisions."""

    title: str
    text: str
    cases: dict[str, tuple[int, ...]]


#: Every known difference of the kept recordings. A difference that is not here fails the tests.
CAUSES: tuple[Cause, ...] = (
    Cause(
        "A race inside kube-controller-manager",
        "The Deployment controller writes the status twice when it makes a ReplicaSet; the second write meets a conflict and "
        "is tried again. If the ReplicaSet controller has reported its first pod by then, the Deployment sees no progress "
        "and keeps the reason NewReplicaSetCreated; if not, it becomes ReplicaSetUpdated. Recordings of equal Deployments "
        "show both (history-limit-0 and history-limit-1 at their first update); of 13 such states 9 say ReplicaSetUpdated, "
        "which is what the twin always says. Only the reason and message of Progressing differ, until the next pod is ready.",
        {
            "deploy-1-surge-100%-unavailable-0": (1,),
            "deploy-2-surge-1-unavailable-0": (1,),
            "history-limit-1": (1, 4),
        },
    ),
    Cause(
        "The recorder looked between two writes",
        "A CronJob's controller creates the Job and then enters it in status.active. The recorder listed both in between "
        "(second 120.3: the Job is there, active is 0; second 120.8: active is 1). The twin goes through the same states but "
        "this one, so that the later ones are compared with their neighbours.",
        {"cron-short-history-1": (3, 4, 5, 6, 7)},
    ),
)

#: (behaviour, what 1.36 does, what earlier minors did, what the twin does for a cluster of an earlier minor).
OLDER_MINORS: tuple[tuple[str, str, str, str], ...] = (
    ("grace of a silent node", "50 s", "40 s up to 1.31", "acts on it"),
    ("text of a taint that is not tolerated", "untolerated taint(s)", "names the taint", "acts on it"),
    ("BalancedAllocation", "change of the balance", "the balance itself", "acts on it"),
    ("tolerance in an autoscaler's `behavior`", "yes, since 1.35", "no", "acts on it"),
    ("Pod Security at version `latest`", "the rules of 1.36", "the rules of their minor", "acts on it"),
    ("order in which a namespace is emptied", "pods first, since 1.33", "any", "acts on it"),
    ("kinds and fields that are served", "those of 1.36", "those of their minor", "acts on it"),
    ("nodes of equal score", "the first", "one at random", "the first, unless random ties are asked for"),
    ("end of a scheduling back-off", "whole seconds, and early when nothing else waits", "exact", "as 1.36"),
    (
        "expander, cordon and frequent loops of Cluster Autoscaler",
        "least-waste, yes, yes",
        "random, no, no",
        "as its flags say",
    ),
)

#: What no part of the twin does, and what is known to be simpler than in reality.
NOT_MODELLED: tuple[str, ...] = (
    "Dynamic Resource Allocation beyond the words that it adds to a scheduling failure: no ResourceClaim is ever allocated.",
    "Scheduler extenders, several profiles in one scheduler, and plugins or weights other than the default ones.",
    "Gang scheduling and workload-aware scheduling (alpha in 1.36, off by default).",
    "The in-place resize of running pods as a kubelet carries it out.",
    "Feature gates: the twin behaves as with the defaults of the minor; nothing can be switched.",
    "Caches that lag behind: a controller of the twin sees all that was written before. Races always end the same way.",
    "Rate limits of the clients of kube-controller-manager and kube-scheduler (20 to 100 requests a second).",
    "HPAScaleToZero (alpha, off by default); KEDA brings workloads to zero as it does in reality.",
    "Seccomp annotations, which Pod Security looked at before 1.19.",
    "Legacy rollback through the annotation `deprecated.deployment.rollback.to`.",
    "Windows nodes, volume snapshots, and storage drivers other than EBS CSI.",
)
