"""The scalar types of the spec: names, CIDRs, quantities, numbers, with the mistake said in words when they are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from ipaddress import IPv4Network
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from wavetank import catalog
from wavetank.kube import quantity
from wavetank.spec.problems import nearest, refuse, suggestion

Item = TypeVar("Item")


class Written(BaseModel):
    """Base of everything an author writes: camelCase keys, no unknown ones, no guessing between types, frozen."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
    )
    #: JSON Schemas of the shorter ways to write it, which a model's before-validator expands
    short_forms: ClassVar[tuple[dict[str, Any], ...]] = ()

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema for editors: the long form or one of the short ones."""
        schema = handler(core_schema)
        if cls.short_forms:
            definition = handler.resolve_ref_schema(schema)
            long_form = dict(definition)
            definition.clear()
            definition.update({"description": long_form.pop("description", ""), "anyOf": [long_form, *cls.short_forms]})
        return schema


#: a list; YAML gives lists, the models hold tuples
Many = Annotated[tuple[Item, ...], Field(strict=False)]


def short_form(expand: Callable[[Any], Any], written: Any) -> BeforeValidator:
    """A shorter way to write a mapping; ``written`` is its type, for the JSON Schema."""
    return BeforeValidator(expand, json_schema_input_type=written)


def one_or_more(item: Any) -> BeforeValidator:
    """A list of which a single element may be written without a dash; ``item`` is the element's type."""
    return short_form(_listed, list[item] | item | None)


def _listed(value: Any) -> Any:
    if value == []:
        return refuse("the list is empty", "Name at least one, or leave the key out where it may be absent.")
    return value if isinstance(value, list) or value is None else [value]


def any_number(item: Any) -> BeforeValidator:
    """As ``one_or_more``, where an empty list means something: none at all, as opposed to nothing said."""
    return short_form(
        lambda value: value if isinstance(value, list) or value is None else [value], list[item] | item | None
    )


#: JSON Schemas of the usual short forms
WORD = {"type": "string"}
WHOLE_NUMBER = {"type": "integer"}
SWITCH = {"type": "boolean"}


def mapping_with(*keys: str) -> dict[str, Any]:
    """JSON Schema of a short mapping: one of these keys at least, others unchecked."""
    return {"type": "object", "anyOf": [{"required": [key]} for key in keys]}


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _setting(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else _text(value)


#: text in which a bare number is taken as it is written: 1.30 stays "1.30"
Text = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int | float)]
#: text for environment variables and ConfigMaps, where true and 5 are common and mean "true" and "5"
Setting = Annotated[str, BeforeValidator(_setting, json_schema_input_type=str | int | float | bool)]


def _decimal(value: Any) -> Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    return refuse(f"expected a number, found {value!r}" if not isinstance(value, str) else f'"{value}" is not a number')


def _not_negative(value: Decimal) -> Decimal:
    return value if value >= 0 else refuse(f"{value} is below zero")


Number = Annotated[
    Decimal,
    BeforeValidator(_decimal, json_schema_input_type=float),
    AfterValidator(_not_negative),
]
Count = Annotated[int, AfterValidator(lambda value: value if value >= 0 else refuse(f"{value} is below zero"))]
Positive = Annotated[int, AfterValidator(lambda value: value if value > 0 else refuse(f"{value} must be at least 1"))]
Percent = Annotated[
    int,
    AfterValidator(lambda value: value if 1 <= value <= 100 else refuse(f"{value} is not a percentage of 1 to 100")),
]

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?$")


def _proposed_name(value: str) -> str:
    better = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")[:63]
    return f'For example "{better}".' if better else ""


def _dns_label(value: str) -> str:
    """RFC 1123 label, as Kubernetes asks of most names."""
    if _LABEL.match(value) and len(value) <= 63:
        return value
    return refuse(f'"{value}" is no name: lower-case letters, digits and dashes, at most 63', _proposed_name(value))


def _service_name(value: str) -> str:
    """RFC 1035 label: a Service's name must begin with a letter."""
    if _SERVICE.match(value) and len(value) <= 63:
        return value
    return refuse(f'"{value}" is no name of a Service: like other names, and a letter first', _proposed_name(value))


def _subdomain(value: str) -> str:
    """RFC 1123 subdomain."""
    if _SUBDOMAIN.match(value) and len(value) <= 253:
        return value
    return refuse(f'"{value}" is no name: lower-case letters, digits, dashes and dots', _proposed_name(value))


Name = Annotated[str, AfterValidator(_dns_label)]
ServiceName = Annotated[str, AfterValidator(_service_name)]
DottedName = Annotated[str, AfterValidator(_subdomain)]


def _matching(pattern: str, what: str, remedy: str) -> AfterValidator:
    compiled = re.compile(pattern)
    return AfterValidator(
        lambda value: value if compiled.fullmatch(value) else refuse(f'"{value}" is not {what}', remedy)
    )


