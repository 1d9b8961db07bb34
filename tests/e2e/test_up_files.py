"""`wavetank up --terraform --manifests`: a root and a chart that wavetank did not write, run with real programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from programs import needs_kubectl, needs_terraform, wavetank

ROOT = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
  backend "s3" {
    bucket = "states"
    key    = "shop"
    region = "eu-west-1"
  }
}
provider "aws" {
  region = var.region
}
variable "region" {
  type = string
}
variable "size" {
  type    = number
  default = 1
}
module "cluster" {
  source = "../modules/cluster"
  size   = var.size
}
"""
MODULE = """\
variable "size" {
  type = number
}
data "aws_availability_zones" "here" {}
resource "aws_vpc" "this" {
  cidr_block = "10.9.0.0/16"
}
resource "aws_subnet" "this" {
  count             = 2
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 4, count.index)
  availability_zone = data.aws_availability_zones.here.names[count.index]
}
resource "aws_iam_role" "this" {
  for_each = { cluster = "eks.amazonaws.com", nodes = "ec2.amazonaws.com" }
  name     = "shop-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = each.value } }]
  })
}
resource "aws_eks_cluster" "this" {
  name     = "shop"
  version  = "1.35"
  role_arn = aws_iam_role.this["cluster"].arn
  vpc_config {
    subnet_ids = aws_subnet.this[*].id
  }
  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }
}
resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "main"
  node_role_arn   = aws_iam_role.this["nodes"].arn
  subnet_ids      = aws_subnet.this[*].id
  instance_types  = ["t3.large"]
  scaling_config {
    min_size     = 1
    desired_size = var.size
    max_size     = 3
  }
}
resource "aws_eks_addon" "this" {
  for_each     = toset(["vpc-cni", "kube-proxy", "coredns"])
  cluster_name = aws_eks_cluster.this.name
  addon_name   = each.key
  depends_on   = [aws_eks_node_group.this]
}
"""
MANIFEST = """\
apiVersion: boats.example.com/v1
kind: Boat
metadata: {name: fram, namespace: shop}
spec: {length: 39}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: main
        image: shop/api:1
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.boats.example.com}
spec:
  group: boats.example.com
  scope: Namespaced
  names: {kind: Boat, plural: boats, singular: boat}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {length: {type: integer}}}
"""


def written(folder: Path) -> None:
    for name, text in (("live/main.tf", ROOT), ("modules/cluster/main.tf", MODULE), ("k8s/all.yaml", MANIFEST)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "dev.tfvars").write_text('region = "eu-west-1"\n')


@pytest.mark.e2e
@pytest.mark.slow
@needs_terraform
@needs_kubectl
@pytest.mark.timeout(900)
def test_files_of_others_run_the_same_way_and_leave_nothing(tmp_path: Path) -> None:
    written(tmp_path)
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    server = f"{sys.executable} -m http.server {{PORT}} --bind {{HOST}}"
    options = ["--terraform", "live", "--var-file", "dev.tfvars", "--var", "size=2", "--manifests", "k8s"]
    ports = ["--aws-port", "0", "--api-port", "0"]
    more = ["--component", "metrics-server", "--run", f"shop/api={server}"]
    up = wavetank("up", *options, *more, *ports, "--detach", cwd=tmp_path, timeout=600)
    assert up.returncode == 0, up.stderr
    try:
        (session,) = json.loads(wavetank("status", "--format", "json", cwd=tmp_path).stdout)["sessions"]
        assert (session["state"], session["cluster"]) == ("ready", "shop")
        kubectl = ["kubectl", "--kubeconfig", session["kubeconfig"], "get", "-o", "name"]
        seen = {kind: subprocess.check_output([*kubectl, kind, "-A"], text=True).split() for kind in ("nodes", "boats")}
        assert len(seen["nodes"]) == 2
        assert seen["boats"] == ["boat.boats.example.com/fram"]
        assert "api: 0 of" not in up.stderr
    finally:
        down = wavetank("down", cwd=tmp_path)
    assert down.returncode == 0, down.stderr
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
