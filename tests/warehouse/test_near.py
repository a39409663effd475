"""The near copy brings what loads changed and no more, and begins anew where it does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from kit.duckengine import SCHEME, open_stand_in
from leadline.model.facts import FACTS
from leadline.warehouse.near import FILE, NearCopy, stretches
from leadline.warehouse.remote import RemoteWarehouse
from leadline.warehouse.remote_load import ROWS_A_LOAD
from leadline.workspace import Workspace


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("leadline.warehouse.remote.open_engine", open_stand_in)
    return make_workspace(tmp_path / "w", settings=f"warehouse: '{SCHEME}{tmp_path}/engine'\n")


def entry(who: str, day: int, **more: Any) -> dict[str, Any]:
    return {"person_id": who, "stage": "lead", "entered_at": f"2026-05-{day:02d}", "_key": f"{who}{day}", **more}


def caught_up(far: Workspace, folder: Path, address: str = "here") -> tuple[list[Any], list[str]]:
    """The rows of the near copy, which are those of the engine, and what was asked of the engine."""
    warehouse = far.warehouse()
    assert isinstance(warehouse, RemoteWarehouse)
    engine: Any = warehouse.engine
    engine.asked.clear()
    with NearCopy.at(folder, FACTS, address) as copy:
        copy.catch_up(engine)
        columns = "person_id, channel, is_first, _load, _key"
        for load in (None, 1, 2):
            kept = [
                one.rows(f"SELECT {columns} FROM {one.relation('stage_entry', load)} ORDER BY ALL")[1]
                for one in (copy, warehouse)
            ]
            assert kept[0] == kept[1], load
        rows = copy.rows("SELECT person_id, channel, is_first FROM fact.stage_entry ORDER BY ALL")[1]
    asked = [sql for sql in engine.asked if "version_stage_entry" in sql and "LIMIT" not in sql and "ORDER" not in sql]
    far.close()
    return rows, asked


def test_what_loads_changed_is_brought(far: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "near"
    give(far, {"stage_entry": [entry("ann", 2), entry("bob", 2)]})
    assert caught_up(far, folder)[0] == [("ann", None, True), ("bob", None, True)]
    place = (folder / FILE).stat().st_ino
    # An earlier entry takes the first place, another is corrected; nothing else is brought again.
    give(far, {"stage_entry": [entry("ann", 1), entry("bob", 2, channel="Email")]})
    rows, asked = caught_up(far, folder)
    assert rows == [("ann", None, False), ("ann", None, True), ("bob", "Email", True)]
    assert any("_until > 1" in sql for sql in asked)
    assert caught_up(far, folder)[1] == []
    assert (folder / FILE).stat().st_ino == place


@pytest.mark.parametrize("damage", ["address", "file", "half", "loads"])
def test_a_copy_that_does_not_fit_is_made_anew(far: Workspace, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "near"
    give(far, {"stage_entry": [entry("ann", 2)]})
    caught_up(far, folder)
    (folder / "timeline").mkdir()
    address = "here"
    match damage:
        case "address":
            address = "elsewhere"
        case "file":
            (folder / FILE).write_bytes(b"no database")
        case "half":
            with NearCopy.at(folder, FACTS, address) as copy:
                copy.con.execute("DROP TABLE ledger.copied")
        case _:
            with NearCopy.at(folder, FACTS, address) as copy:
                copy.con.execute("UPDATE ledger.load SET content = 'of another engine'")
    assert caught_up(far, folder, address)[0] == [("ann", None, True)]
    assert not (folder / "timeline").exists()


def test_a_copying_that_is_cut_short_has_not_been(far: Workspace, tmp_path: Path) -> None:
    give(far, {"stage_entry": [entry("ann", 2)]})
    warehouse: Any = far.warehouse()
    with NearCopy.at(tmp_path / "near", FACTS, "here") as copy, pytest.MonkeyPatch.context() as patch:
        patch.setattr(copy, "_bring", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            copy.catch_up(warehouse.engine)
        assert copy.con.execute("FROM ledger.load").fetchall() == []
    assert caught_up(far, tmp_path / "near")[0] == [("ann", None, True)]


def test_rows_come_in_stretches() -> None:
    """Small loads together, one that is too much alone in pieces; every row number lies in one of them."""
    loads = [(1, 3), (2, 3), (3, 1), (5, 25), (6, 2), (9, 9)]
    found = list(stretches(loads, 10))
    assert found[0] == (1 * ROWS_A_LOAD, 5 * ROWS_A_LOAD)
    assert [end - begin for begin, end in found[1:3]] == [10, 10]
    for load, rows in loads:
        for number in range(1, rows + 1):
            row = load * ROWS_A_LOAD + number
            assert sum(begin <= row < end for begin, end in found) == 1
    assert list(stretches([], 10)) == []
