"""Well-made files of others are no errors: each case here was once reported, and was right as it stood."""

from __future__ import annotations

import textwrap
import time
from datetime import date

from wavetank.checks import Finding, Severity, SourceFile, case_of_files, findings

ON = date(2026, 11, 21)


def found_in(text: str, name: str = "app.yaml") -> tuple[Finding, ...]:
    return findings(case_of_files([SourceFile(name, textwrap.dedent(text))], ON).case)


def ids(text: str, severity: Severity = Severity.WARN) -> set[str]:
    return {finding.id for finding in found_in(text) if finding.severity >= severity}


DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: api
        image: example.com/api:1.0.0
        ports: [{name: http, containerPort: 8080}]
"""


def test_rules_of_a_custom_resource_see_its_defaults() -> None:
    # The definition gives `group` and `kind` of a parent their values before its rules ask for them.
    route = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: shop, namespace: shop}
        spec:
          parentRefs: [{name: public}]
          hostnames: [shop.example.com]
          rules:
          - matches: [{path: {type: PathPrefix, value: /}}]
            backendRefs: [{name: api, port: 80}]
    """
    assert "SCH004" not in ids(route)


DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: scaledobjects.keda.sh}
spec:
  group: keda.sh
  scope: Namespaced
  names: {kind: ScaledObject, plural: scaledobjects, singular: scaledobject, listKind: ScaledObjectList}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""
SCALED = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: api, namespace: shop}
spec: {scaleTargetRef: {name: api}, ofALaterVersion: true, triggers: [{type: cpu, metadata: {value: "60"}}]}
"""


def test_the_definition_beside_a_custom_resource_counts_not_the_one_we_know() -> None:
    assert "SCH004" in ids(SCALED)
    assert "SCH004" not in ids(f"{DEFINITION}---{SCALED}")


def test_pods_that_an_operator_makes_are_not_missed() -> None:
    operated = """
        ---
        apiVersion: monitoring.coreos.com/v1
        kind: Prometheus
        metadata: {name: main, namespace: shop}
        spec: {replicas: 2}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: prometheus, namespace: shop}
        spec: {selector: {app.kubernetes.io/name: prometheus}, ports: [{name: web, port: 9090, targetPort: web}]}
        ---
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: {name: prometheus, namespace: shop}
        spec: {minAvailable: 1, selector: {matchLabels: {app.kubernetes.io/name: prometheus}}}
    """
    assert not {"KUB016", "KUB018"} & ids(DEPLOYMENT + textwrap.dedent(operated))


def test_a_secret_that_a_job_makes_is_not_missed() -> None:
    mounted = DEPLOYMENT + "      volumes: [{name: tls, secret: {secretName: api-tls}}]\n"
    other = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: shop}\n"
    assert "KUB019" in ids(mounted + other, Severity.INFO)
    assert "KUB019" not in ids(mounted, Severity.INFO)  # one file by itself: the Secret may lie beside it
    job = """
        ---
        apiVersion: batch/v1
        kind: Job
        metadata: {name: make-certificate, namespace: shop}
        spec:
          template:
            spec:
              restartPolicy: Never
              containers: [{name: make, image: "example.com/certgen:1.0.0", args: [create, --secret-name=api-tls]}]
    """
    assert "KUB019" not in ids(mounted + textwrap.dedent(job), Severity.INFO)


def test_a_host_of_the_mesh_is_missed_only_where_its_namespace_can_be_seen() -> None:
    route = """
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: shop, namespace: edge}
        spec:
          hosts: ["*"]
          gateways: [edge]
          http: [{route: [{destination: {host: api.elsewhere, port: {number: 80}}}]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: api, namespace: shop}
        spec: {selector: {app: api}, ports: [{name: http, port: 80, targetPort: http}]}
    """
    assert "SCH008" not in ids(DEPLOYMENT + textwrap.dedent(route))


def test_a_load_balancer_of_the_legacy_code_is_no_error_when_it_was_asked_for() -> None:
    service = """
        apiVersion: v1
        kind: Service
        metadata:
          name: ingress
          namespace: edge
          annotations:
            service.beta.kubernetes.io/aws-load-balancer-type: nlb
            service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled: "true"
        spec: {type: LoadBalancer, selector: {app: ingress}, ports: [{name: http, port: 80, targetPort: 8080}]}
    """
    assert "NET010" not in ids(service, Severity.ERROR)


def test_karpenter_makes_nodes_for_what_no_node_group_takes() -> None:
    terraform = """
        module "eks" {
          source             = "terraform-aws-modules/eks/aws"
          version            = "~> 21.0"
          name               = "shop"
          kubernetes_version = "1.36"
          eks_managed_node_groups = {
            karpenter = {
              instance_types = ["m5.large"]
              min_size       = 2
              max_size       = 3
              desired_size   = 2
              taints         = { only = { key = "karpenter.sh/controller", value = "true", effect = "NO_SCHEDULE" } }
            }
          }
        }

        resource "helm_release" "karpenter" {
          name       = "karpenter"
          repository = "oci://public.ecr.aws/karpenter"
          chart      = "karpenter"
          version    = "1.8.0"
          namespace  = "kube-system"
        }
    """
    assert "CAP009" not in {finding.id for finding in found_in(terraform, "main.tf")}


def test_an_agent_on_every_node_may_look_at_its_node() -> None:
    agent = DEPLOYMENT.replace("Deployment", "DaemonSet").replace(
        "      containers:", "      hostPID: true\n      tolerations: [{operator: Exists}]\n      containers:"
    )
    assert "KUB010" in {finding.id for finding in found_in(agent)}
    assert "KUB010" not in ids(agent)


def test_a_large_folder_is_judged_in_seconds() -> None:
    one = f"""{DEPLOYMENT}---
apiVersion: v1
kind: Service
metadata: {{name: api, namespace: shop}}
spec: {{selector: {{app: api}}, ports: [{{port: 80, targetPort: http}}]}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: api, namespace: shop}}
spec: {{maxUnavailable: 1, selector: {{matchLabels: {{app: api}}}}}}
"""
    many = "---".join(one.replace("api,", f"api-{at},").replace("app: api", f"app: api-{at}") for at in range(400))
    case = case_of_files([SourceFile("app.yaml", many)], ON).case
    started = time.process_time()
    assert findings(case)
    # A rule that compares all with all would take minutes.
    assert time.process_time() - started < 20
