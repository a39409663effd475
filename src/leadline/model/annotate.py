"""Writing an annotation into the workspace, and choosing those that concern some metrics."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Sequence
from pathlib import Path

from leadline.errors import UsageError, unknown
from leadline.model.annotation import FOLDER, Annotation, read_annotations

FILE = f"{FOLDER}/notes.yaml"
"""Where one written on a page goes; a workspace may have more files beside it."""
LONGEST = 200


def of_metrics(annotations: Sequence[Annotation], metrics: Collection[str]) -> tuple[Annotation, ...]:
    """Those that concern any of some metrics: their own, and those about all."""
    return tuple(one for one in annotations if not one.metric or one.metric in metrics)


def add_annotation(folder: Path, metrics: Collection[str], day: dt.date, text: str, *, metric: str = "") -> Annotation:
    """Write an annotation into the workspace and give it back.

    Raises `UsageError` for a text that is empty or too long, an unknown metric, and one that stands there already.
    """
    # JSON's quotes leave some control signs as they are, and YAML takes none of them.
    told = " ".join("".join(sign for sign in " ".join(text.split()) if sign.isprintable()).split())
    if not told or len(told) > LONGEST:
        raise UsageError("bad-annotation", f"An annotation has 1 to {LONGEST} characters.", fix="say it in one line")
    if metric and metric not in metrics:
        raise unknown("metric", metric, metrics)
    known = read_annotations(folder, metrics)
    if any((one.first, one.text, one.metric) == (day, told, metric) for one in known):
        raise UsageError("annotated-already", f"This is noted for {day} already.", fix=f"edit it in {FOLDER}/")
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    # Text in JSON's quotes is YAML too, whatever it contains.
    parts = [f"date: {day.isoformat()}", f"text: {json.dumps(told, ensure_ascii=False)}"]
    parts += [f"metric: {metric}"] if metric else []
    gap = "\n" if before and not before.endswith("\n") else ""
    with path.open("a", encoding="utf-8", newline="") as stream:
        stream.write(f"{gap}- {{{', '.join(parts)}}}\n")
    return Annotation(day, day, told, metric, FILE)
