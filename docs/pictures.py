"""Take the pictures of docs/pages.md anew: every page of the demo once, in a real browser.

    python docs/pictures.py [--folder DEMO] [--only NAME ...]

Needs Chromium (apt-get install chromium). The demo is the same on every machine and its day stands still, so that a
picture differs when the page does (or the moment of a load is on it). Pictures are reduced to a palette of their own.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
SIZES = {"desk": (1200, 860), "phone": (390, 844)}
COLOURS = 160
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip


class Shot(NamedTuple):
    """A picture: its name, the page, and how it is looked at."""

    name: str
    address: str
    language: str = "en"
    theme: str = "light"
    size: str = "desk"


SHOTS = (
    Shot("cockpit", "/"),
    Shot("cockpit-arabic-phone", "/", "ar", "dark", "phone"),
    Shot("journey", "/journey"),
    Shot("people", "/journey/people?step=2", size="phone"),
    Shot("paths", "/journey/paths?to=customer&nodes=touch&by=channel", theme="dark"),
    Shot("channels", "/channels"),
    Shot("cohorts", "/cohorts"),
    Shot("cohorts-arabic", "/cohorts", "ar"),
    Shot("pipeline", "/pipeline", theme="dark"),
    Shot("goals", "/goals"),
    Shot("sla", "/sla"),
    Shot("sla-arabic-phone", "/sla", "ar", "light", "phone"),
    Shot("explorer", "/explore?metrics=leads,mql&by=channel&grain=month&period=last-6-months"),
    Shot("records", "/records?metric=leads&period=2026-06-29"),
    Shot("glossary", "/glossary", "vi"),
    Shot("metric", "/glossary/cac.html", "zh"),
    Shot("sources", "/sources"),
    Shot("source", "/sources/google_ads", size="phone"),
    Shot("annotations", "/annotations", "tr"),
    Shot("present", "/present?hold=1", theme="dark"),
)


def take(site: str, shots: list[Shot], folder: Path) -> None:
    """Every shot as `NAME.png` in `folder`."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Needs a browser: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        for shot in shots:
            width, height = SIZES[shot.size]
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if shot.theme == "dark" else "light",
                locale=shot.language,
            )
            page: Any = context.new_page()
            answer = page.goto(site + shot.address, wait_until="networkidle")
            if answer.status != 200:
                raise SystemExit(f"{shot.address} answers {answer.status}")
            # The browser draws no scrollbar in pictures, and leaves its place.
            page.evaluate("document.documentElement.style.scrollbarGutter = 'auto'")
            file = folder / f"{shot.name}.png"
            file.write_bytes(reduced(page.screenshot()))
            print(f"{file.name:28} {file.stat().st_size:7,}")
            context.close()
        browser.close()


def reduced(png: bytes) -> bytes:
    """The same picture with a palette of its own."""
    from PIL import Image

    small = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    picture.save(small, "PNG", optimize=True)
    return small.getvalue()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """`leadline serve` on a free port of loopback."""
    command = [sys.executable, "-m", "leadline", "serve", "--port", "0", "-w", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:  # noqa: S603
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found is None:
                raise SystemExit(line)
            yield found[0]
        finally:
            server.terminate()


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--folder", type=Path, help="a demo workspace; made when not given")
    ask.add_argument("--to", type=Path, default=HERE / "pictures")
    ask.add_argument("--only", nargs="*", choices=[shot.name for shot in SHOTS], default=[])
    given = ask.parse_args()
    shots = [shot for shot in SHOTS if not given.only or shot.name in given.only]
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch) / "demo"
        if given.folder is None:
            subprocess.run(  # noqa: S603
                [sys.executable, "-m", "leadline", "demo", str(folder)], check=True, stdout=subprocess.DEVNULL
            )
        with served(folder) as site:
            take(site, shots, given.to)


if __name__ == "__main__":
    main()
