"""Strategic merge patch: a merge that knows which lists are keyed, which are sets and which are replaced.

The API's PATCH handler calls this for built-in kinds. It follows ``mergeMap`` and ``mergeSlice`` of apimachinery's
``util/strategicpatch/patch.go``, and never changes what it is given.

A patch may hold directives: ``$patch: replace|delete|merge`` in a map or list element, ``$retainKeys`` in a map,
``$setElementOrder/<list>`` and ``$deleteFromPrimitiveList/<list>`` beside a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import ApiError, Cause, bad_request, invalid
from .gotext import go_value
from .patch import go_type
from .schema import ANY, Node
from .types import Obj

_DIRECTIVE = "$patch"
_RETAIN_KEYS = "$retainKeys"
_DELETE_PREFIX = "$deleteFromPrimitiveList/"
_ORDER_PREFIX = "$setElementOrder/"

_BAD_RETAIN_KEYS = "invalid patch format of retainKeys"
_BAD_PRIMITIVES = "invalid patch format of primitive list"
_BAD_ORDER = "invalid patch format of setElementOrder list"


def strategic_merge(original: Obj, patch: Any, node: Node) -> Obj:
    """``original``, whose structure is ``node``, with ``patch`` merged into it.

    Raises ApiError: 400 when the patch or one of its directives has the wrong shape, 500 without a reason when a list
    element lacks its merge key, as a real server does.
    """
    if not isinstance(patch, dict):
        raise bad_request(f"json: cannot unmarshal {go_type(patch)} into Go value of type map[string]interface {{}}")
    return _merged_map(original, patch, node)


def invalid_patch(patch: Any, why: str) -> ApiError:
    """422: the merged object cannot be decoded, for example because a number became a string."""
    text = go_value(patch)
    return invalid("", "", "", [Cause("FieldValueInvalid", f'Invalid value: "{text}": {why}', "patch")])


def _merged_map(original: Mapping[str, Any], patch: Mapping[str, Any], node: Node) -> Obj:
    if _DIRECTIVE in patch:
        return _directed(original, patch, node)
    merged = _retained(original, patch)
    ordered = {k.removeprefix(_ORDER_PREFIX): v for k, v in patch.items() if k.startswith(_ORDER_PREFIX)}
    for field, order in ordered.items():
        _merge_in_order(merged, patch, field, order, _field(node, field))
    for key, value in patch.items():
        if key == _RETAIN_KEYS or key.startswith(_ORDER_PREFIX) or key in ordered:
            continue
        if key.startswith(_DELETE_PREFIX):
            _delete_from_primitives(merged, key.removeprefix(_DELETE_PREFIX), value)
        else:
            _merge_field(merged, key, value, _field(node, key))
    return merged


def _directed(original: Mapping[str, Any], patch: Mapping[str, Any], node: Node) -> Obj:
    rest = {k: v for k, v in patch.items() if k != _DIRECTIVE}
    match patch[_DIRECTIVE]:
        case "replace":
            return rest
        case "delete":
            return {}
        case "merge":
            return _merged_map(original, rest, node)
        case other:
            raise _unprocessable(f"unknown patch type: {other} in map: {go_value(dict(patch))}")


def _retained(original: Mapping[str, Any], patch: Mapping[str, Any]) -> Obj:
    """A copy of ``original`` with only the keys that ``$retainKeys`` lists, if the patch has it."""
    if _RETAIN_KEYS not in patch:
        return dict(original)
    keys = patch[_RETAIN_KEYS]
    if not isinstance(keys, list) or not all(isinstance(k, str) for k in keys):
        raise bad_request(_BAD_RETAIN_KEYS)
    if any(not k.startswith("$") and k not in keys for k in patch):
        raise bad_request(_BAD_RETAIN_KEYS)
    return {k: v for k, v in original.items() if k in keys}


def _field(node: Node, key: str) -> Node:
    return node.fields.get(key) or node.additional or ANY


def _merge_field(merged: Obj, key: str, value: Any, node: Node) -> None:
    old = merged.get(key)
    if value is None:
        merged.pop(key, None)
    elif isinstance(old, dict) and isinstance(value, dict):
        replaced = "replace" in node.patch_strategies
        merged[key] = without_directives(value) if replaced else _merged_map(old, value, node)
    elif isinstance(old, list) and isinstance(value, list) and "merge" in node.patch_strategies:
        merged[key] = _merged_list(old, value, node)
    elif isinstance(old, list) and isinstance(value, list):
        merged[key] = value
    else:
        merged[key] = without_directives(value)


def without_directives(value: Any) -> Any:
    """What a patch adds where there was nothing to merge with: no directives, no nulls, no deleted elements."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if v is not None and not _is_directive(k)}
        return {k: without_directives(v) for k, v in kept.items()}
    if isinstance(value, list):
        return [without_directives(v) for v in value if not (isinstance(v, dict) and v.get(_DIRECTIVE) == "delete")]
    return value


def _is_directive(key: str) -> bool:
    return key in (_DIRECTIVE, _RETAIN_KEYS) or key.startswith((_DELETE_PREFIX, _ORDER_PREFIX))


def _delete_from_primitives(merged: Obj, field: str, values: Any) -> None:
    if not isinstance(values, list):
        raise bad_request(_BAD_PRIMITIVES)
    if isinstance(merged.get(field), list):
        merged[field] = [v for v in merged[field] if v not in values]


