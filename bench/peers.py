"""Other metric layers on the same tables: CPU of a warm query against the SQL by hand, as JSON on the last line.

    python peers.py LAYER QUESTION WAREHOUSE ROUNDS

Runs in an environment of its own (`requirements/peers.txt`); nothing of Leadline is imported. A layer that cannot
answer a question ends with its own error. Only CPU of this process is counted, all threads.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

FIRST, END = "2025-01-01", "2026-01-01"
SESSIONS = f"""
SELECT date_trunc('month', date) AS month, channel, sum(sessions) AS sessions
FROM fact.session WHERE date >= DATE '{FIRST}' AND date < DATE '{END}' GROUP BY ALL"""
ORDERS = f"""
SELECT date_trunc('month', ordered_at) AS month, channel, sum(amount) AS revenue
FROM fact."order" WHERE ordered_at >= TIMESTAMP '{FIRST}' AND ordered_at < TIMESTAMP '{END}' GROUP BY ALL"""
BY_HAND = {
    "one fact": f"{SESSIONS} ORDER BY ALL",
    "two facts": f"""WITH sessions AS ({SESSIONS}), orders AS ({ORDERS})
SELECT month, channel, sessions, revenue FROM sessions FULL JOIN orders USING (month, channel) ORDER BY ALL""",
}
Ask = Callable[[], Any]


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def sidemantic(question: str, warehouse: str) -> Ask:
    from sidemantic import Dimension, Metric, Model, Relationship, SemanticLayer

    layer = SemanticLayer(connection=f"duckdb:///{warehouse}")
    shared = Relationship(name="channels", type="many_to_one", foreign_key="channel")
    layer.add_model(
        Model(
            name="channels",
            primary_key="channel",
            sql="SELECT DISTINCT channel FROM fact.session",
            dimensions=[Dimension(name="channel", type="categorical")],
        )
    )
    layer.add_model(
        Model(
            name="sessions",
            table="fact.session",
            primary_key="_key",
            relationships=[shared],
            dimensions=[
                Dimension(name="day", type="time", granularity="day", sql="date"),
                Dimension(name="channel", type="categorical"),
            ],
            metrics=[Metric(name="visits", agg="sum", sql="sessions")],
        )
    )
    layer.add_model(
        Model(
            name="orders",
            table='fact."order"',
            primary_key="_key",
            relationships=[shared],
            dimensions=[Dimension(name="day", type="time", granularity="day", sql="ordered_at")],
            metrics=[Metric(name="revenue", agg="sum", sql="amount")],
        )
    )
    if question == "one fact":
        return lambda: layer.query(
            metrics=["sessions.visits"],
            dimensions=["sessions.day__month", "sessions.channel"],
            filters=[f"sessions.day >= '{FIRST}'", f"sessions.day < '{END}'"],
        ).fetchall()
    return lambda: layer.query(
        metrics=["sessions.visits", "orders.revenue"],
        dimensions=["channels.channel"],
        filters=[f"sessions.day >= '{FIRST}'", f"orders.day >= '{FIRST}'"],
    ).fetchall()


def boring_semantic_layer(question: str, warehouse: str) -> Ask:
    import ibis
    from boring_semantic_layer import to_semantic_table

    con = ibis.duckdb.connect(warehouse, read_only=True)
    sessions = con.table("session", database="fact")
    if question != "one fact":
        raise NotImplementedError("two facts that share no key need a join by hand")
    table = (
        to_semantic_table(sessions, name="sessions")
        .with_dimensions(month=lambda t: t.date.truncate("M"), channel=lambda t: t.channel, day=lambda t: t.date)
        .with_measures(visits=lambda t: t.sessions.sum())
    )
    return lambda: (
        table.filter(lambda t: (t.date >= FIRST) & (t.date < END))
        .group_by("month", "channel")
        .aggregate("visits")
        .execute()
    )


MANIFEST = """
semantic_model:
  name: {name}
  node_relation: {{alias: "{alias}", schema_name: fact, relation_name: 'fact."{alias}"'}}
  defaults: {{agg_time_dimension: day}}
  primary_entity: {name}
  dimensions:
    - {{name: day, type: time, expr: {time}, type_params: {{time_granularity: day}}}}
    - {{name: channel, type: categorical}}
  measures:
    - {{name: {measure}, agg: sum, expr: {column}, create_metric: true}}
"""
PROJECT = """
project_configuration:
  time_spine_table_configurations:
    - {location: main.time_spine, column_name: day, grain: day}
"""


def metricflow(question: str, warehouse: str) -> Ask:
    import pandas  # noqa: F401  its own query() needs it
    from metricflow.data_table.mf_table import MetricFlowDataTable
    from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
    from metricflow_semantic_interfaces.parsing.dir_to_model import parse_directory_of_yaml_files_to_semantic_manifest
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    if question != "one fact":
        raise NotImplementedError("a dimension of two models needs an entity they share")
    folder = Path(tempfile.mkdtemp())
    (folder / "sessions.yaml").write_text(
        MANIFEST.format(name="visit", alias="session", time="date", measure="visits", column="sessions")
    )
    (folder / "project.yaml").write_text(PROJECT)
    con = duckdb.connect(warehouse, read_only=True)

    class Client:
        sql_engine_type = SqlEngine.DUCKDB
        sql_plan_renderer = DuckDbSqlPlanRenderer()

        def query(self, stmt: str, sql_bind_parameter_set: Any = None) -> Any:
            cursor = con.execute(stmt)
            return MetricFlowDataTable.create_from_rows([c[0] for c in cursor.description or ()], cursor.fetchall())

        def execute(self, stmt: str, sql_bind_parameter_set: Any = None) -> None:
            con.execute(stmt)

        dry_run = execute

        def close(self) -> None:
            con.close()

        def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
            return f"${bind_parameter_key}"

    built = parse_directory_of_yaml_files_to_semantic_manifest(str(folder), raise_issues_as_exceptions=True)
    engine = MetricFlowEngine(SemanticManifestLookup(built.semantic_manifest), Client())  # type: ignore[arg-type]
    import datetime as dt

    request = {
        "metric_names": ["visits"],
        "group_by_names": ["metric_time__month", "visit__channel"],
        "time_constraint_start": dt.datetime(2025, 1, 1),
        "time_constraint_end": dt.datetime(2025, 12, 31),
    }
    return lambda: con.execute(
        engine.explain(MetricFlowQueryRequest.create(**request)).sql_statement.sql  # type: ignore[arg-type]
    ).fetchall()


def main() -> None:
    layer, question, warehouse, rounds = sys.argv[1:]
    ask = {"sidemantic": sidemantic, "boring_semantic_layer": boring_semantic_layer, "metricflow": metricflow}[layer](
        question, warehouse
    )
    con = duckdb.connect(warehouse, read_only=layer != "sidemantic")
    taken: dict[str, list[float]] = {"layer": [], "hand": []}
    ask()
    for _ in range(int(rounds)):
        for name, work in (("layer", ask), ("hand", lambda: con.execute(BY_HAND[question]).fetchall())):
            before = cpu()
            work()
            taken[name].append(cpu() - before)
    print(json.dumps({name: statistics.median(values) for name, values in taken.items()}))


if __name__ == "__main__":
    main()
