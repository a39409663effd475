"""What the metric engine costs over the SQL an analyst would write, and what other metric layers cost, in one run.

    python bench/engine.py [--rounds 5] [--peers PYTHON]

8 million sessions, 400 thousand orders, three smaller facts; CPU of warm queries, turn by turn. `--peers` names a
Python whose environment has the other layers (`requirements/peers.txt`); they answer the queries they can.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from company import make_company
from leadline.workspace import Workspace
from measure import Table, call, interleave, per_call

PATIENCE = 150
PERIOD = "ordered_at >= TIMESTAMP '2025-01-01' AND ordered_at < TIMESTAMP '2026-01-01'"
ONE = """
SELECT date_trunc('month', date) AS month, channel, sum(sessions), sum(page_views) / sum(sessions)
FROM fact.session WHERE date >= DATE '2025-01-01' AND date < DATE '2026-01-01' GROUP BY ALL ORDER BY ALL"""
PARTS = {
    "sessions": """
        SELECT date_trunc('month', date) AS month, channel, sum(sessions) AS value FROM fact.session
        WHERE date >= DATE '2025-01-01' AND date < DATE '2026-01-01' GROUP BY ALL""",
    "orders": f"""
        SELECT date_trunc('month', ordered_at) AS month, channel, sum(amount) AS value FROM fact."order"
        WHERE {PERIOD} GROUP BY ALL""",
    "ads": """
        SELECT date_trunc('month', date) AS month, channel, sum(spend) AS value FROM fact.ad
        WHERE date >= DATE '2025-01-01' AND date < DATE '2026-01-01' GROUP BY ALL""",
    "costs": """
        SELECT date_trunc('month', date) AS month, channel, sum(amount) AS value FROM fact.cost
        WHERE date >= DATE '2025-01-01' AND date < DATE '2026-01-01' GROUP BY ALL""",
    "entries": """
        SELECT date_trunc('month', entered_at) AS month, channel, count(*) AS value FROM fact.stage_entry
        WHERE entered_at >= TIMESTAMP '2025-01-01' AND entered_at < TIMESTAMP '2026-01-01' GROUP BY ALL""",
}
METRICS = """
b_sessions: sum(session.sessions)
b_pages: sum(session.page_views) / sum(session.sessions)
b_revenue: {formula: sum(order.amount), unit: money}
b_spend: {formula: sum(ad.spend), unit: money}
b_cost: {formula: sum(cost.amount), unit: money}
b_entries: count(stage_entry)
b_value: b_revenue / b_sessions
b_all: (b_revenue - b_spend - b_cost) / b_sessions * b_entries
"""
TEN = ["ctr", "cpc", "ad_spend", "sessions", "pages_per_session", "revenue", "aov", "leads", "lead_to_mql", "roas"]


def by_hand(parts: list[str], value: str) -> str:
    """Facts grouped on their own, then met on month and channel, as a careful analyst would."""
    ctes = ",\n".join(f"{name} AS ({PARTS[name]})" for name in parts)
    joins = " ".join(f"FULL JOIN {name} USING (month, channel)" for name in parts[1:])
    return f"WITH {ctes}\nSELECT month, channel, {value} FROM {parts[0]} {joins} ORDER BY ALL"


QUESTIONS = {
    "one fact": (["b_sessions", "b_pages"], ONE, 1.05),
    "two facts": (["b_value"], by_hand(["orders", "sessions"], "orders.value / sessions.value"), 1.10),
    "five facts": (
        ["b_all"],
        by_hand(
            ["orders", "sessions", "ads", "costs", "entries"],
            "(orders.value - ads.value - costs.value) / sessions.value * entries.value",
        ),
        1.15,
    ),
}


def ask(workspace: Workspace, metrics: list[str]) -> list[tuple[Any, ...]]:
    return workspace.query(metrics, by=["channel"], grain="month", period="2025").rows


def check_same(ours: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> None:
    """A fast wrong answer is worth nothing."""

    def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
        label = row[0].date() if hasattr(row[0], "date") else row[0]
        return (label, row[1], *(round(float(value), 6) for value in row[2:]))

    if sorted(map(plain, ours)) != sorted(map(plain, theirs)):
        raise SystemExit("Leadline and the SQL by hand do not agree")


def bench_queries(table: Table, workspace: Workspace, rounds: int) -> None:
    con = workspace.warehouse().con
    for name, (metrics, sql, goal) in QUESTIONS.items():
        check_same(ask(workspace, metrics), con.execute(sql).fetchall())
        taken = interleave(
            {
                "ours": lambda metrics=metrics: call(lambda: ask(workspace, metrics)),  # type: ignore[misc]
                "hand": lambda sql=sql: call(lambda: con.execute(sql).fetchall()),  # type: ignore[misc]
            },
            rounds,
        )
        table.ratio(f"query, warm, {name}", taken["ours"], taken["hand"], goal)
    numbers = itertools.count(1)
    table.value("ten metrics to a plan, warm", per_call(lambda: plan_of(workspace, TEN, next(numbers))), 0.001)


def plan_of(workspace: Workspace, metrics: list[str], number: int) -> object:
    """The plan of a question not asked before: another lookback, which none of these metrics reads."""
    return workspace.compile(workspace.ask(metrics, grain="month", period="2025", lookback=number))


def bench_peers(table: Table, warehouse: Path, python: Path, rounds: int) -> None:
    """Each layer in a process of its own over the same file: CPU of a warm query against the same SQL by hand."""
    script = Path(__file__).with_name("peers.py")
    for layer in ("sidemantic", "boring_semantic_layer", "metricflow"):
        for question in ("one fact", "two facts"):
            name = f"{layer}, {question}"
            command = [str(python), str(script), layer, question, str(warehouse), str(rounds)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                table.rows.append((name, "", "", "", f"could not: no answer in {PATIENCE} s"))
                continue
            if done.returncode:
                last = (done.stderr.strip() or "no message").splitlines()[-1]
                table.rows.append((name, "", "", "", f"could not: {last[:60]}"))
                continue
            measured = json.loads(done.stdout.splitlines()[-1])
            table.note(name, measured["layer"], measured["hand"])


def main() -> None:
    parser = argparse.ArgumentParser(description="What the metric engine costs over SQL by hand.")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender (default 5)")
    parser.add_argument("--peers", type=Path, help="a Python with the other metric layers installed")
    options = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        workspace = make_company(Path(folder) / "company")
        (workspace.path / "metrics").mkdir()
        (workspace.path / "metrics" / "bench.yaml").write_text(METRICS)
        from leadline.workspace import open_workspace

        with open_workspace(workspace.path) as opened:
            bench_queries(table, opened, options.rounds)
        if options.peers:
            bench_peers(table, workspace.path / "warehouse.duckdb", options.peers, options.rounds)
    print("8 M sessions, 400 k orders by month and channel. CPU seconds, medians.")
    print(table.text())


if __name__ == "__main__":
    main()
