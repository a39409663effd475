"""The simulated company: its demo is built once a run and copied; a copy costs what its files weigh, 50 MB."""

from __future__ import annotations

import pickle
import shutil
import time
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from kit.once import once
from leadline.demo import DemoResult, run

_FOLDER, _TOLD = "fathomere", "told.pickle"


class Built(Struct, frozen=True):
    """A demo of one's own to change, and the CPU seconds that building it took."""

    demo: DemoResult
    cpu: float

    @property
    def folder(self) -> Path:
        return self.demo.folder


def built(factory: pytest.TempPathFactory) -> Built:
    """A fresh copy of the demo with all that its run told."""
    place = once(factory, "demo", _build)
    folder = factory.mktemp("demo") / _FOLDER
    shutil.copytree(place / _FOLDER, folder)
    told, cpu = pickle.loads((place / _TOLD).read_bytes())
    return Built(replace(told, folder=folder, report=folder / told.report.name), cpu)


def _build(place: Path) -> None:
    begun = time.process_time()
    result = run(place / _FOLDER)
    cpu = time.process_time() - begun
    (place / _TOLD).write_bytes(pickle.dumps((result, cpu)))
