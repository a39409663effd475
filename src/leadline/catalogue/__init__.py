"""The built-in definitions of the field, as YAML beside this module; `language/` says what others call them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from leadline.model.document import Document, read_document

LANGUAGES = {
    "en": "English",
    "vi": "Tiếng Việt",
    "tr": "Türkçe",
    "ms": "Bahasa Melayu",
    "zh": "简体中文",
    "ar": "العربية",
}
"""The languages with texts, and what each calls itself."""


def documents() -> Iterator[Document]:
    """The catalogue's files, by name."""
    folder = resources.files("leadline.catalogue")
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            yield read_document(entry.read_text(encoding="utf-8"), f"catalogue/{entry.name}")