AccountId = Annotated[Text, _matching(r"\d{12}", "an AWS account id", "Twelve digits; quote it when it begins with 0.")]
ClusterName = Annotated[
    str, _matching(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", "a cluster name", "Letters, digits, - and _; at most 100.")
]
RepositoryName = Annotated[
    str,
    _matching(
        r"[a-z0-9]+([._/-][a-z0-9]+)*", "a repository name", "Lower-case letters, digits and single . _ - / between."
    ),
]
Arn = Annotated[
    str, _matching(r"arn:aws[a-z-]*:[a-z0-9-]+:[^:]*:[^:]*:.+", "an ARN", "arn:aws:iam::<account>:role/<name>")
]


def _eks_version(value: str) -> str:
    known = [version.minor for version in catalog.eks_versions()]
    return value if value in known else refuse(f"EKS has no version {value}", f"The newest is {known[0]}.")


Minor = Annotated[
    Text,
    _matching(r"1\.\d+", "a Kubernetes minor", 'Major and minor only, for example "1.36".'),
    AfterValidator(_eks_version),
]
_CRON_NAMES = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat", re.IGNORECASE)
_CRON_FIELD = re.compile(r"(\*|\?|\d+(-\d+)?)(/\d+)?(,(\*|\d+(-\d+)?)(/\d+)?)*")
_CRON_MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")


def _cron_schedule(value: str) -> str:
    fields = _CRON_NAMES.sub("1", value).split()
    if value in _CRON_MACROS or (len(fields) == 5 and all(_CRON_FIELD.fullmatch(field) for field in fields)):
        return value
    return refuse(f'"{value}" is no schedule of cron', "Minute, hour, day, month, weekday: for example 0 2 * * *.")


CronSchedule = Annotated[str, AfterValidator(_cron_schedule)]
Duration = Annotated[str, _matching(r"\d+(ms|s|m|h)", "a duration", "A number and ms, s, m or h, for example 30s.")]


def check_cidr(value: str) -> str:
    """The range itself; refuses what is none, or not the beginning of its range."""
    try:
        network = IPv4Network(value, strict=False)
    except ValueError:
        return refuse(f'"{value}" is not an IPv4 range', "Write it in CIDR form, for example 10.0.0.0/16.")
    if "/" not in value or str(network) != value:
        return refuse(f'"{value}" is not the beginning of its range', f"Write {network}.")
    return value


Cidr = Annotated[str, AfterValidator(check_cidr)]


def _vpc_cidr(value: str) -> str:
    length = int(value.rpartition("/")[2])
    return (
        value if 16 <= length <= 28 else refuse(f"{value}: a VPC has a range of /16 to /28", "For example 10.0.0.0/16.")
    )


VpcCidr = Annotated[Cidr, AfterValidator(_vpc_cidr)]


def _quantity(value: str) -> str:
    try:
        quantity.parse(value)
    except ValueError:
        return refuse(f'"{value}" is not a quantity', _proposed_quantity(value))
    return value


def _proposed_quantity(value: str) -> str:
    units = re.match(r"([\d.]+)\s*([A-Za-z]+)$", value)
    better = (
        {"mb": "M", "mib": "Mi", "gb": "G", "gib": "Gi", "kb": "k", "kib": "Ki"}.get(units[2].lower())
        if units
        else None
    )
    return f"Write {units[1]}{better}." if units and better else "For example 250m, 2, 512Mi or 1Gi."


Quantity = Annotated[Text, AfterValidator(_quantity)]


def _int_or_percent(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{1,3}%", value):
        return value
    shown = value if isinstance(value, str) else type(value).__name__
    return refuse(f"{shown!r} is neither a number of pods nor a percentage", "For example 1 or 25%.")


IntOrPercent = Annotated[int | str, BeforeValidator(_int_or_percent, json_schema_input_type=int | str)]


def _port(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return refuse("a port is a number or the name of a container's port")
    if isinstance(value, int) and not 1 <= value <= 65535:
        return refuse(f"{value} is no port", "Ports are 1 to 65535.")
    return value


#: Kubernetes' IntOrString for ports
PortOrName = Annotated[int | str, BeforeValidator(_port, json_schema_input_type=int | str)]
Port = Annotated[int, AfterValidator(_port)]


def _region(value: str) -> str:
    return (
        value
        if value in catalog.regions()
        else refuse(f'unknown region "{value}"', suggestion(value, catalog.regions()))
    )


def _instance_type(value: str) -> str:
    known = catalog.instance_type_names()
    if value in known:
        return value
    family = [name for name in known if name.split(".")[0] == value.split(".")[0]]
    close = nearest(value, family or known)
    return refuse(
        f'unknown instance type "{value}"', f'Did you mean "{close}"?' if close else suggestion(value, family or known)
    )


Region = Annotated[str, AfterValidator(_region)]
InstanceTypeName = Annotated[str, AfterValidator(_instance_type)]


def _add_on_name(value: str) -> str:
    if catalog.addon(value) is not None:
        return value
    if value in catalog.installed_with_helm():
        return refuse(f'"{value}" is no EKS managed add-on', "Install its chart: list it under helmReleases.")
    return refuse(f'unknown add-on "{value}"', suggestion(value, catalog.addon_names()))


AddOnName = Annotated[str, AfterValidator(_add_on_name)]

_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")


def _label_value(value: str) -> str:
    if value == "" or (_LABEL_VALUE.match(value) and len(value) <= 63):
        return value
    return refuse(f'"{value}" is not a label value', "Letters, digits, dashes, underscores and dots, at most 63.")


LabelValue = Annotated[Setting, AfterValidator(_label_value)]
Labels = dict[str, LabelValue]


def shapeless(value: Any) -> Any:
    """Free JSON: fractions become floats, so that the value can be written into a manifest."""
    match value:
        case dict():
            return {key: shapeless(each) for key, each in value.items()}
        case list() | tuple():
            return [shapeless(each) for each in value]
        case Decimal():
            return float(value)
    return value


#: a mapping in somebody else's shape (a chart's values, an IAM condition), taken as it is
FreeObject = Annotated[dict[str, Any], BeforeValidator(shapeless, json_schema_input_type=dict[str, Any])]
