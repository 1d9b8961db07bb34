"""What installing the Vertical Pod Autoscaler creates: the catalogue's pods and kinds, with checkpoints and columns."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.components.charts import catalogued
from wavetank.twin.components.component import Component, Installation
from wavetank.twin.components.keda.objects import with_columns

NAME = "vpa"
RECOMMENDER, UPDATER, ADMISSION = "vpa-recommender", "vpa-updater", "vpa-admission-controller"
#: Labels of pods that stand for each part: the published manifests' and the Fairwinds chart's.
PART_LABELS = {
    **{part: part for part in (RECOMMENDER, UPDATER, ADMISSION)},
    "vpa/recommender": RECOMMENDER,
    "vpa/updater": UPDATER,
    "vpa/admission-controller": ADMISSION,
    "vertical-pod-autoscaler/recommender": RECOMMENDER,
    "vertical-pod-autoscaler/updater": UPDATER,
    "vertical-pod-autoscaler/admission-controller": ADMISSION,
}
_ITEM = ".status.recommendation.containerRecommendations[0].target"
COLUMNS: dict[str, list[Obj]] = {
    "verticalpodautoscalers.autoscaling.k8s.io": [
        {"name": "Mode", "type": "string", "jsonPath": ".spec.updatePolicy.updateMode"},
        {"name": "CPU", "type": "string", "jsonPath": f"{_ITEM}.cpu"},
        {"name": "Mem", "type": "string", "jsonPath": f"{_ITEM}.memory"},
        {
            "name": "Provided",
            "type": "string",
            "jsonPath": ".status.conditions[?(@.type=='RecommendationProvided')].status",
        },
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
}


def objects(installation: Installation) -> list[Obj]:
    stand_in = catalogued(NAME)
    assert stand_in is not None, "the catalogue knows VPA's chart"
    return [_checkpoints(), *(with_columns(obj, COLUMNS) for obj in stand_in.objects(installation))]


def _checkpoints() -> Obj:
    """The kind in which the recommender keeps its histograms."""
    loose = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    spec = {"type": "object", "properties": {"containerName": {"type": "string"}, "vpaObjectName": {"type": "string"}}}
    texts = {name: {"type": "string"} for name in ("apiVersion", "kind")}
    schema = {"type": "object", "properties": {**texts, "metadata": {"type": "object"}, "spec": spec, "status": loose}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {
        "kind": "VerticalPodAutoscalerCheckpoint",
        "listKind": "VerticalPodAutoscalerCheckpointList",
        "plural": "verticalpodautoscalercheckpoints",
        "singular": "verticalpodautoscalercheckpoint",
        "shortNames": ["vpacheckpoint"],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "verticalpodautoscalercheckpoints.autoscaling.k8s.io",
            "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/63797"},
        },
        "spec": {
            "group": "autoscaling.k8s.io",
            "names": names,
            "scope": "Namespaced",
            "versions": [{**version, "subresources": {"status": {}}}],
        },
    }


VPA = Component(NAME, objects)
