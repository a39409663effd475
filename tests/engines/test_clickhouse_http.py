"""ClickHouse over HTTP: the driver's own requests, answered by the embedded engine behind a small server."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from engines.places import CHOSEN, lacking
from kit import give, make_workspace
from leadline.errors import DataError

pytestmark = pytest.mark.engine
PROTOCOL = frozenset(
    ("query", "database", "session_id", "client_protocol_version", "compress", "role", "query_id", "wait_end_of_query")
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    reason = lacking("clickhouse")
    if reason and "clickhouse" in CHOSEN:
        pytest.fail(reason)
    if reason or (CHOSEN and "clickhouse" not in CHOSEN):
        pytest.skip(reason or "LEADLINE_ENGINES names others")
    import chdb

    con: Any = chdb.connect(str(tmp_path / "data"))
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        """What a server does with a query in the address or the body, and with rows after an INSERT."""

        def do_POST(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or self._chunks()
            sql = asked["query"][0] if "query" in asked else body.decode()
            wanted = {name: value[0] for name, value in asked.items() if name not in PROTOCOL}
            with turn, tempfile.TemporaryDirectory() as folder:
                for name, value in wanted.items():
                    con.query(f"SET {name} = '{value}'")
                if sql.startswith("INSERT"):
                    file = Path(folder) / "rows"
                    file.write_bytes(body)
                    head, _, form = sql.partition(" FORMAT ")
                    sql = f"{head} SELECT * FROM file('{file}', {form.split()[0]})"
                try:
                    answer, status = con.query(sql, "Native" if "FORMAT" not in sql else "").bytes(), 200
                except Exception as error:  # noqa: BLE001  # the protocol tells whatever went wrong as text
                    answer, status = str(error).encode(), 500
            self.send_response(status)
            self.send_header("X-ClickHouse-Format", "Native")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _chunks(self) -> bytes:
            found = b""
            while self.headers.get("Transfer-Encoding") == "chunked":
                size = int(self.rfile.readline().strip() or b"0", 16)
                found += self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    break
            return found

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is told."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield f"clickhouse://default:@127.0.0.1:{http.server_port}/default"
        http.shutdown()
        thread.join()
    con.close()


def test_loads_and_questions_travel_over_http(server: str, tmp_path: Path) -> None:
    metrics = "t_spend: {formula: sum(ad.spend), unit: money}\n"
    with make_workspace(tmp_path / "space", metrics=metrics, settings=f"warehouse: '{server}'\n") as space:
        rows: list[dict[str, Any]] = [
            {"_key": "a", "date": "2026-01-05", "spend": "1.25", "channel": "it's", "currency": "EUR"},
            {"_key": "b", "date": "2026-01-12", "spend": "2", "channel": None, "currency": "EUR"},
        ]
        give(space, {"ad": rows})
        give(space, {"ad": [rows[0] | {"spend": "3.5"}]})
        result = space.query(["t_spend"], by=["channel"], grain="week")
        assert [float(str(value)) for value in result.column("t_spend")] == [3.5, 0, 0, 2]
        assert result.rows[0][1] == "it's"


def test_a_server_that_is_not_there_says_what_to_check(tmp_path: Path) -> None:
    if lacking("clickhouse"):
        pytest.skip(lacking("clickhouse"))
    with make_workspace(tmp_path, settings="warehouse: 'clickhouse://nobody@127.0.0.1:9/none'\n") as space:
        with pytest.raises(DataError) as caught:
            space.warehouse()
        assert caught.value.code == "warehouse-unreachable"
        assert "leadline.yaml" in caught.value.fix
