"""Ways from a number to what it means."""

from __future__ import annotations

from leadline.report.glossary import page_name

GLOSSARY = "/glossary/"


def about(metric: str) -> str:
    """The page of a metric in the glossary."""
    return GLOSSARY + page_name(metric)
