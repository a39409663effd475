"""A simulated company with known truth, generated from a seed. Never real data, and it says so everywhere."""

from __future__ import annotations

from leadline.demo.generate import generate
from leadline.demo.run import DemoResult, run
from leadline.demo.truth import Truth

__all__ = ["DemoResult", "Truth", "generate", "run"]
