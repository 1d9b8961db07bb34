"""52-rollouts.yaml: Rollouts of Argo Rollouts. 48-analysis-templates.yaml: what they measure, which has to be there before."""

from __future__ import annotations

from wavetank.plan.model import AnalysisTemplate, Plan, Workload
from wavetank.render.kubernetes.configuration import belonging
from wavetank.render.kubernetes.parts import manifest, metadata, present
from wavetank.render.kubernetes.pods import pod_template
from wavetank.render.kubernetes.workloads import replicas_and_selector
from wavetank.render.trace import Traced, tree

API_VERSION = "argoproj.io/v1alpha1"


def objects(plan: Plan) -> tuple[Traced, ...]:
    """A Rollout for each workload that is one."""
    return tuple(_rollout(plan, workload) for workload in plan.workloads if workload.kind == "Rollout")


def _rollout(plan: Plan, workload: Workload) -> Traced:
    path = f"workloads[{workload.name}]"
    spec = present(
        replicas_and_selector(workload)
        | {
            "strategy": tree(workload.strategy, f"{path}.strategy"),
            "minReadySeconds": Traced(workload.min_ready_seconds or None, f"{path}.minReadySeconds"),
            "revisionHistoryLimit": Traced(workload.revision_history_limit, f"{path}.revisionHistoryLimit"),
            "progressDeadlineSeconds": Traced(workload.progress_deadline_seconds, f"{path}.progressDeadlineSeconds"),
            "template": pod_template(workload),
        }
    )
    return manifest(API_VERSION, "Rollout", belonging(plan, workload, path, workload.name), path, spec=spec)


def analysis_objects(plan: Plan) -> tuple[Traced, ...]:
    """In the plan's order."""
    return tuple(_template(plan, template) for template in plan.analysis_templates)


def _template(plan: Plan, template: AnalysisTemplate) -> Traced:
    path = f"analysisTemplates[{template.name}]"
    framed = metadata(plan, path, template.name, template.namespace)
    return manifest(API_VERSION, "AnalysisTemplate", framed, path, spec=tree(template.spec, f"{path}.spec"))
