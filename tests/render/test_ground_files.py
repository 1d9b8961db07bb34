"""The ground in Terraform and Kubernetes: read back by a parser of HCL, by references and never by repeated literals."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

from strict import problems_of
from wavetank.plan import Plan, plan
from wavetank.render import Bundle, render, write
from wavetank.render.explain import explain
from wavetank.render.terraform import security_groups
from wavetank.render.terraform.file_systems import age
from wavetank.spec import load

PLATFORM = Path(__file__).parents[1] / "data" / "ground" / "platform.yaml"


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    return {name: plan(load(PLATFORM, name)) for name in ("dev", "production")}


@pytest.fixture(scope="module")
def bundles(plans: dict[str, Plan]) -> dict[str, Bundle]:
    return {name: render(each) for name, each in plans.items()}


def text(bundle: Bundle, file: str) -> str:
    return bundle.files[f"terraform/{file}"].text


def read_back(bundle: Bundle, file: str) -> dict[str, Any]:
    found: dict[str, Any] = hcl2.loads(text(bundle, file))
    return found


def resources(bundle: Bundle) -> dict[tuple[str, str], dict[str, Any]]:
    """Every resource of the configuration by type and name, with plain strings."""
    found = {}
    for name in bundle.files:
        if name.endswith(".tf"):
            for each in read_back(bundle, name.removeprefix("terraform/")).get("resource", []):
                for kind, named in each.items():
                    for label, body in named.items():
                        found[kind.strip('"'), label.strip('"')] = body
    return found


def objects(bundle: Bundle) -> list[dict[str, Any]]:
    files = [file.text for name, file in bundle.files.items() if name.startswith("kubernetes/")]
    return [obj for text in files for obj in yaml.safe_load_all(text) if obj]


# --- inputs -----------------------------------------------------------------------------------------------------------


def test_every_variable_is_declared_given_and_used(bundles: dict[str, Bundle]) -> None:
    for bundle in bundles.values():
        declared = set(re.findall(r'^variable "(\w+)"', text(bundle, "variables.tf"), re.MULTILINE))
        given = set(read_back(bundle, "terraform.tfvars")) - {"__comments__"}
        sources = [file.text for name, file in bundle.files.items() if name.endswith(".tf")]
        used = set(re.findall(r"\bvar\.(\w+)", "\n".join(sources)))
        assert declared == given == used


def test_values_of_variables_differ_by_environment_and_are_the_plans(bundles: dict[str, Bundle]) -> None:
    dev, production = (read_back(bundles[name], "terraform.tfvars")["node_groups"] for name in ("dev", "production"))
    assert len(production) == len(dev) + 1
    assert "data-ap-southeast-2c = {" in text(bundles["production"], "terraform.tfvars")


def test_a_line_of_the_values_explains_itself_by_the_spec(bundles: dict[str, Bundle], tmp_path: Path) -> None:
    write(bundles["dev"], tmp_path)
    lines = text(bundles["dev"], "terraform.tfvars").splitlines()
    number = next(at for at, line in enumerate(lines, 1) if "max_size       = 4" in line)
    explained = explain(tmp_path / "terraform" / "terraform.tfvars", number)
    assert explained.path == "nodeGroups[system].maxSize"
    assert explained.place is not None
    assert PLATFORM.read_text().splitlines()[explained.place.line - 1].strip() == "maxSize: 4"


def test_a_resource_that_uses_a_variable_explains_itself_as_well(bundles: dict[str, Bundle], tmp_path: Path) -> None:
    write(bundles["dev"], tmp_path)
    lines = text(bundles["dev"], "cluster.tf").splitlines()
    number = next(at for at, line in enumerate(lines, 1) if "= var.cluster_version" in line)
    assert explain(tmp_path / "terraform" / "cluster.tf", number).value == "1.36"


# --- state ------------------------------------------------------------------------------------------------------------


def test_state_is_locked_by_a_file_or_by_a_table(bundles: dict[str, Bundle]) -> None:
    assert "use_lockfile = true" in text(bundles["dev"], "backend.tf")
    assert 'required_version = ">= 1.10.0"' in text(bundles["dev"], "versions.tf")
    production = text(bundles["production"], "backend.tf")
    assert re.search(r'dynamodb_table\s+= "quay-locks"', production)
    assert "use_lockfile" not in production
    assert 'required_version = ">= 1.5.0"' in text(bundles["production"], "versions.tf")


# --- networks ---------------------------------------------------------------------------------------------------------


def test_what_is_guarded_lets_in_the_cluster_at_one_port_and_nobody_else(bundles: dict[str, Bundle]) -> None:
    found = resources(bundles["dev"])
    rules = {name: body for (kind, name), body in found.items() if kind == "aws_vpc_security_group_ingress_rule"}
    assert set(rules) == {"endpoints_cluster_443", "file_systems_cluster_2049"}
    for body in rules.values():
        assert security_groups.CLUSTER_GROUP.text in str(body["referenced_security_group_id"])
        assert body["from_port"] == body["to_port"]
        assert "cidr_ipv4" not in body
    assert not [kind for kind, _ in found if kind == "aws_vpc_security_group_egress_rule"]


def test_functions_in_the_vpc_reach_the_endpoints_as_well(tmp_path: Path) -> None:
    image = "111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/pilot:1"
    functions = f"serverless: {{functions: [{{name: pilot, image: '{image}', inVpc: true}}]}}\n"
    written = re.sub(r"terraformFiles.*\nmanifests.*\n", functions, PLATFORM.read_text())
    (tmp_path / "platform.yaml").write_text(written)
    found = resources(render(plan(load(tmp_path / "platform.yaml", "dev"))))
    rules = [name for kind, name in found if kind == "aws_vpc_security_group_ingress_rule" and "endpoints" in name]
    assert rules == ["endpoints_cluster_443", "endpoints_functions_443"]


def test_nodes_without_nat_wait_for_their_endpoints(bundles: dict[str, Bundle]) -> None:
    production, dev = (resources(bundles[name])["aws_eks_node_group", "system"] for name in ("production", "dev"))
    assert "aws_vpc_endpoint.interface" in str(production["depends_on"])
    assert "aws_vpc_endpoint.interface" not in str(dev["depends_on"])


# --- machines ---------------------------------------------------------------------------------------------------------


def user_data(bundle: Bundle, template: str) -> str:
    """What Terraform encodes: the text between the marks, less its common indentation."""
    source = text(bundle, "node_groups.tf").split(f'"aws_launch_template" "{template}"')[1]
    lines = source.split("<<-EOT\n")[1].split("\n    EOT")[0].split("\n")
    depth = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[depth:] for line in lines)


def test_the_kubelets_settings_are_a_node_config_of_nodeadm(bundles: dict[str, Bundle]) -> None:
    head, _, rest = user_data(bundles["dev"], "data_ap_southeast_2a").partition("\n\n")
    assert head.startswith("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=")
    boundary = head.rpartition("boundary=")[2].strip('"')
    part = rest.split(f"--{boundary}\n")[1].split(f"\n--{boundary}--")[0]
    kind, _, body = part.partition("\n\n")
    assert kind == "Content-Type: application/node.eks.aws"
    config = yaml.safe_load(body)
    assert (config["apiVersion"], config["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
    assert config["spec"]["kubelet"]["config"] == {
        "maxPods": 29,
        "cpuManagerPolicy": "static",
        "systemReserved": {"cpu": "200m", "memory": "300Mi"},
        "evictionHard": {"memory.available": "5%"},
    }
    assert len(base64.b64encode(part.encode())) < 16 * 1024


def test_bottlerocket_takes_the_settings_as_toml(tmp_path: Path) -> None:
    written = PLATFORM.read_text().replace("    disk: 50\n", "    disk: 50\n    amiType: BOTTLEROCKET_x86_64\n")
    written = re.sub(r"terraformFiles.*\nmanifests.*\n", "", written)
    (tmp_path / "platform.yaml").write_text(written)
    bundle = render(plan(load(tmp_path / "platform.yaml", "dev")))
    assert user_data(bundle, "data_ap_southeast_2a") == (
        '[settings.kubernetes]\nmax-pods = 29\ncpu-manager-policy = "static"\n'
        '[settings.kubernetes.system-reserved]\n"cpu" = "200m"\n"memory" = "300Mi"\n'
        '[settings.kubernetes.eviction-hard]\n"memory.available" = "5%"'
    )


def test_groups_without_settings_have_no_user_data(bundles: dict[str, Bundle]) -> None:
    assert "user_data" not in resources(bundles["dev"])["aws_launch_template", "system"]


def test_tags_for_the_autoscaler_stand_on_the_scaling_group(bundles: dict[str, Bundle]) -> None:
    tags = resources(bundles["dev"])["aws_autoscaling_group_tag", "gpu"]
    assert "aws_eks_node_group.gpu.resources[0].autoscaling_groups[0].name" in str(tags["autoscaling_group_name"])
    assert "k8s.io/cluster-autoscaler/${local.cluster_name}" in str(tags["for_each"])
    assert "quay-dev" not in str(tags)


# --- Karpenter --------------------------------------------------------------------------------------------------------


def test_node_pools_meet_karpenters_own_schemas(bundles: dict[str, Bundle]) -> None:
    found = [obj for bundle in bundles.values() for obj in objects(bundle) if "karpenter" in obj["apiVersion"]]
    assert [obj["kind"] for obj in found] == ["EC2NodeClass", "NodePool"] * 4
    assert [problems_of(obj) for obj in found] == [[]] * len(found)


def test_nodes_of_karpenter_join_and_hear_of_interruptions(bundles: dict[str, Bundle]) -> None:
    found = resources(bundles["dev"])
    assert "EC2_LINUX" in str(found["aws_eks_access_entry", "karpenter_node"]["type"])
    rules = [name for kind, name in found if kind == "aws_cloudwatch_event_rule"]
    assert rules == [f"karpenter_{each}" for each in ("health", "spot_interruption", "rebalance", "state_change")]
    assert "karpenter.sh/discovery" in str(found["aws_subnet", "private"]["tags"])
    assert "karpenter.sh/discovery" not in str(found["aws_subnet", "public"]["tags"])
    assert not [name for kind, name in resources(bundles["production"]) if kind == "aws_sqs_queue"]


# --- names, roles, own files ------------------------------------------------------------------------------------------


def test_a_zone_is_looked_up_unless_it_is_to_be_created(bundles: dict[str, Bundle]) -> None:
    assert 'data "aws_route53_zone" "main"' in text(bundles["dev"], "dns.tf")
    assert 'resource "aws_route53_zone" "main"' in text(bundles["production"], "dns.tf")
    assert "dns_name_servers" in text(bundles["production"], "outputs.tf")


def test_pods_get_roles_by_annotation_or_by_association(bundles: dict[str, Bundle]) -> None:
    dev, production = (resources(bundles[name]) for name in ("dev", "production"))
    assert not [name for kind, name in dev if kind == "aws_eks_pod_identity_association"]
    associated = [name for kind, name in production if kind == "aws_eks_pod_identity_association"]
    assert associated == ["pod_cluster_autoscaler", "pod_karpenter"]
    assert "pod_identity_association" in production["aws_eks_addon", "vpc_cni"]
    assert "pods.eks.amazonaws.com" in str(production["aws_iam_role", "pod_karpenter"])
    assert "eks.amazonaws.com/role-arn" not in bundles["production"].files["helm/values/karpenter.yaml"].text
    assert "eks.amazonaws.com/role-arn" in bundles["dev"].files["helm/values/karpenter.yaml"].text


def test_own_terraform_is_the_authors_text_and_traced_to_the_line_that_names_it(bundles: dict[str, Bundle]) -> None:
    own = PLATFORM.parent / "own" / "artifacts.tf"
    file = bundles["dev"].files["terraform/artifacts.tf"]
    assert file.text == own.read_text()
    assert {line.path for line in file.lines} == {"terraformFiles[artifacts.tf]"}


def test_own_terraform_never_replaces_what_is_rendered(tmp_path: Path) -> None:
    (tmp_path / "network.tf").write_text("# mine\n")
    written = PLATFORM.read_text().replace("own/artifacts.tf", "network.tf")
    (tmp_path / "platform.yaml").write_text(re.sub(r"manifests.*\n", "", written))
    bundle = render(plan(load(tmp_path / "platform.yaml", "dev")))
    assert text(bundle, "own_network.tf") == "# mine\n"
    assert "aws_vpc" in text(bundle, "network.tf")


def test_own_manifests_are_applied_after_all_others(bundles: dict[str, Bundle]) -> None:
    files = sorted(name for name in bundles["dev"].files if name.startswith("kubernetes/"))
    (banner,) = yaml.safe_load_all(bundles["dev"].files[files[-1]].text)
    assert (banner["metadata"]["name"], banner["data"]) == ("banner", {"since": "2026-11-21"})


def test_ages_are_written_as_efs_writes_them() -> None:
    assert (age(1), age(30)) == ("AFTER_1_DAY", "AFTER_30_DAYS")
