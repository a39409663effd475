"""Random draws from one seed: the same seed gives the same company, byte for byte."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice(Random):
    """A seeded source of draws; each part of the simulation has its own, so that parts do not disturb each other."""

    def __init__(self, seed: int, part: str) -> None:
        super().__init__(f"{part}:{seed}")

    def __new__(cls, seed: int, part: str) -> Dice:
        # TRICKY: the C base class hashes its first argument; a plain instance avoids handing it both of ours.
        return super().__new__(cls)

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.random() < probability

    def poisson(self, mean: float) -> int:
        """A Poisson count; above 60 the normal approximation, rounded and never negative."""
        if mean <= 0:
            return 0
        if mean > 60:
            return max(0, round(self.gauss(mean, math.sqrt(mean))))
        limit = math.exp(-mean)
        count, product = 0, self.random()
        while product > limit:
            count += 1
            product *= self.random()
        return count

    def binomial(self, trials: int, probability: float) -> int:
        """How many of `trials` succeed; with many trials the normal approximation, kept within 0 and `trials`."""
        if trials <= 0 or probability <= 0:
            return 0
        if probability >= 1:
            return trials
        variance = trials * probability * (1 - probability)
        if trials > 40 and variance > 9:
            return min(trials, max(0, round(self.gauss(trials * probability, math.sqrt(variance)))))
        if probability < 0.2:
            return self._rare(trials, probability)
        return sum(self.random() < probability for _ in range(trials))

    def _rare(self, trials: int, probability: float) -> int:
        """Successes that are far apart: jumps from one to the next (the gaps are geometric) instead of every trial."""
        per_trial = math.log1p(-probability)
        count, position = 0, 0
        while True:
            position += int(math.log(1 - self.random()) / per_trial) + 1
            if position > trials:
                return count
            count += 1

    def around(self, value: float, sigma: float) -> float:
        """`value` times a lognormal noise with median 1."""
        return value * math.exp(self.gauss(0, sigma))

    def pick(self, values: Sequence[T], weights: Sequence[float]) -> T:
        """One of `values`, by weight."""
        return self.choices(values, weights)[0]
