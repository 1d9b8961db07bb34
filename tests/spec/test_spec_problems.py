"""Every mistake of a file is found at once, at its line and column, with its remedy."""

from __future__ import annotations

import pytest
from platform_texts import MINIMAL, places, platform, problems


def test_five_planted_mistakes_are_five_located_problems() -> None:
    text = """\
name: harbor
region: ap-southeast-9
accountId: "111122223333"
nodeGroups:
  - name: general
    instanceTypes: t3.mediun
    minSize: 3
    maxsize: 3
    maxSize: 2
namespaces: [{name: harbor}]
workloads:
  - name: api
    image: nginx:1.29
services:
  - name: api
    workload: appi
    port: 80
"""
    assert places(text) == [
        (2, 9, 'region: unknown region "ap-southeast-9"'),
        (6, 20, 'instanceTypes: unknown instance type "t3.mediun"'),
        (8, 5, 'unknown key "maxsize"'),
        (9, 14, "minSize 3 is above maxSize 2"),
        (16, 15, 'there is no workload "appi"'),
    ]
    assert [problem.remedy for problem in problems(text)] == [
        'Did you mean "ap-southeast-2"?',
        'Did you mean "t3.medium"?',
        'Did you mean "maxSize"?',
        "Raise maxSize or lower minSize.",
        'Did you mean "api"?',
    ]


def test_the_minimal_platform_has_no_problem() -> None:
    assert platform().written.name == "harbor"


