"""What a delivered file is, by its content and never by its name; what is no table is refused here with the reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from leadline.errors import DataError

Kind = Literal["delimited", "json", "parquet", "excel", "sqlite", "duckdb", "gzip", "zip"]

HEAD = 1 << 16

_OTHER: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF", "export the report as CSV or Excel"),
    (b"\x89PNG", "a PNG image", "export the table, not the chart"),
    (b"\xff\xd8\xff", "a JPEG image", "export the table, not the chart"),
    (b"GIF8", "a GIF image", "export the table, not the chart"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it, or pack it as ZIP or gzip"),
    (b"Rar!", "a RAR archive", "unpack it, or pack it as ZIP or gzip"),
    (b"BZh", "a bzip2 file", "unpack it with bunzip2"),
    (b"\xfd7zXZ", "an xz file", "unpack it with unxz"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "unpack it with unzstd"),
    (b"\x7fELF", "a program", "choose the exported file"),
    (b"{\\rtf", "a rich-text document", "export the report as CSV"),
    (b"Obj\x01", "an Avro file", "export as Parquet or CSV"),
    (b"ORC", "an ORC file", "export as Parquet or CSV"),
    (b"ARROW1", "an Arrow file", "export as Parquet or CSV"),
)

_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|script|meta|title|table|div|center|h1)\b", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>(.{0,200}?)</title>", re.IGNORECASE | re.DOTALL)


def probe(path: Path, name: str = "") -> Kind:
    """The kind of the file at `path`; raises DataError when it is missing, empty or no table at all."""
    name = name or path.name
    head = read_head(path, name)
    return kind_of(head, name, path)


def read_head(path: Path, name: str) -> bytes:
    """The first bytes of a file, with clear errors for one that is missing, a folder, unreadable or empty."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        raise DataError("no-such-file", f"There is no file {path}.", fix="check the path") from None
    except IsADirectoryError:
        raise DataError("is-a-folder", f"{path} is a folder.", fix="name the files in it, or a pattern") from None
    except OSError as error:
        raise DataError("unreadable-file", f"{name} cannot be opened.", why=str(error.strerror)) from None
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        what = "is empty" if not head else "holds nothing but blanks"
        raise DataError("empty-file", f"{name} {what}.", why=f"{path.stat().st_size} bytes", fix="export it again")
    return head


def kind_of(head: bytes, name: str, path: Path | None = None) -> Kind:
    """The kind of a file that begins with `head`."""
    if head.startswith(b"version https://git-lfs"):
        raise DataError(
            "git-lfs-pointer",
            f"{name} is a git-lfs pointer, not the file itself.",
            why="line 1: it names a file that git-lfs has not fetched",
            fix="run `git lfs pull`, then load it again",
        )
    for magic, what, fix in _OTHER:
        if head.startswith(magic):
            raise DataError("not-a-table", f"{name} is {what}, not a table.", why="byte 0: its first bytes", fix=fix)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed(head, path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "excel"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<?xml") or _HTML.match(text):
        raise _markup(head, text, name)
    if re.match(rb'[{]\s*("|[}])|\[\s*([{\[\]"0-9-]|true|false|null|\Z)', text) and not re.match(
        rb"\[[^\]\n]*\]\s*[,;\t|]", text
    ):
        return "json"
    return "delimited"


def _packed(head: bytes, path: Path | None) -> Kind:
    """Whether a ZIP container is a workbook."""
    import zipfile

    marks = ("xl/workbook", "xl/_rels", "[Content_Types].xml")
    if path is not None:
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, OSError, ValueError):
            names = []
        if names:
            sheets = any(n.startswith("xl/workbook") for n in names) or (
                "content.xml" in names and "mimetype" in names and b"opendocument.spreadsheet" in head[:200]
            )
            return "excel" if sheets else "zip"
    return "excel" if any(mark.encode() in head[:4096] for mark in marks) else "zip"


def _markup(head: bytes, text: bytes, name: str) -> DataError:
    if _HTML.search(text[:4096]):
        found = _TITLE.search(head)
        title = " ".join(found.group(1).decode("utf-8", "replace").split()) if found else ""
        return DataError(
            "html-not-data",
            f"{name} is a web page, not an export.",
            why="line 1 is HTML" + (f", titled {title!r}: often an error or sign-in page" if title else ""),
            fix="sign in again and repeat the export, then load that file",
        )
    return DataError(
        "xml-not-data", f"{name} is XML.", why="line 1 begins with '<'", fix="export the report as CSV, JSON or Excel"
    )