def _merge_in_order(merged: Obj, patch: Mapping[str, Any], field: str, order: Any, node: Node) -> None:
    """Merge the list ``field`` and give it the order that ``$setElementOrder`` asks for."""
    if not isinstance(order, list):
        raise bad_request(_BAD_ORDER)
    old, new = merged.get(field), patch.get(field)
    if field in patch and new is None:
        merged.pop(field, None)
        return
    if not isinstance(old, list) and not isinstance(new, list):
        return
    live: Sequence[Any] = old if isinstance(old, list) else []
    if isinstance(old, list) and isinstance(new, list):
        items, live = _merged_list(old, new, node), _order_left_behind(old, new, node)
    else:
        items = old if isinstance(old, list) else without_directives(new)
    merged[field] = _in_order(items, order, live, node.patch_merge_key)


def _order_left_behind(original: Sequence[Any], patch: Sequence[Any], node: Node) -> Sequence[Any]:
    """What upstream takes for the live order: deletions close up in place and new elements fill the freed places.

    ``mergeSliceWithSpecialElements`` changes the array that ``mergePatchIntoOriginal`` still looks at.
    """
    key = node.patch_merge_key
    if not key or not _holds_maps(original, patch):
        return original
    kept, added = _after_element_directives(original, patch, key)
    return _merged_elements(kept, added, key, node.items or ANY)[: len(original)]


def _merged_list(original: Sequence[Any], patch: Sequence[Any], node: Node) -> list[Any]:
    """Elements that the patch names come in its order; the others keep their places as well as they can."""
    if not _holds_maps(original, patch):
        merged = list(dict.fromkeys([*original, *patch]))
        return _in_order(merged, patch, original, "")
    key = node.patch_merge_key
    if not key:
        raise _refused(f"cannot merge lists without merge key for {node.go_type or 'list'}")
    kept, added = _after_element_directives(original, patch, key)
    merged_maps = _merged_elements(kept, added, key, node.items or ANY)
    return _in_order(merged_maps, added, kept, key)


def _holds_maps(*lists: Sequence[Any]) -> bool:
    items = [item for some in lists for item in some]
    if any(isinstance(i, list) for i in items):
        raise _unprocessable("lists of lists are not supported")
    if len({isinstance(i, dict) for i in items}) > 1:
        raise _refused(f"list element types are not identical: {go_value(items)}")
    return bool(items) and isinstance(items[0], dict)


def _key_value(element: Any, key: str) -> Any:
    if not isinstance(element, dict) or key not in element:
        raise _refused(f"map: {go_value(element)} does not contain declared merge key: {key}")
    return element[key]


def _after_element_directives(
    original: Sequence[Any], patch: Sequence[Any], key: str
) -> tuple[list[Any], list[dict[str, Any]]]:
    """``$patch: delete`` elements are taken out of the original; one ``$patch: replace`` empties it."""
    deleted, replace, plain = [], False, []
    for element in patch:
        match element.get(_DIRECTIVE) if isinstance(element, dict) else None:
            case None | "merge":
                plain.append({k: v for k, v in element.items() if k != _DIRECTIVE})
            case "delete":
                deleted.append(_key_value(element, key))
            case "replace":
                replace = True
            case other:
                raise _unprocessable(f"unknown patch type: {other} in map: {go_value(element)}")
    kept = [] if replace else [e for e in original if not (isinstance(e, dict) and e.get(key) in deleted)]
    return kept, plain


def _merged_elements(
    original: Sequence[Any], patch: Sequence[Mapping[str, Any]], key: str, node: Node
) -> list[dict[str, Any]]:
    merged = list(original)
    places = {_hashable(_key_value(e, key)): i for i, e in reversed(list(enumerate(merged)))}
    for element in patch:
        place = places.get(_hashable(_key_value(element, key)))
        if place is None:
            places[_hashable(element[key])] = len(merged)
            merged.append(without_directives(dict(element)))
        else:
            merged[place] = _merged_map(merged[place], element, node)
    return merged


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else go_value(value)


def _in_order(items: Sequence[Any], wanted: Sequence[Any], live: Sequence[Any], key: str) -> list[Any]:
    """``items`` with those of ``wanted`` in that order and the others inserted by their order in ``live``."""

    def identity(item: Any) -> Any:
        return _hashable(_key_value(item, key)) if key else _hashable(item)

    rank = _ranks(wanted, identity)
    live_rank = _ranks(live, identity)
    named = sorted((i for i in items if identity(i) in rank), key=lambda i: rank[identity(i)])
    others = sorted((i for i in items if identity(i) not in rank), key=lambda i: live_rank.get(identity(i), -1))
    return _interleaved(others, named, lambda i: live_rank.get(identity(i), -1))


def _ranks(items: Sequence[Any], identity: Callable[[Any], Any]) -> dict[Any, int]:
    return {identity(item): at for at, item in reversed(list(enumerate(items)))}


def _interleaved(left: Sequence[Any], right: Sequence[Any], rank: Callable[[Any], int]) -> list[Any]:
    """``left`` inserted into ``right``: an element goes before the first one that the live list has after it."""
    merged: list[Any] = []
    i = 0
    for item in right:
        while i < len(left) and 0 <= rank(left[i]) < rank(item):
            merged.append(left[i])
            i += 1
        merged.append(item)
    return [*merged, *left[i:]]


def _refused(message: str) -> ApiError:
    """An error of the merge itself, which a real server passes on as a 500 without a reason."""
    return ApiError(500, "", message)


def _unprocessable(why: str) -> ApiError:
    cause = Cause("UnexpectedServerResponse", why)
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", causes=[cause])
