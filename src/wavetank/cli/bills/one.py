"""The sheet of one bill: every line with its arithmetic and the source of its price."""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.cli.bills.figures import plain, three
from wavetank.cli.bills.sheet import Sheet
from wavetank.cost import Bill, Line, Range, UnitPrice

HEAD = ("", "line", "how", "quantity expected", "unit price", "floor", "expected", "ceiling")


def title(bill: Bill) -> str:
    return f"{bill.platform} ({bill.environment}) in {bill.region}: USD a month, as of {bill.on}"


def sheet_of(bill: Bill) -> Sheet:
    """Quantity × unit price = expected, for each line; [n] leads to the source below."""
    sources = _sources(bill)
    return Sheet(
        title=title(bill),
        head=HEAD,
        rows=tuple(_row(line, sources) for line in bill.lines),
        total=("", "total a month", "", "", "", *three(bill.total)),
        left=3,
        notes=(*_notes(bill), "", "Sources:", *(f"  [{number}] {text}" for text, number in sources.items())),
    )


def totals_of(bill: Bill, view: str, totals: Mapping[str, Range]) -> Sheet:
    """The same bill shared among components, workloads or teams."""
    return Sheet(
        title=title(bill),
        head=(view, "floor", "expected", "ceiling"),
        rows=tuple((name, *three(amount)) for name, amount in totals.items()),
        total=("total a month", *three(bill.total)),
        left=1,
        notes=tuple(_unpriced(bill)),
    )


def _row(line: Line, sources: Mapping[str, int]) -> tuple[str, ...]:
    reading = line.reading
    quantity = f"{plain(reading.quantity.expected)} {reading.unit}"
    words = (reading.component, reading.name, reading.how)
    if line.price is None or line.amount is None:
        return (*words, quantity, "unknown", "?", "?", "?")
    mark = ("†" if line.price.tiers else "") + ("" if line.price.confirmed else "*")
    price = f"{_usd(line.price)} [{sources[_source(line.price)]}]{mark}"
    return (*words, quantity, price, *three(line.amount))


def _usd(price: UnitPrice) -> str:
    """Exact: the price of a GB-second has ten decimals."""
    text = f"{price.usd.normalize():f}"
    return text if "." in text else f"{text}.00"


def _source(price: UnitPrice) -> str:
    return price.source + (f" ({price.date})" if price.date else "")


def _sources(bill: Bill) -> dict[str, int]:
    texts = dict.fromkeys(_source(line.price) for line in bill.lines if line.price is not None)
    return {text: number for number, text in enumerate(texts, 1)}


def _notes(bill: Bill) -> list[str]:
    notes = []
    if bill.unconfirmed:
        count = len(bill.unconfirmed)
        notes += [
            "",
            f"* {count} prices are not confirmed for {bill.region}; set them under cost.prices if yours differ.",
        ]
    if graded := [line for line in bill.lines if line.price is not None and line.price.tiers]:
        notes += ["", *dict.fromkeys(map(_graded_note, graded))]
    return [*notes, *_unpriced(bill)]


def _unpriced(bill: Bill) -> list[str]:
    names = ", ".join(line.reading.name for line in bill.unpriced)
    return ["", f"Not in the total, no price known: {names}."] if names else []


def _graded_note(line: Line) -> str:
    assert line.price is not None, "a graded line has a price"
    free = f"; the first {plain(line.price.free_units)} {line.reading.unit} of a month are free"
    return "† the price of the first step, it falls with volume" + (free if line.price.free_units else "")
