"""A plugin: all workspaces that tests make have their warehouse on one engine, the first of LEADLINE_ENGINES.

LEADLINE_ENGINES=postgres python -m pytest -p engines.everywhere tests/plan
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import kit
from engines.places import CHOSEN, lacking, places


@pytest.fixture(scope="session", autouse=True)
def on_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    engine = CHOSEN[0]
    reason = lacking(engine)
    if reason:
        pytest.fail(reason)
    with places(engine, tmp_path_factory.mktemp(engine)) as place:
        kit.place = place
        yield
        kit.place = None
