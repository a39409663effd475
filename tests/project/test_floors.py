"""The import graph has no circle, keeps to the floors, and every room stands on one of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]


@cache
def imports() -> dict[str, frozenset[str]]:
    """Who imports whom. The package itself is left out: it is a door that opens the rooms when first asked."""
    graph = grimp.build_graph("leadline", exclude_type_checking_imports=True, cache_dir=None)
    return {
        module: frozenset(graph.find_modules_directly_imported_by(module) - {"leadline"})
        for module in graph.modules - {"leadline"}
    }


def room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def order(graph: Mapping[str, Iterable[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports go in a circle: {' → '.join(error.args[1])}")


def test_modules_import_in_one_direction() -> None:
    order(imports())


def test_rooms_import_in_one_direction() -> None:
    rooms: dict[str, set[str]] = {}
    for module, targets in imports().items():
        rooms.setdefault(room(module), set()).update(room(target) for target in targets)
    order({name: targets - {name} for name, targets in rooms.items()})


def test_every_room_has_a_floor() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    rooms = {room(module) for module in imports()} - {"leadline.__main__"}
    assert rooms <= set(contract["layers"])


def test_a_circle_is_found() -> None:
    with pytest.raises(pytest.fail.Exception, match="circle"):
        order({"a": {"b"}, "b": {"a"}})
