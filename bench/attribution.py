"""What all attribution models cost together: a million paths of ten channels, rules, Markov 1 to 3 and Shapley.

    python bench/attribution.py [PATHS]

Paths have two touches on average and 9 % of them convert. The goal is ten seconds on two cores.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from leadline.attribution.compare import all_models, ranges
from leadline.attribution.path import Paths
from measure import cpu

CHANNELS = (
    "Affiliates", "Direct", "Display", "Email", "Organic Search",
    "Organic Social", "Paid Search", "Paid Social", "Paid Video", "Referral",
)  # fmt: skip
GOAL = 10.0


def draw(count: int, seed: int = 7) -> Paths:
    """`count` paths, one journey each."""
    random = np.random.default_rng(seed)
    lengths = random.geometric(0.49, count)
    size = int(lengths.sum())
    codes = random.choice(len(CHANNELS), size, p=np.arange(1, 11) / 55).astype(np.int64)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    pull = np.bincount(np.repeat(np.arange(count), lengths), codes * 0.012, minlength=count)
    converted = (random.random(count) < np.minimum(pull, 0.6) * 0.62).astype(np.float64)
    ages = random.integers(0, 30 * 86_400_000_000, size)
    order = np.lexsort((-ages, np.repeat(np.arange(count), lengths)))
    marks = random.choice(4, size, p=(0.9, 0.05, 0.04, 0.01)).astype(np.int64)
    return Paths(
        CHANNELS,
        codes,
        offsets,
        converted,
        converted * random.integers(10, 500, count),
        1.0 - converted,
        ages[order],
        marks,
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    paths = draw(count)
    print(f"{count:,} paths, {len(paths.codes):,} touches, {paths.conversions.sum():,.0f} conversions")
    begun, used = time.perf_counter(), cpu()
    credits = all_models(paths, orders=(1, 2, 3))
    wall, seconds = time.perf_counter() - begun, cpu() - used
    for each in credits:
        assert abs(each.total - paths.conversions.sum()) < 1e-6 * count, each.model
    for line in ranges(credits):
        print(f"  {line.channel:<16} {line.low:>10,.0f} ({line.low_model}) to {line.high:,.0f} ({line.high_model})")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(credits)} models: {wall:.2f} s of clock, {seconds:.2f} s of CPU, {peak:.0f} MB at the peak")
    # The models use one core, so on an idle machine the clock shows what the CPU did.
    print(f"goal {GOAL:g} s: {'met' if seconds <= GOAL else 'missed'}")


if __name__ == "__main__":
    main()
