"""One Terraform module: its files as one body, its variables with values, its resources with their arguments computed.

``count`` and ``for_each`` that can be computed give one resource each; otherwise there is one that is not ``certain``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from wavetank.checks.aws import UNKNOWN, Encoded, Reference, Resource, Unknown
from wavetank.checks.model import Place, Step, Where
from wavetank.checks.sources import SourceFile

from .cursor import SyntaxProblem
from .evaluate import Scope, is_known, value_of
from .parser import parse
from .syntax import Argument, Block, Body, Literal, Name, Object

#: arguments of resources and modules that are Terraform's own
META = ("count", "for_each", "depends_on", "provider", "providers", "lifecycle", "provisioner", "connection")
#: how many instances of one resource are made at the most
MAX_INSTANCES = 1000


@dataclass(frozen=True)
class Written:
    """A block and the file that it stands in."""

    block: Block
    file: str


@dataclass(frozen=True, eq=False)
class ModuleFiles:
    """What the folder of a module contains."""

    folder: str
    blocks: tuple[Written, ...]
    #: values of terraform.tfvars and *.auto.tfvars, and of the environment's own file
    variables: Mapping[str, Any]

    def of_type(self, *types: str) -> Iterator[Written]:
        return (written for written in self.blocks if written.block.type in types)

    @property
    def main_file(self) -> str:
        """The file that a finding about the whole module is put into."""
        names = sorted({written.file for written in self.blocks})
        preferred = [
            name for name in names if name.endswith(("/main.tf", "/versions.tf")) or name in ("main.tf", "versions.tf")
        ]
        return (preferred or names or [self.folder])[0]


def module_files(
    folder: str, files: Sequence[SourceFile], environment: str | None
) -> tuple[ModuleFiles, tuple[str, ...]]:
    """A module's files parsed, and what could not be read of them, in sentences."""
    blocks: list[Written] = []
    variables: dict[str, Any] = {}
    unread: list[str] = []
    for file in sorted(files, key=lambda f: (f.base.endswith(".tfvars"), _tfvars_rank(f.base), f.name)):
        try:
            if file.base.endswith(".tf"):
                blocks += [Written(block, file.name) for block in parse(file.text).blocks]
            elif _is_loaded(file.base, environment):
                variables |= _plain_values(parse(file.text))
        except SyntaxProblem as problem:
            unread.append(f"{file.name}:{problem.line}: cannot be read as HCL: {problem}")
    return ModuleFiles(folder, tuple(blocks), variables), tuple(unread)


def _tfvars_rank(base: str) -> int:
    """The order in which Terraform loads them: the later one wins."""
    return 0 if base == "terraform.tfvars" else 1 if base.endswith(".auto.tfvars") else 2


def _is_loaded(base: str, environment: str | None) -> bool:
    own = environment is not None and base == f"{environment}.tfvars"
    return base == "terraform.tfvars" or base.endswith(".auto.tfvars") or own


def _plain_values(body: Body) -> dict[str, Any]:
    nothing = Scope(lambda _: UNKNOWN)
    return {name: value_of(argument.value, nothing) for name, argument in body.arguments.items()}


