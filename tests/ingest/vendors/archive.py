"""Exports that are an archive of several files: one table under test, its siblings beside it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.ingest.vendors.writers import Export, Mistake, Raw


@dataclass(frozen=True)
class Zipped(Export):
    """A ZIP under `name`: the cells are those of the file `member`; `others` lie beside it.

    Mistakes made for an `Export` work on the member; `line` counts within it.
    """

    member: str = "table.csv"
    others: tuple[Export | Raw, ...] = ()

    def write(self, folder: Path) -> Path:
        """Pack the archive into `folder`; its path."""
        path = folder / self.name
        path.write_bytes(self.packed())
        return path

    def packed(self) -> bytes:
        """The archive's bytes, the same for the same cells."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for other in self.others:
                content = other.content if isinstance(other, Raw) else other.data()
                archive.writestr(zipfile.ZipInfo(other.name), content)
            archive.writestr(zipfile.ZipInfo(self.member), self.data())
        return out.getvalue()


def with_other(title: str, other: Export | Raw, *, rules: tuple[str, ...] = ()) -> Mistake:
    """The archive holds `other` in place of its member of the same name."""

    def plant(export: Export) -> Export:
        assert isinstance(export, Zipped)
        kept = tuple(old for old in export.others if old.name != other.name)
        return replace(export, others=(*kept, other))

    return Mistake(title, plant, rules)


def broken_archive() -> Mistake:
    """The download of the archive broke off."""

    def plant(export: Export) -> Raw:
        assert isinstance(export, Zipped)
        content = export.packed()
        return Raw(export.name, content[: len(content) * 2 // 3])

    return Mistake("a truncated archive", plant)