@pytest.mark.parametrize(
    ("line", "instead", "message", "remedy"),
    [
        ("name: harbor\n", "nane: harbor\n", '"name" is missing', "Name of the platform; names of AWS resources begin with it."),
        ("name: harbor\n", "nane: harbor\n", 'unknown key "nane"', 'Did you mean "name"?'),
        ("name: harbor\n", "name: My Harbor\n", "name: \"My Harbor\" is no name", 'For example "my-harbor".'),
        ('"111122223333"', "42", 'accountId: "42" is not an AWS account id', "Twelve digits"),
        ("minSize: 1", "minSize: one", 'minSize: expected a whole number, found "one"', "Write it without quotes"),
        ("minSize: 1", "minSize: 1.5", "minSize: expected a whole number, found 1.5", "Write it without quotes"),
        ("minSize: 1", "minSize: -1", "minSize: -1 is below zero", ""),
        ("port: 8080", "port: 99999", "port: 99999 is no port", "Ports are 1 to 65535."),
        ("port: 80\n", "port: yes\n", 'port: expected a whole number, found "yes"', "Write it without quotes"),
        ("minSize: 1", "capacityType: SPOTS\n    minSize: 1", 'capacityType: "SPOTS" is not allowed', 'Did you mean "SPOT"?'),
        ("minSize: 1", "disk: [1]\n    minSize: 1", "disk: expected a mapping of keys to values, found a list", "Indent"),
        ("workload: api", "workload: web", 'there is no workload "web"', "Known: api."),
        ("{name: harbor}", "{name: harbor}, {name: sea}", '"api" names no namespace', "Add `namespace: ...`."),
        ("port: 8080", "namespace: see\n    port: 8080", 'there is no namespace "see"', "Known: harbor."),
        ("    port: 8080\n", "", 'the service has no targetPort and workload "api" no port', "Add `port`"),
        ("port: 8080", "resources: {requests: {memory: 512MB}}\n    port: 8080", '"512MB" is not a quantity', "Write 512M."),
        ("port: 8080", "resources: {cpu: 2/1}\n    port: 8080", "the request of cpu is above its limit", "Write request/limit"),
        ("port: 8080", "livenessProbe: {}\n    port: 8080", "livenessProbe: a probe needs exactly one", "Short: the path"),
        ("port: 8080", "livenessProbe: {htpGet: /}\n    port: 8080", 'unknown key "htpGet"', 'Did you mean "httpGet"?'),
        ("port: 8080", "nodeSelector: {eks.amazonaws.com/nodegroup: gpu}\n    port: 8080", 'no node group "gpu"', "Known"),
        ("port: 8080", "autoscaling: {minReplicas: 4, maxReplicas: 2, cpu: 70}\n    port: 8080", "minReplicas 4 is above", ""),
        ("port: 8080", "autoscaling: {maxReplicas: 2}\n    port: 8080", "autoscaling needs a metric", "For example `cpu: 70`."),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_remedy(line: str, instead: str, message: str, remedy: str) -> None:
    assert line in MINIMAL
    found = [each for each in problems(MINIMAL.replace(line, instead, 1)) if message in each.message]
    assert found, problems(MINIMAL.replace(line, instead, 1))
    assert remedy in found[0].remedy
    assert found[0].line > 0


@pytest.mark.parametrize(
    ("addition", "line", "message"),
    [
        ("network: {vpcCidr: 10.0.0.0/33}", 18, '"10.0.0.0/33" is not an IPv4 range'),
        ("network: {vpcCidr: 10.0.0.1/16}", 18, '"10.0.0.1/16" is not the beginning of its range'),
        ("network: {vpcCidr: 10.0.0.0/24}", 18, "too small to be shared out"),
        ("network: {vpcCidr: 10.0.0.0/8}", 18, "a VPC has a range of /16 to /28"),
        ("network: {publicSubnets: [10.0.1.0/24, 10.0.2.0/24]}", 18, "stands alone"),
        (
            "network:\n  publicSubnets: [10.1.1.0/24, 10.0.2.0/24]\n  privateSubnets: [10.0.3.0/24, 10.0.4.0/24]",
            19,
            "10.1.1.0/24 is outside the VPC 10.0.0.0/16",
        ),
        (
            "network:\n  publicSubnets: [10.0.1.0/24, 10.0.2.0/24]\n  privateSubnets: [10.0.2.0/24, 10.0.4.0/24]",
            20,
            "10.0.2.0/24 overlaps the subnet 10.0.2.0/24",
        ),
        ("network: {zones: [ap-southeast-2a]}", 18, "an EKS cluster needs subnets in at least two zones"),
        (
            "network: {zones: [ap-southeast-2a, us-east-1b]}",
            18,
            'there is no zone in ap-southeast-2 named "us-east-1b"',
        ),
        ("cluster: {version: 1.36.2}", 18, '"1.36.2" is not a Kubernetes minor'),
        ("cluster: {version: '1.99'}", 18, "EKS has no version 1.99"),
        ("cluster: {endpoint: {public: true}}", 18, "nothing says who may reach it"),
        ("addOns: [vpc-cnii]", 18, 'unknown add-on "vpc-cnii"'),
        ("addOns: [cluster-autoscaler]", 18, '"cluster-autoscaler" is no EKS managed add-on'),
        ("addOns: [vpc-cni, vpc-cni]", 18, 'addOns has two elements named "vpc-cni"'),
        ("helmReleases: [my-chart]", 18, 'the chart "my-chart" needs its repository and version'),
        ("local: {httpd: python app.py}", 18, 'no container has the image "httpd"'),
        ("local: {nginx: 'python \"app.py'}", 18, "cannot be split into words"),
        ("serviceMonitors: [{name: api, service: aip}]", 18, 'there is no service "aip"'),
        ("name: again", 18, 'the key "name" is written twice; the first is on line 1'),
    ],
)
def test_what_contradicts_the_rest_is_found_where_it_is_written(addition: str, line: int, message: str) -> None:
    found = [each for each in problems(f"{MINIMAL}{addition}\n") if message in each.message]
    assert found, problems(f"{MINIMAL}{addition}\n")
    assert found[0].line == line


def test_a_version_without_quotes_keeps_its_zero() -> None:
    cluster = platform(MINIMAL + "cluster: {version: 1.30}\n").written.cluster
    assert cluster is not None
    assert cluster.version == "1.30"


def test_short_forms_and_kubernetes_shapes_say_the_same() -> None:
    short = """\
    resources: {cpu: 250m/1, memory: 512Mi}
    readinessProbe: /ready
    env: {MODE: fast, KEY: {secretKeyRef: {name: s, key: k, optional: true}}}
"""
    long = """\
    resources: {requests: {cpu: 250m, memory: 512Mi}, limits: {cpu: 1, memory: 512Mi}}
    readinessProbe: {httpGet: {path: /ready}}
    env:
      - {name: MODE, value: fast}
      - {name: KEY, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}
"""
    texts = [MINIMAL.replace("    port: 8080\n", f"    port: 8080\n{form}") for form in (short, long)]
    assert platform(texts[0]).written == platform(texts[1]).written
