"""Histograms whose old samples fade: what VPA's recommender remembers of a container's use. Pure arithmetic.

Upstream ``pkg/recommender/util/{histogram,decaying_histogram,histogram_options}.go`` and ``pkg/recommender/model/types.go``.
Times are seconds since the engine's epoch; values are cores or bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

#: Buckets below this weight count as empty; a thousandth of the least weight of a sample.
EPSILON = 0.0001
HALF_LIFE_SECONDS = 24 * 3600.0
#: The reference moves on when weights would grow beyond two to this power.
MAX_DECAY_EXPONENT = 100
#: Weights of a checkpoint are whole numbers, the largest of them this.
CHECKPOINT_WEIGHT = 10000


@dataclass(frozen=True)
class Buckets:
    """Bucket i begins at first * (ratio^i - 1) / (ratio - 1)."""

    first: float
    most: float
    ratio: float = 1.05

    @property
    def count(self) -> int:
        return math.ceil(math.log(self.most * (self.ratio - 1) / self.first + 1, self.ratio)) + 1

    def start(self, index: int) -> float:
        return self.first * (self.ratio**index - 1) / (self.ratio - 1)

    def find(self, value: float) -> int:
        if value < self.first:
            return 0
        index = math.floor(math.log(value * (self.ratio - 1) / self.first + 1, self.ratio))
        return min(index, self.count - 1)


#: From a hundredth of a core to a thousand cores; from ten megabytes to a terabyte.
CPU_BUCKETS, MEMORY_BUCKETS = Buckets(0.01, 1000.0), Buckets(1e7, 1e12)


@dataclass
class Histogram:
    """Mutable, because it takes a sample per container and minute; owned by one aggregate."""

    buckets: Buckets
    half_life_seconds: float = HALF_LIFE_SECONDS
    reference_seconds: float = 0.0
    weights: dict[int, float] = field(default_factory=dict)

    def add(self, value: float, weight: float, seconds: float) -> None:
        index = self.buckets.find(value)
        self.weights[index] = self.weights.get(index, 0.0) + weight * self._growth(seconds)

    def subtract(self, value: float, weight: float, seconds: float) -> None:
        """Take back what ``add`` gave."""
        index = self.buckets.find(value)
        left = self.weights.get(index, 0.0) - weight * self._growth(seconds)
        self.weights[index] = max(0.0, left)

    def _growth(self, seconds: float) -> float:
        """Later samples weigh more, which is the same as earlier ones fading."""
        if seconds > self.reference_seconds + self.half_life_seconds * MAX_DECAY_EXPONENT:
            self._move_reference(seconds)
        return float(2.0 ** ((seconds - self.reference_seconds) / self.half_life_seconds))

    def _move_reference(self, seconds: float) -> None:
        moved = round(seconds / self.half_life_seconds) * self.half_life_seconds
        scale = 2.0 ** round((self.reference_seconds - moved) / self.half_life_seconds)
        self.weights = {index: weight * scale for index, weight in self.weights.items()}
        self.reference_seconds = moved

    @property
    def is_empty(self) -> bool:
        return all(weight < EPSILON for weight in self.weights.values())

    def percentile(self, part: float) -> float:
        """The end of the bucket in which the weights first reach that part of their sum; 0 when empty."""
        filled = sorted(index for index, weight in self.weights.items() if weight >= EPSILON)
        if not filled:
            return 0.0
        threshold, reached = part * sum(self.weights.values()), 0.0
        found = filled[-1]
        for index in filled:
            reached += self.weights[index]
            if reached >= threshold:
                found = index
                break
        return self.buckets.start(found + 1 if found < self.buckets.count - 1 else found)

    def checkpoint(self) -> tuple[dict[str, int], float]:
        """(weights by bucket, scaled so that the largest is 10000; total weight)."""
        largest = max(self.weights.values(), default=0.0)
        if largest < EPSILON:
            return {}, 0.0
        ratio = CHECKPOINT_WEIGHT / largest
        scaled = {str(index): round(weight * ratio) for index, weight in sorted(self.weights.items())}
        return {index: weight for index, weight in scaled.items() if weight}, sum(self.weights.values())

    def load(self, weights: Mapping[str, int], total: float, reference_seconds: float) -> None:
        """Take the place of what a checkpoint says."""
        whole = sum(weights.values())
        self.reference_seconds = reference_seconds
        self.weights = {int(index): weight * total / whole for index, weight in weights.items()} if whole else {}