class Module:
    """A module in use: with the arguments that its caller gives."""

    def __init__(
        self,
        files: ModuleFiles,
        all_files: Mapping[str, ModuleFiles],
        address: str = "",
        given: Mapping[str, Any] | None = None,
        depth: int = 0,
    ) -> None:
        self.files = files
        self.address = address
        self._all_files = all_files
        self._given = files.variables if given is None else given
        self._depth = depth
        self._busy: set[tuple[str, str]] = set()
        self._values: dict[tuple[str, str], Any] = {}

    # --- names

    @cached_property
    def scope(self) -> Scope:
        return Scope(self._root)

    def _root(self, word: str) -> Any:
        if word in ("var", "local", "module", "data"):
            return _Root(self, word)
        if word == "path":
            return {"module": ".", "root": ".", "cwd": "."}
        if word == "terraform":
            return {"workspace": "default"}
        if word in self._resource_types:
            return _Root(self, word)
        return UNKNOWN

    def named(self, root: str, name: str) -> Any:
        """``root.name``, computed once; UNKNOWN while it is being computed (a circle)."""
        key = (root, name)
        if key in self._values:
            return self._values[key]
        if key in self._busy:
            return UNKNOWN
        self._busy.add(key)
        try:
            self._values[key] = self._computed(root, name)
        finally:
            self._busy.discard(key)
        return self._values[key]

    def _computed(self, root: str, name: str) -> Any:
        match root:
            case "var":
                return self._variable(name)
            case "local":
                return self._local(name)
            case "module":
                return self._called(name)
            case "data":
                return _DataType(self, name)
        return self._resource_value(root, name)

    def _variable(self, name: str) -> Any:
        if name in self._given:
            return self._given[name]
        block = next((w.block for w in self.files.of_type("variable") if w.block.labels == (name,)), None)
        default = block.body.arguments.get("default") if block else None
        return value_of(default.value, self.scope) if default else UNKNOWN

    def _local(self, name: str) -> Any:
        for written in self.files.of_type("locals"):
            argument = written.block.body.arguments.get(name)
            if argument:
                return value_of(argument.value, self.scope)
        return UNKNOWN

    # --- modules

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The modules that this one uses, local and foreign ones."""
        return tuple(Call(self, written) for written in self.files.of_type("module") if written.block.labels)

    def _called(self, name: str) -> Any:
        call = next((call for call in self.calls if call.name == name), None)
        return call or UNKNOWN

    def child(self, call: Call) -> Module | None:
        """The local module behind a call; None for one from a registry."""
        files = self._all_files.get(_joined(self.files.folder, call.source)) if call.source.startswith(".") else None
        if files is None or self._depth > 8:
            return None
        return Module(files, self._all_files, call.address, call.body, self._depth + 1)

    # --- resources

    @cached_property
    def _resource_types(self) -> frozenset[str]:
        return frozenset(w.block.labels[0] for w in self.files.of_type("resource") if len(w.block.labels) == 2)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Its own resources, each instance of them."""
        written = [w for w in self.files.of_type("resource") if len(w.block.labels) == 2]
        return tuple(resource for each in written for resource in self.instances(each))

    def _resource_value(self, kind: str, name: str) -> Any:
        written = next((w for w in self.files.of_type("resource") if w.block.labels == (kind, name)), None)
        if written is None:
            return UNKNOWN
        body = written.block.body.arguments
        found = [_Instance(resource) for resource in self.instances(written)]
        if "count" in body:
            return found if all(each.resource.certain for each in found) else UNKNOWN
        if "for_each" in body:
            keys = [each.resource.name.rpartition('["')[2].removesuffix('"]') for each in found]
            return dict(zip(keys, found, strict=True)) if all(e.resource.certain for e in found) else UNKNOWN
        return found[0]

    def instances(self, written: Written) -> list[Resource]:
        """The resources that a block makes."""
        kind, name = written.block.labels
        address = f"{self.address}.{kind}.{name}".lstrip(".")
        return [
            self._resource(written, kind, address + suffix, scope, certain)
            for suffix, scope, certain in self.copies(written.block)
        ]

    def copies(self, block: Block) -> list[tuple[str, Scope, bool]]:
        """(suffix of the address, scope, certain) of each copy that count or for_each make."""
        arguments = block.body.arguments
        if "count" in arguments:
            count = value_of(arguments["count"].value, self.scope)
            if isinstance(count, int) and 0 <= count <= MAX_INSTANCES:
                return [(f"[{at}]", self.scope.with_names(count={"index": at}), True) for at in range(count)]
            return [("", self.scope.with_names(count={"index": UNKNOWN}), False)]
        if "for_each" in arguments:
            each = value_of(arguments["for_each"].value, self.scope)
            pairs = dict.fromkeys(each) if isinstance(each, list) and is_known(each) else each
            if isinstance(pairs, dict) and len(pairs) <= MAX_INSTANCES:
                rows = [(key, key if isinstance(each, list) else value) for key, value in pairs.items()]
                return [
                    (f'["{key}"]', self.scope.with_names(each={"key": key, "value": value}), True)
                    for key, value in rows
                ]
            unknown = {"key": UNKNOWN, "value": UNKNOWN}
            return [("", self.scope.with_names(each=unknown), False)]
        return [("", self.scope, True)]

    def _resource(self, written: Written, kind: str, address: str, scope: Scope, certain: bool) -> Resource:
        where = Where(partial(locate, written, address))
        return Resource(address, where, kind, body_of(written.block.body, scope), certain)


class Call:
    """A use of a module: ``module "vpc" { source = … }``; in expressions, what its outputs are."""

    def __init__(self, caller: Module, written: Written) -> None:
        self.written = written
        self.name = written.block.labels[0]
        self.address = f"{caller.address}.module.{self.name}".lstrip(".")
        self._caller = caller

    @cached_property
    def source(self) -> str:
        argument = self.written.block.body.arguments.get("source")
        value = value_of(argument.value, self._caller.scope) if argument else ""
        return value if isinstance(value, str) else ""

    @cached_property
    def certain(self) -> bool:
        return all(certain for _, _, certain in self._caller.copies(self.written.block))

    @cached_property
    def exists(self) -> bool:
        return bool(self._caller.copies(self.written.block))

    @cached_property
    def body(self) -> dict[str, Any]:
        copies = self._caller.copies(self.written.block)
        scope = copies[0][1] if len(copies) == 1 else Scope(lambda _: UNKNOWN)
        return body_of(self.written.block.body, scope)

    @cached_property
    def where(self) -> Where:
        return Where(partial(locate, self.written, self.address))

    @cached_property
    def module(self) -> Module | None:
        return self._caller.child(self)

    def attribute(self, name: str) -> Any:
        if self.module is None:
            return Reference(self.address, name)
        output = next((w.block for w in self.module.files.of_type("output") if w.block.labels == (name,)), None)
        argument = output.body.arguments.get("value") if output else None
        return value_of(argument.value, self.module.scope) if argument else UNKNOWN


