"""Writing a bundle: all or nothing, its own files only; and explaining lines from the folder alone."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sample_plans import sample_plan

from wavetank.base.errors import InputError, OperationFailed
from wavetank.plan.reasons import Default, Derived, Stated
from wavetank.render import Bundle, explain, render, write


def tree_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def bundle_without_secrets() -> Bundle:
    return render(replace(sample_plan(), secrets=()))


def line_with(file: Path, pattern: str) -> int:
    return next(at for at, text in enumerate(file.read_text().splitlines(), 1) if re.search(pattern, text))


# --- write ------------------------------------------------------------------------------------------------------------


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path / "one")
    write(render(sample_plan()), tmp_path / "two")
    assert tree_of(tmp_path / "one") == tree_of(tmp_path / "two")


def test_a_second_write_changes_nothing(tmp_path: Path) -> None:
    first = write(render(sample_plan()), tmp_path)
    second = write(render(sample_plan()), tmp_path)
    assert (second.written, second.removed, second.unchanged) == ((), (), tuple(sorted(first.written)))


def test_programs_are_executable_and_files_are_not(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    assert os.access(tmp_path / "helm/install.sh", os.X_OK)
    assert (tmp_path / "helm/releases.yaml").stat().st_mode & 0o111 == 0


def test_files_that_are_no_longer_rendered_go_and_everything_else_stays(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    mine = {"terraform/terraform.tfstate": b"{}", "terraform/.terraform/x": b"x", "terraform/mine.tf": b"# mine\n"}
    for name, content in mine.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    written = write(bundle_without_secrets(), tmp_path)
    left = tree_of(tmp_path)
    assert written.removed == ("terraform/secrets.tf",)
    assert "terraform/secrets.tf" not in left
    assert mine.items() <= left.items()


def test_an_obsolete_file_that_was_edited_is_kept_and_named(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    (tmp_path / "terraform/secrets.tf").write_text("# edited\n")
    written = write(bundle_without_secrets(), tmp_path)
    assert (written.removed, written.kept) == ((), ("terraform/secrets.tf",))


def test_an_edited_file_that_is_still_rendered_is_written_again(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    (tmp_path / "terraform/network.tf").write_text("# edited\n")
    assert write(render(sample_plan()), tmp_path).written == ("terraform/network.tf",)


def test_a_folder_left_empty_is_removed(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    write(render(replace(sample_plan(), helm_releases=())), tmp_path)
    assert not (tmp_path / "helm/values").exists()


@pytest.mark.parametrize("trace", ["", "[]", "{}", '{"files": {"../victim": {"sha256": "x"}}}', '{"files": 3}'])
def test_a_foreign_trace_neither_harms_nor_hinders(tmp_path: Path, trace: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("keep me")
    build = tmp_path / "build"
    build.mkdir()
    (build / "trace.json").write_text(trace)
    assert write(render(sample_plan()), build).removed == ()
    assert victim.read_text() == "keep me"


def test_when_the_disk_refuses_no_file_has_changed(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    before = tree_of(tmp_path)
    (tmp_path / "terraform/secrets.tf.wavetank-new").mkdir()
    with pytest.raises(OperationFailed, match=r"cannot write to .*secrets\.tf"):
        write(render(replace(sample_plan(), name="other", spec_file="other.yaml")), tmp_path)
    assert tree_of(tmp_path) == before


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("")
    with pytest.raises(InputError, match="is a file"):
        write(render(sample_plan()), tmp_path / "build")


# --- explain ----------------------------------------------------------------------------------------------------------


def test_a_stated_value_leads_to_its_line_of_the_spec(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    file = tmp_path / "terraform/terraform.tfvars"
    found = explain(file, line_with(file, r"max_size += 4"))
    assert (found.path, found.value) == ("nodeGroups[general].maxSize", 4)
    assert (found.reason, found.place) == (Stated("platform.yaml", 14, 5), Stated("platform.yaml", 14, 5))
    assert "platform.yaml:14:5" in str(found)


def test_a_default_names_its_rule_and_no_line(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    file = tmp_path / "terraform/node_groups.tf"
    found = explain(file, line_with(file, "http_put_response_hop_limit = 1"))
    assert isinstance(found.reason, Default)
    assert (found.reason.rule, found.place) == ("IMDS1", None)


def test_a_derived_value_shows_what_it_comes_from(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    file = tmp_path / "terraform/versions.tf"
    found = explain(file, line_with(file, "cluster_name ="))
    assert isinstance(found.reason, Derived)
    assert [step.path for step in found.steps] == ["cluster.name", "name"]
    assert found.place == Stated("platform.yaml", 1, 7)


def test_a_structure_without_a_reason_of_its_own_leads_to_its_parts(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    file = tmp_path / "terraform/cluster.tf"
    found = explain(file, line_with(file, 'resource "aws_eks_cluster"'))
    assert [step.path for step in found.steps] == ["cluster", "cluster.version", "cluster.name", "name"]


def test_lines_of_manifests_are_explained_to_the_leaf(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    file = tmp_path / "kubernetes/50-workloads.yaml"
    found = explain(file, line_with(file, "memory: 512Mi"))
    assert found.path == "workloads[api].containers[api].resources.requests.memory"
    assert found.to_json()["steps"][0]["value"] == "512Mi"


def test_the_folder_may_move_before_it_is_explained(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path / "build")
    (tmp_path / "build").rename(tmp_path / "elsewhere")
    file = tmp_path / "elsewhere/eksctl/cluster.yaml"
    assert explain(file, line_with(file, "version: .*1.36")).path == "cluster.version"


def test_every_line_with_text_below_the_head_is_explained(tmp_path: Path) -> None:
    bundle = render(sample_plan())
    write(bundle, tmp_path)
    for name, file in bundle.files.items():
        if name.endswith(".sh"):  # the words of a program are no values
            continue
        written = (tmp_path / name).read_text().splitlines()
        assert written == [line.text for line in file.lines]
        for number, line in enumerate(file.lines, 1):
            if line.text.strip() and not line.text.startswith(("#", "---")):
                assert line.path, f"{name}:{number}: {line.text}"
                if number % 11 == 0:  # reading the trace takes longer than making it
                    assert explain(tmp_path / name, number).steps


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("terraform/cluster.tf", 9999, "has no line 9999"),
        ("terraform/cluster.tf", 0, "has no line 0"),
        ("terraform/cluster.tf", 3, "holds no value"),
        ("terraform/nothing.tf", 1, "no such file"),
        ("terraform", 1, "no such file"),
        ("terraform/mine.tf", 1, "was not rendered"),
        ("terraform/network.tf", 1, "was edited"),
    ],
)
def test_what_cannot_be_explained_is_said_with_a_remedy(tmp_path: Path, name: str, line: int, message: str) -> None:
    write(render(sample_plan()), tmp_path)
    (tmp_path / "terraform/mine.tf").write_text("# mine\n")
    with (tmp_path / "terraform/network.tf").open("a") as file:
        file.write("# edited\n")
    with pytest.raises(InputError, match=message) as refused:
        explain(tmp_path / name, line)
    assert refused.value.problems[0].remedy


@pytest.mark.parametrize("trace", ["", "[]", '{"format": 99}', None])
def test_without_a_readable_trace_nothing_is_explained(tmp_path: Path, trace: str | None) -> None:
    (tmp_path / "a.tf").write_text("x\n")
    if trace is not None:
        (tmp_path / "trace.json").write_text(trace)
    with pytest.raises(InputError, match=r"has no trace\.json|not a trace"):
        explain(tmp_path / "a.tf", 1)


def test_the_trace_is_json_with_one_range_per_line() -> None:
    bundle = render(sample_plan())
    assert json.loads(bundle.trace_text) == json.loads(json.dumps(bundle.trace))
