"""What is known of a source's time beyond its rows: how long its conversions settle, and since when it speaks.

Platforms go on crediting conversions to days past, so the newest days of a source with a `lag` are not final. A source
is written in `sources/NAME.yaml` or is a built-in vendor format; `leadline.yaml` may say otherwise for either.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from leadline.errors import DefinitionError

VENDORS = Path(__file__).resolve().parent.parent / "ingest" / "vendors"
_LAG = re.compile(r"(\d{1,3})\s+(day|week)s?\Z")
# Whole definitions are read when something is loaded; a question needs only these lines of them.
_LINE = re.compile(r"^(name|lag|begins):[ \t]*['\"]?([^'\"#\n]*?)['\"]?[ \t]*(?:#.*)?$", re.MULTILINE)


class ClockDefinition(Struct, frozen=True, forbid_unknown_fields=True):
    """As `leadline.yaml` has it: `lag` is a number of days or weeks, `begins` the first day the source speaks for."""

    lag: str = ""
    begins: dt.date | None = None


class SourceClock(Struct, frozen=True):
    """`lag` in days: the newest days of the source are not final. `begins`: before it there was nothing to tell."""

    lag: int = 0
    begins: dt.date | None = None


def parse_lag(text: str, place: str) -> int:
    """`3 days` or `2 weeks` in days; `DefinitionError` with the place otherwise."""
    found = _LAG.match(text.strip())
    if found is None:
        raise DefinitionError("bad-definition", f"{text!r} is no lag.", why=place, fix="write `lag: 3 days`")
    return int(found[1]) * (7 if found[2] == "week" else 1)


def read_clocks(folder: Path, settings: Mapping[str, ClockDefinition], place: str) -> dict[str, SourceClock]:
    """The clock of every source that states one: vendor formats, then the workspace's sources, then its settings."""
    found: dict[str, SourceClock] = {}
    for path in (*sorted(VENDORS.glob("*.yaml")), *_sources(folder)):
        told = dict(_LINE.findall(path.read_text(encoding="utf-8")))
        if "lag" in told or "begins" in told:
            written = f"{path.parent.name}/{path.name}"
            lag = parse_lag(told["lag"], written) if "lag" in told else 0
            begins = _date(told["begins"], written) if "begins" in told else None
            found[told.get("name") or path.stem] = SourceClock(lag, begins)
    for name, given in settings.items():
        known = found.get(name, SourceClock())
        lag = parse_lag(given.lag, f"{place}: {name}") if given.lag else known.lag
        found[name] = SourceClock(lag, given.begins or known.begins)
    return found


def _sources(folder: Path) -> Iterator[Path]:
    yield from sorted((folder / "sources").glob("*.y*ml"))


def _date(text: str, place: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise DefinitionError(
            "bad-definition", f"{text!r} is no date.", why=place, fix="write `begins: 2025-01-01`"
        ) from None
