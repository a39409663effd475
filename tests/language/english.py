"""The English that the translations were made from; run this file once they say what the English says now."""

from __future__ import annotations

from pathlib import Path

import yaml

from leadline.catalogue import documents

FILE = Path(__file__).with_name("english.yaml")


def english_texts() -> dict[str, str]:
    """Name and definition of each built-in metric, in one text."""
    return {
        name: f"{one['name']}: {one['doc']}" for document in documents() for name, one in sorted(document.data.items())
    }


def read_texts() -> dict[str, str]:
    """The texts as they were when they were translated."""
    found: dict[str, str] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    FILE.write_text(yaml.safe_dump(english_texts(), width=116, allow_unicode=True), encoding="utf-8", newline="\n")
