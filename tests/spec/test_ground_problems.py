"""Mistakes about the ground of a platform: each at its place, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from platform_texts import MINIMAL, problems

from wavetank.base.errors import InputError, Problem
from wavetank.spec import load

POOL = "karpenter: {nodePools: [{name: a, instanceFamilies: m7i"


@pytest.mark.parametrize(
    ("addition", "message", "remedy"),
    [
        ("network: {interfaceEndpoints: [ecr.apy]}", 'unknown service "ecr.apy"', 'Did you mean "ecr.api"?'),
        ("fileSystems: [{name: a, archiveAfterDays: 10}]", "EFS moves no files after 10 days", "It knows 1, 7, 14"),
        ("fileSystems: [{name: a, throughputMode: provisioned}]", "belong together", "Write both or neither."),
        ("fileSystems: [{name: a, throughputMode: bursting, archiveAfterDays: 90}]", "has no Archive class", "elastic"),
        ("fileSystems: [{name: a, performanceMode: maxIO}]", "needs performanceMode generalPurpose", "Leave out"),
        ("fileSystems: [{name: a}, {name: a}]", 'fileSystems has two elements named "a"', "Rename or remove one."),
        ("dns: {zone: Example.com}", '"Example.com" is no name', ""),
        (
            "dns: {zone: example.com, certificates: [{name: a, domains: api.example.org}]}",
            '"api.example.org" is no name in the zone "example.com"',
            "For example api.example.com.",
        ),
        (
            "dns: {zone: example.com, certificates: [{name: a, domains: ['*.*.example.com']}]}",
            "is not a domain name",
            "For example",
        ),
        (
            "dns: {zone: example.com, certificates: [{name: a, domains: a.example.com}, {name: a, domains: b.example.com}]}",
            'dns.certificates has two elements named "a"',
            "Rename",
        ),
        ("stateBackend: {bucket: My_Bucket}", '"My_Bucket" is not a bucket name', "3 to 63"),
        ("stateBackend: {bucket: state, lockFile: false}", "without a lock two runs", "lockTable"),
        ("karpenter: {nodePools: []}", "without a node pool", "Add one"),
        (f"{POOL}x}}]}}", 'unknown instance family "m7ix"', "Did you mean"),
        (f"{POOL}, instanceTypes: m7i.large}}]}}", "exactly one of instanceTypes and instanceFamilies", "[m7i, m7a]"),
        (f"{POOL}, zones: [ap-southeast-2c]}}]}}", 'no zone of the network named "ap-southeast-2c"', "ap-southeast-2"),
        (f"{POOL}, consolidateAfter: soon}}]}}", '"soon" is neither a duration nor Never', "For example"),
        (f"{POOL}, amiAlias: ubuntu@1}}]}}", '"ubuntu@1" is no alias', "al2023@latest"),
        (f"{POOL}, weight: 200}}]}}", "200 is not 1 to 100", ""),
        (
            f"{POOL}}}, {{name: a, instanceFamilies: m7i}}]}}",
            'karpenter.nodePools has two elements named "a"',
            "Rename",
        ),
        (
            f"{POOL}}}]}}\ncluster: {{authenticationMode: CONFIG_MAP}}",
            "which authenticationMode CONFIG_MAP does not have",
            "API_AND_CONFIG_MAP",
        ),
        (
            "podIdentity: podIdentity\naddOns: [vpc-cni, coredns, kube-proxy]",
            "the add-on eks-pod-identity-agent is not among addOns",
            "Add eks-pod-identity-agent",
        ),
        ("terraformFiles: [nowhere.tf]", 'there is no file "nowhere.tf"', "Paths are relative to"),
        ("manifests: [nowhere.yaml]", 'there is no file "nowhere.yaml"', "Paths are relative to"),
    ],
)
def test_a_mistake_is_said_with_its_remedy(addition: str, message: str, remedy: str) -> None:
    found = [each for each in problems(f"{MINIMAL}{addition}\n") if message in each.message]
    assert found, problems(f"{MINIMAL}{addition}\n")
    assert remedy in found[0].remedy
    assert found[0].line >= len(MINIMAL.splitlines()) + 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("kubelet: {memoryManagerPolicy: Static}", "memoryManagerPolicy Static and reservedMemory belong together"),
        ("kubelet: {maxPod: 10}", 'unknown key "maxPod"'),
        ("kubelet: {imageGCHighThresholdPercent: 50, imageGCLowThresholdPercent: 80}", "is not below"),
        ("kubelet: {maxParallelImagePulls: 4}", "does nothing while images are pulled one by one"),
        ("kubelet: {evictionHard: {memory.available: lots}}", '"lots" is no threshold'),
        (
            "amiType: BOTTLEROCKET_x86_64\n    kubelet: {serializeImagePulls: false}",
            "Bottlerocket's settings have no serializeImagePulls",
        ),
        ("taints: [nvidia.com/gpu]", '"nvidia.com/gpu" is no taint'),
        ("taints: [nvidia.com/gpu=true:Never]", '"Never" is not allowed'),
    ],
)
def test_settings_of_a_node_group_are_checked(settings: str, message: str) -> None:
    text = MINIMAL.replace("minSize: 1", f"{settings}\n    minSize: 1")
    found = [each for each in problems(text) if message in each.message]
    assert found, problems(text)
    assert found[0].line >= 5


def test_a_group_per_zone_is_selected_by_its_name_with_the_zone() -> None:
    split = MINIMAL.replace("minSize: 1", "perZone: true\n    minSize: 1")
    choice = "port: 8080\n    nodeSelector: {{eks.amazonaws.com/nodegroup: {}}}"
    assert problems(split.replace("port: 8080", choice.format("general-ap-southeast-2a"))) == []
    (found,) = problems(split.replace("port: 8080", choice.format("general")))
    assert 'no node group "general"' in found.message


# --- own files --------------------------------------------------------------------------------------------------------


def problems_with(folder: Path, addition: str, **files: str) -> list[Problem]:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    (folder / "platform.yaml").write_text(f"{MINIMAL}{addition}\n")
    try:
        load(folder / "platform.yaml")
    except InputError as error:
        return list(error.problems)
    return []


def test_a_manifest_that_is_no_yaml_is_found_at_its_own_line(tmp_path: Path) -> None:
    (found,) = problems_with(tmp_path, "manifests: [own.yaml]", own__yaml="kind: A\nname: [\n")
    assert found.file.endswith("own.yaml")
    assert found.line == 3
    assert "not YAML" in found.message


def test_a_manifest_without_a_kind_or_a_name_is_found_at_its_own_line(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nmetadata: {labels: {}}\n"
    (found,) = problems_with(tmp_path, "manifests: [own.yaml]", own__yaml=text)
    assert (found.line, found.message) == (5, "a Kubernetes object needs its apiVersion and kind and metadata.name")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.tf").write_text("")
    (found,) = problems_with(tmp_path, "terraformFiles: [a.tf, sub/a.tf]", a__tf="")
    assert 'would be one file "a.tf" of the bundle' in found.message


def test_a_folder_of_manifests_is_all_its_manifests(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    for name in ("b.yaml", "a.yml", "readme.md"):
        (tmp_path / "own" / name).write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name[0]}}}\n")
    (tmp_path / "platform.yaml").write_text(f"{MINIMAL}manifests: [own]\n")
    platform = load(tmp_path / "platform.yaml")
    assert [each.name for each in platform.attachments["manifests"]] == ["a.yml", "b.yaml"]


def test_a_file_that_one_environment_lacks_is_found_in_all(tmp_path: Path) -> None:
    addition = "environments:\n  production: {}\n  dev: {terraformFiles: [dev.tf]}"
    (found,) = problems_with(tmp_path, addition)
    assert found.message == 'there is no file "dev.tf" (environment dev)'
