"""What Leadline costs, as ratios to the same thing written by hand, in one run.

    python bench/run.py [--rounds 7]

Loading: CPU of `leadline load` against DuckDB's bare `read_csv` into a table; both as cold processes and as calls in a
warm one. Asking: a warm query (asked before: its plan is at hand) against the SQL an analyst would write over the same
table; a cold `leadline query` against a cold script with that SQL. Starting: `leadline --version`. Planning: from words
to SQL, once warm, of a question not asked before.
"""

from __future__ import annotations

import argparse
import compileall
import itertools
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb

import leadline
from leadline.workspace import Workspace, open_workspace
from measure import Table, call, interleave, per_call, run
from retail import MAPPING, write_retail

PYTHON = sys.executable
LEADLINE = Path(sys.executable).parent / "leadline"

BY_HAND = """
SELECT date_trunc('month', ordered_at) AS month, country, sum(amount)
FROM fact."order" WHERE is_sale AND ordered_at >= TIMESTAMP '2011-01-01' AND ordered_at < TIMESTAMP '2012-01-01'
GROUP BY ALL ORDER BY ALL
"""
READ_CSV = "import duckdb; duckdb.connect({warehouse!r}).execute({sql!r})"
ASK_COLD = """
import duckdb
con = duckdb.connect({warehouse!r}, read_only=True)
for row in con.execute({sql!r}).fetchall():
    print(*row)
"""


def make_workspace(folder: Path) -> Path:
    (folder / "sources").mkdir(parents=True)
    (folder / "leadline.yaml").write_text("name: bench\ntimezone: UTC\ncurrency: GBP\ntoday: 2011-12-31\n")
    (folder / "sources" / "retail.yaml").write_text(MAPPING)
    return folder


def fresh(folder: Path) -> Path:
    """The workspace without anything loaded."""
    for name in ("warehouse.duckdb", "warehouse.duckdb.wal"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "landing", ignore_errors=True)
    return folder


def bench_load(table: Table, scratch: Path, workspace: Path, csv: Path, rounds: int) -> None:
    bare = scratch / "bare.duckdb"
    # `read_csv` has the same to find out: types are sniffed, the moment and the numbers parsed.
    sql = f"CREATE TABLE retail AS FROM read_csv('{csv}')"

    def by_hand() -> float:
        bare.unlink(missing_ok=True)
        return run([PYTHON, "-c", READ_CSV.format(warehouse=str(bare), sql=sql)])

    def ours() -> float:
        return run([LEADLINE, "load", csv], cwd=fresh(workspace))

    cold = interleave({"ours": ours, "hand": by_hand}, rounds)
    table.ratio("load, cold process", cold["ours"], cold["hand"], 2)

    def by_hand_warm() -> float:
        bare.unlink(missing_ok=True)
        with duckdb.connect(str(bare)) as con:
            return call(lambda: con.execute(sql))

    def ours_warm() -> float:
        with open_workspace(fresh(workspace)) as opened:
            opened.warehouse(write=True)
            return call(lambda: opened.load([csv]))

    warm = interleave({"ours": ours_warm, "hand": by_hand_warm}, rounds)
    table.ratio("load, warm process", warm["ours"], warm["hand"], 2)


def bench_query(table: Table, workspace: Path, rounds: int) -> None:
    with open_workspace(workspace) as opened:
        con = opened.warehouse().con

        def ours() -> object:
            return ask(opened)

        def by_hand() -> object:
            return con.execute(BY_HAND).fetchall()

        check_same(opened, con)
        repeat = 30
        warm = interleave(
            {"ours": lambda: call(lambda: many(ours, repeat)), "hand": lambda: call(lambda: many(by_hand, repeat))},
            rounds,
        )
        table.ratio("query, warm, one fact", warm["ours"] / repeat, warm["hand"] / repeat, 1.05)
        numbers = itertools.count(1)
        table.value("words to SQL, warm", per_call(lambda: words_to_sql(opened, next(numbers))), 0.001)
    script = workspace / "by_hand.py"
    script.write_text(ASK_COLD.format(warehouse=str(workspace / "warehouse.duckdb"), sql=BY_HAND))
    question = ["revenue", "--by", "country", "--grain", "month", "--period", "2011"]
    cold = interleave(
        {
            "ours": lambda: run([LEADLINE, "query", *question], cwd=workspace),
            "hand": lambda: run([PYTHON, script]),
        },
        2 * rounds + 1,
    )
    table.ratio("query, cold process", cold["ours"], cold["hand"], 1.3)


def ask(workspace: Workspace) -> object:
    return workspace.query(["revenue"], by=["country"], grain="month", period="2011")


def many(work: Callable[[], object], times: int) -> None:
    for _ in range(times):
        work()


def words_to_sql(workspace: Workspace, number: int) -> list[str]:
    """The SQL of a question not asked before, its plan not at hand: another lookback, which nothing reads."""
    query = workspace.ask(["revenue"], by=["country"], grain="month", period="2011", lookback=number)
    plan = workspace.compile(query)
    renderer = workspace.renderer(query)
    return [renderer.render(leg) for leg in plan.legs]


def check_same(workspace: Workspace, con: duckdb.DuckDBPyConnection) -> None:
    """A fast wrong answer is worth nothing."""
    result = workspace.query(["revenue"], by=["country"], grain="month", period="2011")
    ours = {row[:2]: row[2] for row in result.rows if row[2]}
    theirs = {(row[0].date(), row[1]): row[2] for row in con.execute(BY_HAND).fetchall()}
    ours = {(getattr(key[0], "date", lambda key=key: key[0])(), key[1]): value for key, value in ours.items()}
    if {key: float(value) for key, value in ours.items()} != {key: float(value) for key, value in theirs.items()}:
        raise SystemExit("Leadline and the SQL by hand do not agree")


def bench_start(table: Table, rounds: int) -> None:
    cold = interleave(
        {"ours": lambda: run([LEADLINE, "--version"]), "hand": lambda: run([PYTHON, "-c", "pass"])}, 2 * rounds + 1
    )
    table.value("leadline --version", cold["ours"], 0.1)
    table.note("  against bare Python", cold["ours"], cold["hand"])


def main() -> None:
    parser = argparse.ArgumentParser(description="What Leadline costs, as ratios to SQL by hand.")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender (default 5)")
    rounds = parser.parse_args().rounds
    # As installing does: a checkout may never have been run, or where Python may write no bytecode.
    compileall.compile_dir(Path(leadline.__file__).parent, quiet=2)
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        csv = scratch / "retail.csv"
        what = write_retail(csv)
        workspace = make_workspace(scratch / "workspace")
        print(f"Data: {what}, {csv.stat().st_size / 1e6:.0f} MB. CPU seconds, medians of {rounds} turns or more.")
        bench_start(table, rounds)
        bench_load(table, scratch, workspace, csv, rounds)
        bench_query(table, workspace, rounds)
    print(table.text())


if __name__ == "__main__":
    main()
