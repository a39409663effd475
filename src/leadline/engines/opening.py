"""Addresses of warehouses beside the embedded one, and the engine at each."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import parse_qsl
from urllib.parse import quote as percent_encoded

from leadline.engines.engine import Engine
from leadline.errors import UsageError

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def _from_environment(found: re.Match[str]) -> str:
    value = os.environ.get(found[1])
    if value is None:
        raise UsageError(
            "no-variable",
            f"The environment has no variable {found[1]}.",
            why="the address of the warehouse in leadline.yaml names it",
            fix=f"set it: export {found[1]}=…",
        )
    return percent_encoded(value, safe="")


def open_engine(url: str, folder: Path) -> Engine:
    """The engine at an address; `folder` is what relative ones start from.

    `postgresql://…`; `clickhouse://…` or `http://…` (over TLS `clickhouses://…` or `https://…`); `chdb://FOLDER`, with
    `?database=NAME` for one of several in it; `spark://HOST:PORT` and `spark:local`. `UsageError` for any other, and
    when a driver is missing. `${NAME}` stands for an environment variable.
    """
    url = _VARIABLE.sub(_from_environment, url)
    scheme = url.partition(":")[0].lower()
    if scheme in {"postgresql", "postgres"}:
        from leadline.engines.postgres import Postgres

        return Postgres(url)
    if scheme == "chdb":
        from leadline.engines.clickhouse import open_embedded

        place, _, query = url.partition("://")[2].partition("?")
        return open_embedded(folder / place, dict(parse_qsl(query)).get("database", "default"))
    if scheme in {"clickhouse", "clickhouses", "http", "https"}:
        from leadline.engines.clickhouse import open_server

        return open_server(url)
    if scheme == "spark":
        from leadline.engines.spark import Spark

        return Spark(url, folder)
    raise UsageError(
        "unknown-engine",
        f"There is no engine for {scheme}: addresses.",
        fix="write a file name for DuckDB, or postgresql://, clickhouse://, chdb:// or spark:// before an address",
    )
