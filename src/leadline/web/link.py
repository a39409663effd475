"""Ways from a number to what it means."""

from __future__ import annotations

from pathlib import Path

from leadline.report.glossary import page_name

GLOSSARY = "/glossary/"


def about(metric: str) -> str:
    """The page of a metric in the glossary."""
    return GLOSSARY + page_name(metric)


def near(file: object, folder: Path) -> str:
    """The path of a file as seen from the workspace's folder; one that lies elsewhere whole."""
    path, home = Path(str(file or "")), folder.resolve()
    return path.relative_to(home).as_posix() if path.is_absolute() and path.is_relative_to(home) else str(file or "")
