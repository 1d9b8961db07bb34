"""What Gatekeeper does with ConstraintTemplates here: it makes the kind that each describes, so that constraints can be applied.

Acts only while a pod of the controller is Ready, as the real one. Constraints are stored and judge nothing: no Rego is evaluated
on this machine (``pkg/controller/constrainttemplate`` of Gatekeeper makes the definition, its webhook the judgement).
"""

from __future__ import annotations

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster

from .presence import belongs_to, is_running

CONTROLLER = "gatekeeper-controller-manager"
TEMPLATES = "constrainttemplates.templates.gatekeeper.sh"
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
GROUP, VERSION = "constraints.gatekeeper.sh", "v1beta1"
REACTION_SECONDS = 0.002


class Gatekeeper:
    """One definition per template."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._ends = (
            cluster.subscribe(TEMPLATES, lambda change: self._plan(change.name)),
            cluster.subscribe("pods", self._note_pod),
        )

    def close(self) -> None:
        for end in self._ends:
            end()

    def _plan(self, name: str) -> None:
        self._cluster.engine.call_later(REACTION_SECONDS, lambda: self._reconcile(name))

    def _note_pod(self, change: Change) -> None:
        """When the controller itself comes up it looks at everything."""
        if belongs_to(change.object, CONTROLLER) and self._knows_templates():
            for template in self._cluster.list(TEMPLATES):
                self._plan(template["metadata"]["name"])

    def _knows_templates(self) -> bool:
        return self._cluster.find(DEFINITIONS, "", TEMPLATES) is not None

    def _reconcile(self, name: str) -> None:
        template = self._cluster.find(TEMPLATES, "", name) if self._knows_templates() else None
        if template is None or not is_running(self._cluster, CONTROLLER):
            return
        try:
            self._make(template)
        except ApiError as error:
            self._cluster.engine.record(CONTROLLER, "refused", name, error.message)

    def _make(self, template: Obj) -> None:
        """The definition, and the word that it is there; each unless that has been done."""
        wanted = definition_of(template)
        if self._cluster.find(DEFINITIONS, "", wanted["metadata"]["name"]) is None:
            self._cluster.create(wanted, manager="gatekeeper")
        if not (template.get("status") or {}).get("created"):
            told = {**template, "status": {**(template.get("status") or {}), "created": True}}
            self._cluster.update(told, subresource="status", manager="gatekeeper")


def definition_of(template: Obj) -> Obj:
    """The cluster-wide kind of a template's constraints; its plural is the kind in small letters, as Gatekeeper has it."""
    crd = template["spec"]["crd"]["spec"]
    kind = crd["names"]["kind"]
    parameters = (crd.get("validation") or {}).get("openAPIV3Schema") or {"type": "object"}
    spec = {
        "enforcementAction": {"type": "string"},
        "match": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "parameters": {"x-kubernetes-preserve-unknown-fields": True, **parameters},
    }
    schema = {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": {"type": "object", "properties": spec},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    served = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    plural = kind.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}", "labels": {"gatekeeper.sh/constraint": "yes"}},
        "spec": {
            "group": GROUP,
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": plural},
            "scope": "Cluster",
            "versions": [served],
        },
    }
