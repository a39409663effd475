"""Engines that are not run here: their statements are held by snapshots, so that no change of them goes unseen.

LEADLINE_SNAPSHOTS=write renews the files in `snapshots/`; read what changed before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engines.rows import METRICS, ROWS
from kit import give, make_workspace
from leadline.sql.bigquery import BigQueryRenderer
from leadline.sql.render import Renderer
from leadline.sql.snowflake import SnowflakeRenderer
from leadline.workspace import Workspace

SNAPSHOTS = Path(__file__).parent / "snapshots"
RENDERERS: dict[str, type[Renderer]] = {"bigquery": BigQueryRenderer, "snowflake": SnowflakeRenderer}
CASES: list[tuple[str, str, tuple[str, ...], str]] = [
    ("t_revenue t_buyers t_german", "week", ("channel",), "2026-01-05..2026-02-08"),
    ("t_mean t_p90 t_early t_no_country", "none", (), ""),
    ("t_line t_rate t_discounted t_cost", "month", ("currency",), "2026-Q1"),
    ("t_named t_literal t_quoted t_upper t_long", "none", (), ""),
    ("t_mrr t_payers", "month", (), "2026-Q1"),
    ("t_followers", "quarter", ("platform",), "2026"),
    ("t_active t_to_date", "week", (), "2026-01-05..2026-01-18"),
    ("t_reach30", "month", ("channel",), "2026-Q1"),
    ("t_return", "month", (), "2026-01"),
    ("t_cycle t_hours", "month", (), "2026-02"),
    ("t_elapsed t_gap", "none", ("channel",), ""),
    ("t_daily", "none", (), "2026-01"),
    ("t_mrr_new t_mrr_lost", "month", (), "2026-Q1"),
    ("t_linear t_known t_decay", "month", ("channel",), "2026-Q1"),
    ("t_quantity", "day", (), "2025-03-29..2025-03-31"),
]


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("snapshots")
    workspace = make_workspace(folder, metrics=METRICS, timezone="Europe/Berlin", settings="week_start: sunday\n")
    for source, rows in ROWS.items():
        give(workspace, rows, source=source)
    return workspace


@pytest.mark.parametrize("unrun", list(RENDERERS))
def test_statements_are_as_they_were(space: Workspace, unrun: str) -> None:
    renderer = RENDERERS[unrun](space.facts, lambda fact: f"fact_{fact}")
    texts = []
    for names, grain, by, period in CASES:
        plan = space.compile(space.ask(names.split(), by=by, grain=grain, period=period or None))
        told = " ".join([names, *(f"by {name}" for name in by), *([grain] if grain != "none" else []), period]).strip()
        texts += [f"-- {told}", *(f"{renderer.render(leg)};" for leg in plan.legs), ""]
    found = "\n".join(texts)
    file = SNAPSHOTS / f"{unrun}.sql"
    if os.environ.get("LEADLINE_SNAPSHOTS") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")
