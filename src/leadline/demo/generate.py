"""Writing the simulated company to disk: its export files and the truth about it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from leadline.demo import export, truth
from leadline.demo.simulate import simulate
from leadline.demo.truth import Truth

EXPORTS = "exports"
TRUTH = "truth.json"


def generate(out: Path, seed: int = 7) -> Truth:
    """Write two years of a simulated company into `out`: vendor-shaped files in `exports/`, and `truth.json`.

    The same seed gives the same bytes. Nothing depends on today's date.
    """
    world = simulate(seed)
    paths = export.write(world, out / EXPORTS)
    found = msgspec.structs.replace(truth.find(world), files=tuple(path.name for path in paths))
    (out / TRUTH).write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return found
