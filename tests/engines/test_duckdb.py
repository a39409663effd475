"""The embedded engine: the same answer whatever the machine's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadline.engines.duckdb import connect
from leadline.errors import DataError

SCRIPT = (
    "from leadline.engines.duckdb import connect\n"
    "print(connect().execute(\"SELECT CAST(TIMESTAMPTZ '2026-01-01 00:00:00+02' AS TIMESTAMP)\").fetchone()[0])"
)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_no_result_depends_on_the_machine_s_zone(zone: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=os.environ | {"TZ": zone}
    )
    assert done.stdout.strip() == "2025-12-31 22:00:00"


def test_a_file_that_is_no_database_is_refused_with_a_cure(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_text("this is not a database, whatever its name says" * 200, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        connect(path)
    assert caught.value.code == "warehouse-unreadable"
    assert caught.value.fix


def test_a_warehouse_in_use_says_so(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    connect(path).execute("CREATE TABLE t (i INTEGER)").close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb, time; c = duckdb.connect({str(path)!r}); print('held', flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(DataError) as caught:
            connect(path)
        assert caught.value.code == "warehouse-locked"
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout is not None:
            holder.stdout.close()
