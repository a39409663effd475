"""How long the explorer's page takes over very many events: breakdowns by day, from a roll-up and from the rows.

    python bench/explorer.py [--millions 20] [--questions 100] [--folder FOLDER]

Events are product events of a seed in a zone that changes its clock. Every question differs from all others (metrics,
dimension, filter, days), so no answer is at hand; each is asked of the web application as a browser would, one after
the other, and its time is wall clock from request to last byte, CPU beside it for a machine that others use too. The
same questions are asked without the roll-up.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from starlette.testclient import TestClient

from leadline.web.app import make_app
from leadline.workspace import open_workspace

GOAL = 0.5
SETTINGS = "name: bench\ntimezone: Europe/Berlin\ncurrency: EUR\ntoday: 2026-01-15\n"
ROLLUP = "rollups: {product_event: [event, channel, country, device]}\n"
METRICS = """
b_events: count(product_event)
b_signups: count(product_event where event = 'signup')
b_actions: count(product_event where event in ('key_action', 'shared'))
b_seconds: {formula: sum(product_event.seconds), unit: seconds}
b_share: {formula: b_actions / b_events, unit: percent}
"""
EVENTS = """
SELECT TIMESTAMP '2025-01-01' + to_microseconds(CAST(hash(i, 1) % 31536000000000 AS BIGINT)) AS happened_at,
    'p' || hash(i, 2) % {persons} AS person_id,
    ['opened', 'opened', 'opened', 'key_action', 'shared', 'signup'][1 + CAST(hash(i, 3) % 6 AS BIGINT)] AS event,
    ['Organic Search', 'Paid Search', 'Paid Social', 'Email', 'Direct', 'Referral', 'Display', 'Affiliates']
        [1 + CAST(hash(i, 4) % 8 AS BIGINT)] AS channel,
    ['DE', 'FR', 'US', 'VN', 'TR'][1 + CAST(hash(i, 5) % 5 AS BIGINT)] AS country,
    ['phone', 'desk'][1 + CAST(hash(i, 6) % 2 AS BIGINT)] AS device,
    CAST(hash(i, 7) % 600 AS DECIMAL(18, 6)) AS seconds, i AS _line, CAST(i AS VARCHAR) AS _key
FROM range({count}) AS t(i)
"""
PERIODS = ("2025", "2025-01-15..2025-04-14", "2025-03", "2025-10-01..2025-11-30", "2025-06..2025-08")
FILTERS = ("", "country = 'DE'", "device = 'phone'", "channel in ('Email', 'Direct')")


def make(folder: Path, count: int) -> None:
    (folder / "metrics").mkdir(parents=True)
    (folder / "metrics" / "bench.yaml").write_text(METRICS)
    (folder / "leadline.yaml").write_text(SETTINGS)
    with open_workspace(folder) as space, space.warehouse(write=True).load("bench", "events", "1", "bench") as load:
        load.merge("product_event", EVENTS.format(persons=max(count // 16, 1), count=count))


def questions(count: int) -> list[str]:
    """Addresses of the explorer, all different."""
    chosen = ("b_events", "b_signups,b_actions", "b_share", "b_seconds,b_events", "b_actions")
    every = itertools.product(PERIODS, FILTERS, ("channel", "country", "device", "event", ""), chosen)
    found = []
    for period, where, by, metrics in itertools.islice(itertools.cycle(every), 0, None, 7):
        if len(found) == count:
            break
        found.append(
            "/explore?" + urlencode({"metrics": metrics, "by": by, "grain": "day", "period": period, "where": where})
        )
    return list(dict.fromkeys(found))


def ask(folder: Path, addresses: list[str]) -> tuple[list[float], list[float]]:
    """Seconds and seconds of CPU a page, the first one (which opens the workspace) left out."""
    taken, worked = [], []
    with TestClient(make_app(folder), base_url="http://localhost") as client:
        client.get("/explore?metrics=b_events&period=2024").raise_for_status()
        for address in addresses:
            begun, busy = time.perf_counter(), time.process_time()
            answer = client.get(address)
            taken.append(time.perf_counter() - begun)
            worked.append(time.process_time() - busy)
            if answer.status_code != 200 or "<table" not in answer.text:
                raise SystemExit(f"{address} answered {answer.status_code}")
    return taken, worked


def show(name: str, measured: tuple[list[float], list[float]], goal: float | None = None) -> None:
    taken, worked = measured
    p95 = statistics.quantiles(taken, n=20)[-1]
    said = "" if goal is None else f"  goal p95 ≤ {goal * 1000:.0f} ms{'' if p95 <= goal else '  missed'}"
    print(
        f"{name:<16} {len(taken):>4} pages  median {_ms(statistics.median(taken))}  p95 {_ms(p95)}"
        f"  most {_ms(max(taken))}  CPU median {_ms(statistics.median(worked))}{said}"
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description="The explorer over very many events.")
    parser.add_argument("--millions", type=float, default=20, help="million events (default 20)")
    parser.add_argument("--questions", type=int, default=100, help="pages asked for (default 100)")
    parser.add_argument("--folder", type=Path, help="keep the workspace here for the next run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch) / "workspace"
        if not folder.exists():
            make(folder, int(options.millions * 1e6))
        (folder / "leadline.yaml").write_text(SETTINGS)
        addresses = questions(options.questions)
        with open_workspace(folder) as space:
            rows = space.query(["b_events"]).rows[0][0]
        print(f"{rows:,} events, breakdowns by day.")
        show("from the rows", ask(folder, addresses[: max(options.questions // 5, 2)]))
        (folder / "leadline.yaml").write_text(SETTINGS + ROLLUP)
        begun = time.process_time()
        with open_workspace(folder) as space:
            space.renew_rollups()
        print(f"{'counting up':<16} {time.process_time() - begun:.1f} s CPU, once a load")
        show("from a roll-up", ask(folder, addresses), GOAL)


if __name__ == "__main__":
    main()
