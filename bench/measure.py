"""Measuring: CPU of this process and of child processes, interleaved, as medians; and a table of ratios with goals.

Clocks lie on a busy machine, CPU time lies less, and a ratio of two things measured turn by turn in one run lies least.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


def cpu(who: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def run(command: Sequence[str | Path], cwd: Path | None = None) -> float:
    """Seconds of CPU a child process takes; its output is dropped, its failure raised."""
    before = cpu(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return cpu(resource.RUSAGE_CHILDREN) - before


def call(work: Callable[[], object]) -> float:
    """Seconds of CPU (all threads) that a call takes in this process."""
    before = cpu()
    work()
    return cpu() - before


def interleave(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each contender, run turn by turn: A B A B."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, measure in contenders.items():
            taken[name].append(measure())
    return {name: statistics.median(values) for name, values in taken.items()}


def per_call(work: Callable[[], object], seconds: float = 1.0) -> float:
    """Seconds of wall clock one call takes once warm: the median over about `seconds` of calls."""
    work()
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken) < 5:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


@dataclass
class Table:
    """What was measured, against what was wanted."""

    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def ratio(self, what: str, ours: float, theirs: float, goal: float) -> None:
        value = ours / theirs
        self.rows.append(
            (what, _seconds(ours), _seconds(theirs), f"{value:.2f}", f"≤ {goal:g}{'' if value <= goal else '  missed'}")
        )

    def value(self, what: str, seconds: float, goal: float) -> None:
        missed = "" if seconds <= goal else "  missed"
        self.rows.append((what, _seconds(seconds), "", "", f"≤ {_seconds(goal)}{missed}"))

    def note(self, what: str, ours: float, theirs: float) -> None:
        self.rows.append((what, _seconds(ours), _seconds(theirs), f"{ours / theirs:.2f}", ""))

    def text(self) -> str:
        rows = [("", "Leadline", "by hand", "ratio", "goal"), *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if column in {0, 4} else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )


def _seconds(value: float) -> str:
    if value >= 1:
        return f"{value:.2f} s"
    if value >= 0.001:
        return f"{value * 1000:.3g} ms"
    return f"{value * 1e6:.0f} µs"
