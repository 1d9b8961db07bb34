"""The model: a random forest over 20 features, trained at start from the settings alone, hence equal in every replica."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from settings import FEATURES, Settings
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

TRAINING_ROWS = 1_000


@dataclass(frozen=True)
class Prediction:
    """``probability`` is that of the predicted class; ``probabilities`` are those of all classes, in class order."""

    prediction: int
    probability: float
    probabilities: tuple[float, ...]


class Model:
    """A trained classifier. Training takes a moment: ``trained`` blocks, so call it off the event loop."""

    def __init__(self, forest: RandomForestClassifier) -> None:
        self._forest = forest

    @classmethod
    def trained(cls, settings: Settings) -> Model:
        rows, labels = make_classification(
            n_samples=TRAINING_ROWS,
            n_features=FEATURES,
            n_informative=10,
            n_redundant=5,
            random_state=settings.random_state,
        )
        # One job: the container's CPU limit is one core, and threads of every replica would only queue for it.
        forest = RandomForestClassifier(settings.n_estimators, random_state=settings.random_state, n_jobs=1)
        return cls(forest.fit(rows, labels))

    def predict(self, rows: Sequence[Sequence[float]]) -> list[Prediction]:
        """One prediction a row; rows have ``FEATURES`` finite numbers each."""
        table = self._forest.predict_proba(np.asarray(rows, dtype=np.float64))
        return [_prediction(tuple(map(float, probabilities))) for probabilities in table]


def _prediction(probabilities: tuple[float, ...]) -> Prediction:
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    return Prediction(best, probabilities[best], probabilities)
