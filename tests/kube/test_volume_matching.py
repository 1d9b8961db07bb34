"""Which volume a claim gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube import quantity
from wavetank.kube.types import Obj
from wavetank.kube.volume_matching import best_match, is_meant_for, mismatch


def volume(name: str, size: str = "10Gi", modes: Sequence[str] = ("ReadWriteOnce",), **spec: Any) -> Obj:
    own = {"capacity": {"storage": size}, "accessModes": list(modes), "storageClassName": "manual", **spec}
    return {"metadata": {"name": name}, "spec": own, "status": {"phase": "Available"}}


def claim(size: str = "10Gi", modes: Sequence[str] = ("ReadWriteOnce",), **spec: Any) -> Obj:
    own = {
        "resources": {"requests": {"storage": size}},
        "accessModes": list(modes),
        "storageClassName": "manual",
        **spec,
    }
    return {"metadata": {"name": "data", "namespace": "shop", "uid": "u1"}, "spec": own}


def name_of(found: Obj | None) -> str:
    return str(found["metadata"]["name"]) if found else ""


def test_the_smallest_volume_that_is_large_enough_wins() -> None:
    volumes = [volume("large", "100Gi"), volume("small", "5Gi"), volume("right", "12Gi"), volume("more", "20Gi")]
    assert name_of(best_match(claim("10Gi"), volumes)) == "right"


def test_volumes_with_fewer_access_modes_go_first_even_when_they_are_larger() -> None:
    volumes = [volume("both", "10Gi", ("ReadWriteOnce", "ReadWriteMany")), volume("one", "50Gi")]
    assert name_of(best_match(claim(), volumes)) == "one"


def test_class_selector_and_mode_have_to_fit() -> None:
    labelled = {**volume("labelled"), "metadata": {"name": "labelled", "labels": {"disk": "fast"}}}
    others = [volume("other-class", storageClassName="gp3"), volume("block", volumeMode="Block"), volume("plain")]
    selector = {"matchLabels": {"disk": "fast"}}
    assert name_of(best_match(claim(selector=selector), [*others, labelled])) == "labelled"
    assert best_match(claim(selector=selector), others) is None


def test_a_volume_that_is_reserved_for_the_claim_goes_before_every_other() -> None:
    reserved = volume("reserved", "500Gi", claimRef={"namespace": "shop", "name": "data"})
    elsewhere = volume("taken", "10Gi", claimRef={"namespace": "shop", "name": "other"})
    volumes = [volume("free"), elsewhere, reserved]
    assert name_of(best_match(claim(), volumes)) == "reserved"
    assert name_of(best_match(claim(), volumes, reserved_only=True)) == "reserved"
    assert best_match(claim(), [volume("free"), elsewhere], reserved_only=True) is None


def test_a_reservation_for_an_earlier_claim_of_the_name_is_none_for_this_one() -> None:
    reference = {"namespace": "shop", "name": "data", "uid": "an earlier one"}
    assert not is_meant_for(volume("v", claimRef=reference), claim())


def test_a_node_gets_only_volumes_that_it_can_reach_and_nobody_else_was_given() -> None:
    volumes = [volume("a"), volume("b"), volume("c")]
    found = best_match(claim(), volumes, reachable=lambda v: v["metadata"]["name"] != "a", taken={"b"})
    assert name_of(found) == "c"


def test_a_volume_that_is_named_but_unfit_is_refused_for_the_first_reason() -> None:
    assert mismatch(claim("20Gi"), volume("v", "10Gi")) == "requested PV is too small"
    assert mismatch(claim(storageClassName="gp3"), volume("v")) == "storageClassName does not match"
    assert mismatch(claim(volumeMode="Block"), volume("v")) == "incompatible volumeMode"
    assert mismatch(claim(modes=("ReadWriteMany",)), volume("v")) == "incompatible accessMode"
    assert mismatch(claim(), volume("v")) == ""


@given(st.lists(st.integers(1, 50), max_size=8), st.integers(1, 50))
def test_nothing_larger_than_needed_is_given_away(sizes: list[int], wanted: int) -> None:
    volumes = [volume(f"v{i}", f"{size}Gi") for i, size in enumerate(sizes)]
    found = best_match(claim(f"{wanted}Gi"), volumes)
    enough = [size for size in sizes if size >= wanted]
    if found is None:
        assert not enough
    else:
        assert quantity.value(found["spec"]["capacity"]["storage"]) == min(enough) * 1024**3