@dataclass(frozen=True)
class _Root:
    """``var``, ``local``, ``module``, ``aws_vpc``…: the first word of a traversal."""

    module: Module
    word: str

    def attribute(self, name: str) -> Any:
        return self.module.named(self.word, name)


@dataclass(frozen=True)
class _DataType:
    module: Module
    kind: str

    def attribute(self, name: str) -> Any:
        written = next((w for w in self.module.files.of_type("data") if w.block.labels == (self.kind, name)), None)
        if written is not None and self.kind == "aws_iam_policy_document":
            return _Document(self.module, written, f"data.{self.kind}.{name}")
        return Reference(f"data.{self.kind}.{name}", "")


@dataclass(frozen=True)
class _Document:
    """An IAM policy document, the one data source that can be computed: its JSON is what the blocks say."""

    module: Module
    written: Written
    address: str

    def attribute(self, name: str) -> Any:
        if name != "json":
            return Reference(self.address, name)
        copies = self.module.copies(self.written.block)
        if len(copies) != 1:
            return UNKNOWN
        return PolicyDocument(body_of(self.written.block.body, copies[0][1]))


@dataclass(frozen=True)
class PolicyDocument:
    """In a resource's body: the policy of an ``aws_iam_policy_document``, as its blocks say it."""

    body: Mapping[str, Any]


@dataclass(frozen=True)
class _Instance:
    """A resource in an expression: its arguments are values, all else refers to it."""

    resource: Resource

    def attribute(self, name: str) -> Any:
        value = self.resource.body.get(name)
        if value is None or isinstance(value, Unknown):
            return Reference(self.resource.name, name)
        return value


def body_of(body: Body, scope: Scope) -> dict[str, Any]:
    """The arguments of a block with their values; its inner blocks are lists of maps, dynamic ones unrolled."""
    found: dict[str, Any] = {}
    for argument in body.arguments.values():
        if argument.name not in META:
            found[argument.name] = _settled(value_of(argument.value, scope))
    for block in body.blocks:
        if block.type == "dynamic" and block.labels:
            found.setdefault(block.labels[0], [])
            found[block.labels[0]] += _dynamic(block, scope)
        elif block.type not in META:
            found.setdefault(block.type, [])
            if isinstance(found[block.type], list):
                found[block.type].append(body_of(block.body, scope))
    return found


def _dynamic(block: Block, scope: Scope) -> list[Any]:
    arguments = block.body.arguments
    over = value_of(arguments["for_each"].value, scope) if "for_each" in arguments else UNKNOWN
    content = next(block.body.of_type("content"), None)
    if not isinstance(over, list | dict) or content is None:
        return [UNKNOWN]
    iterator = arguments.get("iterator")
    name = iterator.value.word if iterator and isinstance(iterator.value, Name) else block.labels[0]
    pairs = enumerate(over) if isinstance(over, list) else over.items()
    rows = [{"key": value if isinstance(over, list) else key, "value": value} for key, value in pairs]
    return [body_of(content.body, scope.with_names(**{name: row})) for row in rows]


def _settled(value: Any) -> Any:
    """A value as rules see it: objects of ours that stand for resources become references."""
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if isinstance(value, _Instance):
        return Reference(value.resource.name, "")
    if isinstance(value, Call):
        return Reference(value.address, "")
    if value is None or isinstance(value, str | int | float | Unknown | Reference | PolicyDocument):
        return value
    if isinstance(value, Encoded):
        return Encoded(_settled(value.value))
    return UNKNOWN


def locate(written: Written, address: str, steps: tuple[Step, ...]) -> Place:
    """The line of an argument, or of what is inside it, as far as the steps are blocks and arguments."""
    body, line = written.block.body, written.block.line
    names = [step for step in steps if isinstance(step, str)]
    indexes = {at: step for at, step in enumerate(steps) if isinstance(step, int)}
    for at, step in enumerate(steps):
        if not isinstance(step, str):
            continue
        if step in body.arguments:
            line = _line_inside(body.arguments[step], steps[at + 1 :])
            break
        blocks = list(body.of_type(step))
        which = indexes.get(at + 1, 0)
        if not blocks:
            break
        block = blocks[min(which, len(blocks) - 1)]
        body, line = block.body, block.line
    return Place(written.file, line, ".".join([address, *names]))


def _line_inside(argument: Argument, steps: tuple[Step, ...]) -> int:
    """The line of an entry in the map that an argument is."""
    expression, line = argument.value, argument.line
    for step in steps:
        if not isinstance(expression, Object):
            break
        found = next((e for e in expression.entries if e[0] == Literal(step)), None)
        if found is None:
            break
        expression, line = found[1], found[2]
    return line


def _joined(folder: str, source: str) -> str:
    parts = folder.split("/") if folder else []
    for step in source.split("/"):
        if step == "..":
            parts = parts[:-1] if parts and parts[-1] != ".." else [*parts, ".."]
        elif step not in ("", "."):
            parts.append(step)
    return "/".join(parts)
