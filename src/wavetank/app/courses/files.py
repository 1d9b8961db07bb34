"""The course of files that wavetank did not write: a Terraform root, and manifests, charts or kustomizations.

The user's own folders are never written to: Terraform runs in a copy that contains what the root refers to beside itself, and
keeps its state there, whatever backend it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from wavetank.app.charts import Installed
from wavetank.app.courses.course import Stage, Written
from wavetank.app.courses.roots import copy_root
from wavetank.app.inputs import Inputs, inputs_of
from wavetank.app.terraform import keep_state_in
from wavetank.base.errors import InputError, Problem, ToolMissing
from wavetank.kube.types import Obj
from wavetank.twin.nodes.runtime.local_command import LocalCommand

ENVIRONMENT = "local"
ACCOUNT = "111122223333"
DEFINITION = "CustomResourceDefinition"
#: what others need first, as ``helm install`` orders kinds
_FIRST = (DEFINITION, "Namespace", "PriorityClass", "StorageClass", "ServiceAccount", "Secret", "ConfigMap")
_ONLY_TERRAFORM = (
    "terraform is not on PATH, and only it can run these files: install version 1.5 or newer from "
    "https://developer.hashicorp.com/terraform"
)
_DEFINITIONS = "00-definitions.yaml"


@dataclass(frozen=True)
class SourceFiles:
    """As the user names them. ``terraform`` is a folder with a root; ``variables`` are "NAME=VALUE"."""

    terraform: Path
    manifests: tuple[Path, ...] = ()
    charts: Installed = field(default_factory=Installed)
    variables: tuple[str, ...] = ()
    variable_files: tuple[Path, ...] = ()
    components: tuple[str, ...] = ()
    cluster: str = ""
    region: str = "us-east-1"


def files_course(
    files: SourceFiles, local_commands: Mapping[str, LocalCommand], environment: Mapping[str, str]
) -> FilesCourse:
    """InputError with every path that is wrong. ``environment`` is that of the programs that render charts."""
    problems = [*_terraform_problems(files.terraform), *_missing([*files.manifests, *files.variable_files])]
    if problems:
        raise InputError(problems)
    return FilesCourse(files, local_commands, environment)


def _terraform_problems(root: Path) -> list[Problem]:
    if not root.is_dir():
        return [Problem(str(root), 0, 0, "is no folder; --terraform takes the folder of a Terraform root")]
    if not any((*root.glob("*.tf"), *root.glob("*.tf.json"))):
        return [Problem(str(root), 0, 0, "has no .tf files; --terraform takes the folder of a Terraform root")]
    return []


def _missing(paths: Sequence[Path]) -> list[Problem]:
    return [Problem(str(path), 0, 0, "there is no such file or folder") for path in paths if not path.exists()]


@dataclass(frozen=True)
class FilesCourse:
    """See ``Course``."""

    files: SourceFiles
    local_commands: Mapping[str, LocalCommand]
    variables: Mapping[str, str]

    environment = ENVIRONMENT
    account_id = ACCOUNT

    @property
    def name(self) -> str:
        return self.files.terraform.resolve().name

    @property
    def source(self) -> str:
        return str(self.files.terraform)

    @property
    def region(self) -> str:
        return self.files.region

    @property
    def cluster(self) -> str:
        return self.files.cluster

    @property
    def components(self) -> Sequence[str]:
        return self.files.components

    @cached_property
    def terraform_words(self) -> Sequence[str]:
        files = [f"-var-file={path.resolve()}" for path in self.files.variable_files]
        return (*files, *(word for variable in self.files.variables for word in ("-var", variable)))

    def write(self, build: Path) -> Written:
        root = copy_root(self.files.terraform, build / "terraform")
        kubernetes = build / "kubernetes"
        kubernetes.mkdir(parents=True, exist_ok=True)
        inputs = self._inputs
        count = _write_objects(_objects(inputs), kubernetes)
        return Written(root, kubernetes, build / "helm" / "releases.yaml", count, inputs.left_out)

    @cached_property
    def _inputs(self) -> Inputs:
        return inputs_of(self.files.manifests, self.files.charts.environment, self.variables, self.files.charts)

    def before_terraform(self, written: Written, environment: Mapping[str, str]) -> Iterator[str]:
        keep_state_in(written.terraform)
        yield "Terraform's state is kept in the working copy, not in the backend that the files name"

    def create_without_terraform(self, environment: Mapping[str, str], tell: Callable[[str], None]) -> int:
        raise ToolMissing(_ONLY_TERRAFORM)

    def destroy_without_terraform(self, environment: Mapping[str, str]) -> None:
        raise ToolMissing(_ONLY_TERRAFORM)

    def stages(self, written: Written) -> Sequence[Stage]:
        definitions = written.kubernetes / _DEFINITIONS
        if not definitions.exists():
            return ()
        return (Stage("the kinds of custom resources come first", definitions, "condition=Established"),)

    def before_manifests(self, written: Written, environment: Mapping[str, str]) -> Sequence[str]:
        return ()


def _objects(inputs: Inputs) -> list[Obj]:
    """All objects of all files; InputError for a file that is not YAML. Tests of charts are not installed."""
    problems: list[Problem] = []
    objects: list[Obj] = []
    for file in inputs.files:
        if not file.name.endswith((".yaml", ".yml", ".json")):
            continue
        try:
            documents = list(yaml.safe_load_all(file.text))
        except yaml.YAMLError as wrong:
            problems.append(_problem(file.name, wrong))
            continue
        objects += [each for document in documents for each in _listed(document) if not _is_test(each)]
    if problems:
        raise InputError(problems)
    return objects


def _problem(name: str, wrong: yaml.YAMLError) -> Problem:
    mark = getattr(wrong, "problem_mark", None)
    text = getattr(wrong, "problem", None) or str(wrong)
    return Problem(name, mark.line + 1 if mark else 0, mark.column + 1 if mark else 0, f"is not YAML: {text}")


def _listed(document: object) -> list[Obj]:
    """The objects of a document: itself, those of a List, or none where it is something else (values, a configuration)."""
    if not isinstance(document, dict) or not {"apiVersion", "kind"} <= set(document):
        return []
    if str(document["kind"]).endswith("List") and isinstance(document.get("items"), list):
        return [each for item in document["items"] for each in _listed(item)]
    return [document] if isinstance(document.get("metadata"), dict) else []


def _is_test(obj: Obj) -> bool:
    hooks = str((obj["metadata"].get("annotations") or {}).get("helm.sh/hook", ""))
    return "test" in hooks or "delete" in hooks


def _write_objects(objects: Sequence[Obj], folder: Path) -> int:
    """One file for definitions, then one for each object, in an order in which what is needed comes first."""
    definitions = [obj for obj in objects if obj["kind"] == DEFINITION]
    if definitions:
        (folder / _DEFINITIONS).write_text(yaml.safe_dump_all(definitions, sort_keys=False))
    others = sorted((obj for obj in objects if obj["kind"] != DEFINITION), key=lambda obj: _rank(obj["kind"]))
    for number, obj in enumerate(others, 1):
        name = f"{number:04}-{obj['kind'].lower()}-{str(obj['metadata'].get('name', 'unnamed')).replace('/', '-')}.yaml"
        (folder / name).write_text(yaml.safe_dump(obj, sort_keys=False))
    return len(objects)


def _rank(kind: str) -> int:
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)
