"""What the cockpit costs: seconds until a page is there, at a steady rate, and bytes over the line.

    python bench/web.py [--folder DEMO] [--rate 20] [--seconds 20]

A demo workspace (made, unless given) behind `leadline serve` on loopback; requests are sent by another process at fixed
moments, whether earlier ones are answered or not, and each is timed from the moment it was due. Goal: p95 of a warm
cockpit within 50 ms on two cores at 20 requests a second; at most 60 KB for page, style, script and icon.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

GOAL_MS, GOAL_BYTES = 50, 60 * 1024
HEADERS = {"accept": "text/html", "accept-encoding": "gzip", "accept-language": "en"}
ANEW = 10
AT_ONCE = 64


def fetch(site: str, path: str) -> bytes:
    """The body of an answer as it came, compressed."""
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=60)
    try:
        connection.request("GET", path, headers=HEADERS)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path} answers {answer.status}")
    return body


def timed(site: str, path: str) -> float:
    """Milliseconds of one request."""
    begun = time.perf_counter()
    fetch(site, path)
    return (time.perf_counter() - begun) * 1000


def fire(site: str, rate: float, seconds: float) -> list[float]:
    """Milliseconds of each request of an open loop, from the moment it was due to its last byte."""
    start = time.perf_counter() + 0.2

    def one(due: float) -> float:
        fetch(site, "/")
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = []
        for number in range(int(rate * seconds)):
            due = start + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            sent.append(pool.submit(one, due))
        return [answer.result() for answer in sent]


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of all are no larger than."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """`leadline serve` on a free port of loopback."""
    command = [sys.executable, "-m", "leadline", "serve", "--port", "0", "-w", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found is None:
                raise SystemExit(line)
            yield found[0]
        finally:
            server.terminate()


def weigh(site: str) -> dict[str, int]:
    """Bytes of the cockpit and of what it names, as sent."""
    import gzip

    sent = fetch(site, "/")
    page = gzip.decompress(sent).decode()
    return {"page": len(sent)} | {path: len(fetch(site, path)) for path in re.findall(r'="(/static/[^"]+)"', page)}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--folder", type=Path)
    ask.add_argument("--rate", type=float, default=20)
    ask.add_argument("--seconds", type=float, default=20)
    ask.add_argument("--fire", default="", help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.fire:
        print(json.dumps(fire(given.fire, given.rate, given.seconds)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch) / "demo"
        if given.folder is None:
            subprocess.run(
                [sys.executable, "-m", "leadline", "demo", str(folder)], check=True, stdout=subprocess.DEVNULL
            )
        with served(folder) as site:
            cold = timed(site, "/")
            anew = [timed(site, f"/?n={number}") for number in range(ANEW)]
            asked = [sys.executable, __file__, "--fire", site]
            words = ["--rate", str(given.rate), "--seconds", str(given.seconds)]
            told = subprocess.run([*asked, *words], check=True, capture_output=True, text=True)
            warm: list[float] = json.loads(told.stdout)
            sizes = weigh(site)
    load = os.getloadavg()[0]
    print(
        f"Cockpit of the demo, {os.cpu_count()} cores, load {load:.1f} at the end (other work on the machine counts).\n"
    )
    figures = {
        "first page after the start": cold,
        "page made anew, p50": quantile(anew, 0.5),
        f"warm, {len(warm)} at {given.rate:g}/s, p50": quantile(warm, 0.5),
        f"warm, {len(warm)} at {given.rate:g}/s, p95": quantile(warm, 0.95),
        f"warm, {len(warm)} at {given.rate:g}/s, max": max(warm),
    }
    for what, figure in figures.items():
        goal = f"   (goal {GOAL_MS})" if what.endswith("p95") else ""
        print(f"{what:28} {figure:8.1f} ms{goal}")
    total = sum(sizes.values())
    parts = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
    print(f"{'over the line':28} {total:8,} bytes   (goal {GOAL_BYTES:,}): {parts}")


if __name__ == "__main__":
    main()
