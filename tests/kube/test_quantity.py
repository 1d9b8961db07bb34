"""Quantities: exact, and printed as the API prints them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube import quantity

CANONICAL = {
    "0": "0",
    "0.5": "500m",
    "1.": "1",
    ".5": "500m",
    "+1": "1",
    "-1500m": "-1500m",
    "2000m": "2",
    "1000": "1k",
    "1024Mi": "1Gi",
    "1.5Gi": "1536Mi",
    "1000Ki": "1000Ki",
    "1048576Ki": "1Gi",
    "0.1Ki": "102400m",
    "1023Ki": "1023Ki",
    "0Mi": "0",
    "1e3": "1e3",
    "1E3": "1e3",
    "5e-1": "500e-3",
    "129e6": "129e6",
    "100000000k": "100G",
    "12E": "9223372036854775807",
    "1Ei": "1Ei",
    "0.1n": "1n",
    "3u": "3u",
}


@pytest.mark.parametrize(("written", "stored"), CANONICAL.items())
def test_a_quantity_is_stored_in_canonical_form(written: str, stored: str) -> None:
    assert quantity.canonical(written) == stored
    assert quantity.canonical(stored) == stored


@pytest.mark.parametrize(("written", "stored"), [(1, "1"), (0.5, "500m"), (1e-3, "1m"), (2000, "2k")])
def test_numbers_of_a_manifest_are_quantities(written: float, stored: str) -> None:
    assert quantity.canonical(written) == stored


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", quantity.WRONG_FORMAT),
        ("ten", quantity.WRONG_FORMAT),
        ("1 Gi", quantity.WRONG_FORMAT),
        ("1.2.3", quantity.WRONG_NUMBER),
        ("1gi", quantity.WRONG_FORMAT),
        ("1iM", quantity.WRONG_SUFFIX),
    ],
)
def test_a_mistake_is_named_as_kubernetes_names_it(text: str, message: str) -> None:
    with pytest.raises(quantity.InvalidQuantityError) as caught:
        quantity.parse(text)
    assert str(caught.value) == message


def test_milli_and_value_round_up() -> None:
    assert (quantity.milli("1n"), quantity.value("1m"), quantity.value("1500m")) == (1, 1, 2)
    assert (quantity.milli("250m"), quantity.value("64Mi")) == (250, 64 * 2**20)
    assert quantity.parse("1.5Gi") == Decimal(1536 * 2**20)


def test_sums_keep_the_suffixes_of_the_left_side() -> None:
    assert quantity.add("1Gi", "1G") == "2073741824"
    assert quantity.add("512Mi", "512Mi") == "1Gi"
    assert quantity.add("0", "1Gi") == "1Gi"
    assert quantity.subtract("1", "1500m") == "-500m"


def test_integers_print_in_their_family() -> None:
    assert (quantity.format_milli(1500), quantity.format_milli(2000)) == ("1500m", "2")
    assert (quantity.format_bytes(2**30), quantity.format_units(12000)) == ("1Gi", "12k")


SUFFIXES = ("n", "u", "m", "", "k", "M", "Ki", "Mi", "Gi")
AMOUNTS = st.builds(
    lambda number, suffix: f"{number}{suffix}",
    st.decimals(min_value=-(10**6), max_value=10**6, places=3).map(lambda d: format(d, "f")),
    st.sampled_from(SUFFIXES),
)
POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6}
FACTORS = {suffix: Fraction(10) ** power for suffix, power in POWERS.items()}
FACTORS |= {"Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30)}


def exactly(text: str) -> Fraction:
    """The amount as a fraction, rounded away from zero to a nano-unit as Kubernetes does."""
    suffix = text.lstrip("-0123456789.")
    nano = Fraction(text.removesuffix(suffix)) * FACTORS[suffix] * 10**9
    return Fraction(ceil(abs(nano)) * (-1 if nano < 0 else 1), 10**9)


@given(AMOUNTS)
def test_canonical_form_says_the_same_amount(text: str) -> None:
    assert quantity.parse(quantity.canonical(text)) == quantity.parse(text)
    assert Fraction(quantity.parse(text)) == exactly(text)


@given(AMOUNTS, AMOUNTS)
def test_arithmetic_is_that_of_fractions(a: str, b: str) -> None:
    assert Fraction(quantity.parse(quantity.add(a, b))) == exactly(a) + exactly(b)
    assert Fraction(quantity.parse(quantity.subtract(a, b))) == exactly(a) - exactly(b)
    assert quantity.compare(a, b) == (exactly(a) > exactly(b)) - (exactly(a) < exactly(b))
