"""A load can be taken back, and the taking back is on record like everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.errors import UsageError
from leadline.warehouse.undo import describe_load, last_load, loads_of_source, undo_load
from leadline.workspace import Workspace


def row(key: str, spend: float, day: str = "2026-01-01") -> dict[str, object]:
    return {"_key": key, "date": day, "spend": spend, "currency": "EUR"}


@pytest.fixture
def loaded(tmp_path: Path) -> Workspace:
    """Load 1 brings a and b, load 2 restates b and adds c, load 3 restates b again."""
    workspace = make_workspace(tmp_path)
    give(workspace, {"ad": [row("a", 1), row("b", 2)]}, source="ads")
    give(workspace, {"ad": [row("b", 20), row("c", 3)]}, source="ads")
    give(workspace, {"ad": [row("b", 200)]}, source="ads")
    give(workspace, {"ad": [row("a", 1000)]}, source="other")
    return workspace


def spend(workspace: Workspace, load: int | None = None) -> dict[tuple[str, str], float]:
    warehouse = workspace.warehouse()
    rows = warehouse.con.execute(
        f"SELECT _source, _key, CAST(spend AS DOUBLE) FROM {warehouse.relation('ad', load)}"
    ).fetchall()
    return {(source, key): value for source, key, value in rows}


OTHER = {("other", "a"): 1000}


def test_the_last_load_is_taken_back_and_what_it_replaced_returns(loaded: Workspace) -> None:
    warehouse = loaded.warehouse(write=True)
    undo_load(warehouse, 3)
    assert spend(loaded) == {("ads", "a"): 1, ("ads", "b"): 20, ("ads", "c"): 3} | OTHER
    assert spend(loaded, 4) == {("ads", "a"): 1, ("ads", "b"): 200, ("ads", "c"): 3} | OTHER
    loaded.close()


def test_a_load_in_the_middle_leaves_the_newest_word(loaded: Workspace) -> None:
    warehouse = loaded.warehouse(write=True)
    undo_load(warehouse, 2)
    assert spend(loaded) == {("ads", "a"): 1, ("ads", "b"): 200} | OTHER
    loaded.close()


def test_a_whole_source_goes_and_others_stay(loaded: Workspace) -> None:
    warehouse = loaded.warehouse(write=True)
    for load in loads_of_source(warehouse, "ads"):
        undo_load(warehouse, load)
    assert spend(loaded) == OTHER
    with pytest.raises(UsageError):
        loads_of_source(warehouse, "ads")
    assert last_load(warehouse) == 4
    loaded.close()


@pytest.mark.parametrize("order", [(3, 2), (2, 3)])
def test_the_order_of_taking_back_is_irrelevant(loaded: Workspace, order: tuple[int, ...]) -> None:
    warehouse = loaded.warehouse(write=True)
    for load in order:
        undo_load(warehouse, load)
    assert spend(loaded) == {("ads", "a"): 1, ("ads", "b"): 2} | OTHER
    loaded.close()
    give(loaded, {"ad": [row("b", 7), row("c", 8)]}, source="ads")
    assert spend(loaded) == {("ads", "a"): 1, ("ads", "b"): 7, ("ads", "c"): 8} | OTHER
    loaded.close()


def test_rows_a_snapshot_removed_stay_removed(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    give(workspace, {"ad": [row("a", 1), row("b", 2)]}, source="ads", mode="snapshot")
    give(workspace, {"ad": [row("a", 1)]}, source="ads", mode="snapshot")
    give(workspace, {"ad": [row("a", 5)]}, source="ads", mode="snapshot")
    warehouse = workspace.warehouse(write=True)
    undo_load(warehouse, 3)
    assert spend(workspace) == {("ads", "a"): 1}
    undo_load(warehouse, 2)
    assert spend(workspace) == {("ads", "a"): 1, ("ads", "b"): 2}
    workspace.close()


def test_what_was_taken_back_can_be_loaded_again(loaded: Workspace) -> None:
    warehouse = loaded.warehouse(write=True)
    content = warehouse.con.execute("SELECT content FROM ledger.load WHERE id = 3").fetchone()
    assert content is not None
    assert warehouse.loaded("ads", content[0], "test") == 3
    undo_load(warehouse, 3)
    assert warehouse.loaded("ads", content[0], "test") is None
    loaded.close()


@pytest.mark.parametrize("load", [99, 3])
def test_nothing_is_taken_back_twice(loaded: Workspace, load: int) -> None:
    warehouse = loaded.warehouse(write=True)
    undo_load(warehouse, 3)
    with pytest.raises(UsageError):
        describe_load(warehouse, load)
    loaded.close()
