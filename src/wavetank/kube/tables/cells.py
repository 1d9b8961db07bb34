"""What the columns of all tables are made of: columns, ages, lists that are cut short."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from .. import times
from ..selectors import InvalidSelectorError, LabelSelector
from ..types import Obj

Cell: TypeAlias = str | int | float | bool | None

NONE = "<none>"
UNSET = "<unset>"
UNKNOWN = "<unknown>"
MAX_LISTED = 3


@dataclass(frozen=True)
class Column:
    """One ``TableColumnDefinition``; kubectl hides columns with a priority above 0 unless asked for ``-o wide``."""

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0

    def definition(self) -> Obj:
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


@dataclass(frozen=True)
class Printer:
    """The table of one kind: its columns, and the cells of one object at a time."""

    columns: tuple[Column, ...]
    cells: Callable[[Obj, datetime], list[Cell]]


NAME = Column("Name", format="name", description="Name of the object, unique among its kind in its namespace.")
AGE = Column("Age", description="Time since the object was created.")


def wide(name: str, type: str = "string", description: str = "") -> Column:
    """A column that only ``-o wide`` shows."""
    return Column(name, type, description=description, priority=1)


CONTAINERS = wide("Containers", description="Names of each container in the template.")
IMAGES = wide("Images", description="Images referenced by each container in the template.")
SELECTOR = wide("Selector", description="What selects the pods.")


def name_of(obj: Obj) -> str:
    return str((obj.get("metadata") or {}).get("name", ""))


def spec_of(obj: Obj) -> Obj:
    return obj.get("spec") or {}


def status_of(obj: Obj) -> Obj:
    return obj.get("status") or {}


def is_terminating(obj: Obj) -> bool:
    return bool((obj.get("metadata") or {}).get("deletionTimestamp"))


def since(moment: str | None, now: datetime) -> str:
    """The age of an RFC 3339 time, ``<unknown>`` when there is none."""
    return times.human_duration((now - _moment(moment)).total_seconds()) if moment else UNKNOWN


@lru_cache(maxsize=8192)
def _moment(text: str) -> datetime:
    return times.parse(text)


def age(obj: Obj, now: datetime) -> str:
    return since((obj.get("metadata") or {}).get("creationTimestamp"), now)


def between(start: str, end: str) -> str:
    return times.human_duration((times.parse(end) - times.parse(start)).total_seconds())


def or_none(text: str | None) -> str:
    return text or NONE


def joined(items: Iterable[str], separator: str = ",") -> str:
    return separator.join(items)


def with_more(listed: Sequence[str], maximum: int = MAX_LISTED, separator: str = ",") -> str:
    """The first ``maximum`` entries, and how many more there are."""
    text = separator.join(listed[:maximum])
    return f"{text} + {len(listed) - maximum} more..." if len(listed) > maximum else text


def labels_text(labels: Mapping[str, str] | None) -> str:
    """``a=b,c=d`` in order of the keys (``labels.FormatLabels``)."""
    return joined(f"{k}={v}" for k, v in sorted((labels or {}).items())) or NONE


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """A selector object in its short form (``metav1.FormatLabelSelector``)."""
    try:
        return str(LabelSelector.from_object(selector)) or NONE
    except InvalidSelectorError:
        return "<error>"


def container_cells(template_spec: Obj | None) -> list[Cell]:
    """Names and images of the containers of a pod template."""
    containers: Sequence[Obj] = (template_spec or {}).get("containers") or ()
    return [joined(c.get("name", "") for c in containers), joined(c.get("image", "") for c in containers)]


def template_spec(obj: Obj) -> Obj:
    return (spec_of(obj).get("template") or {}).get("spec") or {}
