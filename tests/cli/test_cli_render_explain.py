"""``wavetank render`` and ``explain``: the same bytes twice, and every line goes back to the spec."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import EXAMPLE, ON, example_with, line_of, wavetank


def tree_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, rendered once."""
    folder = tmp_path_factory.mktemp("rendered") / "build"
    assert wavetank("render", EXAMPLE, "-o", folder, *ON).code == 0
    return folder


def test_render_names_what_it_wrote_and_the_second_time_says_unchanged(tmp_path: Path) -> None:
    build = tmp_path / "build"
    first = wavetank("render", EXAMPLE, "-o", build, *ON)
    told = {line.split()[1] for line in first.out.splitlines() if line.startswith("wrote")}
    assert told == {str(build / name) for name in tree_of(build)} - {str(build / "trace.json")}
    before = tree_of(build)
    second = wavetank("render", EXAMPLE, "-o", build, *ON)
    assert second.out == f"0 written, {len(told)} unchanged, 0 removed\n"
    assert tree_of(build) == before


def test_two_folders_get_the_same_bytes(build: Path, tmp_path: Path) -> None:
    wavetank("render", EXAMPLE, "-o", tmp_path / "other", *ON)
    assert tree_of(tmp_path / "other") == tree_of(build)


def test_what_is_no_longer_rendered_is_removed_and_what_was_edited_is_kept(tmp_path: Path) -> None:
    build = tmp_path / "build"
    wavetank("render", EXAMPLE, "-o", build, *ON)
    without = example_with(tmp_path, {"  flowLogs:\n    retentionDays: 30\n": "  flowLogs: false\n"})
    assert f"removed    {build}/terraform/flow_logs.tf" in wavetank("render", without, "-o", build, *ON).out
    wavetank("render", EXAMPLE, "-o", build, *ON)
    edited = build / "terraform" / "flow_logs.tf"
    edited.write_text(edited.read_text() + "# mine\n")
    assert (
        f"kept       {edited} (no longer rendered, but edited since)"
        in wavetank("render", without, "-o", build, *ON).out
    )


def test_edits_that_a_render_replaces_are_told(tmp_path: Path) -> None:
    build = tmp_path / "build"
    wavetank("render", EXAMPLE, "-o", build, *ON)
    edited = build / "terraform" / "flow_logs.tf"
    edited.write_text(edited.read_text() + "# mine\n")
    told = wavetank("render", EXAMPLE, "-o", build, *ON).out
    assert f"wrote      {edited} (over what was there: not as wavetank had written it)" in told
    changed = example_with(tmp_path, {"    retentionDays: 30\n": "    retentionDays: 60\n"})
    assert "over what was there" not in wavetank("render", changed, "-o", build, *ON).out


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("mine")
    ended = wavetank("render", EXAMPLE, "-o", tmp_path / "build", *ON)
    assert (ended.code, (tmp_path / "build").read_text()) == (2, "mine")


#: One line of each rendered folder: file, words of the line, plan path, words of its line in the spec. All of them are stated.
LINES = [
    ("terraform/terraform.tfvars", "10.0.0.0/16", "network.vpcCidr", "vpcCidr: 10.0.0.0/16"),
    ("terraform/node_groups.tf", "].instance_types", "nodeGroups[general].instanceTypes", "instanceTypes: t3.medium"),
    ("terraform/terraform.tfvars", "t3.medium", "nodeGroups[general].instanceTypes", "instanceTypes: t3.medium"),
    ("kubernetes/00-namespaces.yaml", "requests.memory", "namespaces[ml-inference].quota", "requests.memory: 6Gi"),
    ("kubernetes/60-availability.yaml", "averageUtilization: 70", "workloads[ml-inference-api].autoscaling", "cpu: 70"),
    ("kubernetes/70-monitoring.yaml", "interval: 30s", "serviceMonitors[", "interval: 30s"),
    (
        "helm/releases.yaml",
        "name: aws-load",
        "helmReleases[aws-load-balancer-controller]",
        "- aws-load-balancer-controller",
    ),
]


@pytest.mark.parametrize(("name", "words", "path", "spec"), LINES, ids=[row[0] for row in LINES])
def test_a_line_of_each_folder_is_explained(build: Path, name: str, words: str, path: str, spec: str) -> None:
    file = build / name
    place = f"{file}:{line_of(file, words)}"
    text, data = wavetank("explain", place), wavetank("explain", place, "--format", "json")
    assert (text.code, data.code) == (0, 0), text.err
    step = data.json["steps"][0]
    assert step["path"].startswith(path)
    assert f"stated on line {line_of(EXAMPLE, spec)}" in step["reason"]
    assert data.json["spec"] == {
        "file": str(EXAMPLE),
        "line": line_of(EXAMPLE, spec),
        "column": data.json["spec"]["column"],
    }
    assert text.out.startswith(f"{place}: ")
    for part in (step["path"], step["reason"], f"spec: {EXAMPLE}:{line_of(EXAMPLE, spec)}:"):
        assert part in text.out


def test_a_default_names_its_rule_and_needs_no_spec_line(build: Path) -> None:
    file = build / "helm" / "releases.yaml"
    ended = wavetank("explain", f"{file}:{line_of(file, 'repository: https')}")
    assert "default of rule" in ended.out
    assert "spec:" not in ended.out


def test_every_line_with_text_is_explained_or_said_to_separate(build: Path) -> None:
    for file in sorted(build.rglob("*.*")):
        if file.name == "trace.json" or file.suffix == ".sh" or not file.is_file():
            continue
        for number, line in list(enumerate(file.read_text().splitlines(), 1))[::7]:
            ended = wavetank("explain", f"{file}:{number}")
            if ended.code:
                assert (ended.code, "separates others" in ended.err) == (2, True), (file, number, line, ended.err)
                assert line.startswith("#") or not re.search(r"[:=]\s*\S", line), (
                    f"{file}:{number} holds a value: {line}"
                )


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("cluster.tf", "does not name a line"),
        ("cluster.tf:0", "does not name a line"),
        ("cluster.tf:x", "does not name a line"),
        ("nothing.tf:3", "no such file"),
        ("terraform/cluster.tf:99999", "has no line 99999"),
        ("trace.json:3", "was not rendered"),
    ],
)
def test_a_place_that_cannot_be_explained_is_refused_with_a_remedy(build: Path, place: str, message: str) -> None:
    ended = wavetank("explain", f"{build}/{place}")
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "\n    " in ended.err
    problem = wavetank("explain", f"{build}/{place}", "--format", "json").json["problems"][0]
    assert message in problem["message"]


def test_an_edited_file_is_not_explained_by_lines_that_moved(tmp_path: Path) -> None:
    wavetank("render", EXAMPLE, "-o", tmp_path, *ON)
    file = tmp_path / "terraform" / "cluster.tf"
    file.write_text("# a new first line\n" + file.read_text())
    ended = wavetank("explain", f"{file}:5")
    assert (ended.code, "was edited after it was rendered" in ended.err) == (2, True)
