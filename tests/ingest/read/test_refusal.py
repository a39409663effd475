"""What must be refused: clearly, as a whole, with file, line and cure, and without eating memory."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import subprocess
import sys
import textwrap
import zipfile

import pytest

from leadline.ingest.read.record import Dialect, _Lines, cells_of

GOOD = "Day,Campaign,Clicks\n2026-01-01,Brand,1\n2026-01-02,Café,2\n"
HTML = "<!DOCTYPE html>\n<html><head><title>Sign in - Ads</title></head><body>...</body></html>\n"


def swap(text: str, at: str, by: bytes, encoding: str = "utf-8") -> bytes:
    """The text encoded, with one part replaced by raw bytes."""
    return text.encode(encoding).replace(at.encode(encoding), by, 1)


# content, code of the error, a part of its text
REFUSED = {
    "empty": (b"", "empty-file", "0 bytes"),
    "blank": (b" \n\n \r\n", "empty-file", "blanks"),
    "only mark": (b"\xef\xbb\xbf", "empty-file", ""),
    "html": (HTML, "html-not-data", "Sign in - Ads"),
    "html after blanks": ("\n\n  <html lang=en>", "html-not-data", "line 1"),
    "xml": ("<?xml version='1.0'?><rows/>", "xml-not-data", ""),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "not-a-table", "PDF"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0", "not-a-table", "PNG"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "not-a-table", "7-Zip"),
    "lfs": ("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 5\n", "git-lfs-pointer", "git lfs pull"),
    "binary": (bytes(range(256)) * 4, "binary-not-text", "0x00"),
    "json error": ('{"error": {"code": 401, "message": "token expired"}}', "json-error-answer", "token expired"),
    "json errors": ('{\n  "errors": [{"title": "rate limit"}]\n}', "json-error-answer", "rate limit"),
    "json message": ('{"message": "Not found"}', "json-error-answer", "Not found"),
    "json cut": ('{"data": [{"a": 1}, {"a": ', "broken-json", "line 1"),
    "json array cut": ('[{"a": 1}, {"a": 2}', "broken-json", ""),
    "ndjson cut": ('{"a": 1}\n{"a": 2}\n{"a"', "broken-json", ""),
    "json without rows": ('{"a": 1, "b": {"c": [1, 2]}}\n{', "broken-json", ""),
    "two lists": ('{"a": [{"x": 1}], "b": [{"y": 1}]}', "json-no-rows", "a, b"),
    "broken utf-8": (swap(GOOD, "Brand", b"Br\xffnd"), "broken-byte", "line 2: byte 33"),
    "broken utf-8 lead": (swap(GOOD, "2026-01-02", b"2026\xc3\x28-02"), "broken-byte", "line 3"),
    "cut utf-8": (GOOD.encode()[:-4], "broken-byte", "line 3"),
    "one odd byte": (b"a,b\n1,x\n2,\xff\n", "broken-byte", "line 3: byte 10"),
    "lead byte alone": (b"a,b\n1,Caf\xc3\n", "broken-byte", "line 2"),
    "odd byte in a word": (b"a,b\n1,Br\xffnd\n", "broken-byte", "line 2: byte 8"),
    "legacy byte among utf-8": ("a,b\n1,Café\n2,".encode() + b"Caf\xe9\n", "broken-byte", "line 3"),
    "legacy byte among marks in utf-8": ("a,b\n1,it’s\n2,".encode() + b"caf\xe9\n", "broken-byte", "line 3"),
    "control byte": (b"a,b\n1,Caf\x81e\n", "broken-byte", "line 2"),
    "odd utf-16": (GOOD.encode("utf-16")[:-1], "broken-byte", "line 3"),
    "surrogate": (swap(GOOD, "B", b"\x00\xdc", "utf-16-le"), "broken-byte", "line 2"),
    "nul": (GOOD.replace("Brand", "Br\0nd"), "binary-not-text", "line 2, byte 33"),
    "nul far below": (GOOD + "2026-01-03,x,1\n" * 9000 + "2026-01-03,\0,1\n", "nul-byte", "line 9004"),
    "parquet cut": (b"PAR1" + b"\x15\x04" * 50, "truncated-parquet", ""),
    "gzip cut": (gzip.compress(GOOD.encode() * 100)[:-20], "truncated-gzip", "download"),
    "gzip damaged": (gzip.compress(GOOD.encode() * 100)[:40] + b"\xff" * 60, "damaged-gzip", ""),
    "duckdb damaged": (b"\0" * 8 + b"DUCK" + b"\0" * 500, "damaged-duckdb", ""),
    "sqlite damaged": (b"SQLite format 3\0" + b"\xff" * 500, "damaged-sqlite", ""),
    "excel damaged": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged-workbook", ""),
    "values only": ("2026-01-01,5,7\n2026-01-02,6,8\n", "no-header", "line 1"),
    "open quote": ('a,b\n1,x\n2,"y\n3,z\n4,w\n', "unclosed-quote", "line 3"),
    "open quote among quotes": ('a,b\n1,"x"\n2,"y\n3,"z"\n', "stray-quote", "line 3"),
    "open quote below a break": ('a,b\n"1\n1",x\n"2\n2","y\n3,z\n', "unclosed-quote", "line 5"),
    "carriage return in a bare cell": ("a,b\n1,x\ry\n2,z\n", "stray-return", "line 2"),
    "stray quote": ('a,b\n1,x\n2,"y"z\n3,w\n', "stray-quote", "line 3"),
}


@pytest.mark.parametrize(("content", "code", "part"), list(REFUSED.values()), ids=list(REFUSED))
def test_refused(refusal, content, code, part):
    error = refusal(content)
    assert (error.code, part in str(error), "report.csv" in str(error)) == (code, True, True), str(error)


def test_open_quote_in_a_long_file_names_its_line(refusal):
    text = "a,b\n" + "1,x\n" * 60_000 + '2,"y\n' + "3,z\n" * 60_000
    error = refusal(text)
    assert (error.code, "line 60002" in str(error)) == ("unclosed-quote", True)


def test_stray_quote_in_a_long_file_names_its_line(refusal):
    text = "a,b\n" + '1,"x"\n' * 60_000 + '2,"y\n' + '3,"z"\n' * 60_000
    error = refusal(text)
    assert (error.code, "line 60002" in str(error)) == ("stray-quote", True)


class Endless(io.StringIO):
    """A text of short lines without end."""

    taken = 0

    def readline(self, _: int = -1) -> str:
        self.taken += 2
        return "x\n" if self.taken < 10_000_000 else ""


def test_open_quote_is_given_up_whatever_other_libraries_allow_csv_to_hold():
    text = Endless()
    before = csv.field_size_limit(1 << 30)
    try:
        with pytest.raises(csv.Error):
            next(cells_of(itertools.chain(['"'], _Lines(text, "x", 100_000)), Dialect()))
    finally:
        csv.field_size_limit(before)
    assert text.taken < 200_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_broken_byte_far_below_names_line_and_byte(refusal, encoding):
    before = "Day,Campaign\n" + "2026-01-01,Café\n" * 50_000
    head = before.encode(encoding)
    bad = b"\xff" if encoding == "utf-8" else b"\x00\xdc"
    error = refusal(head + bad + "x,y\n".encode(encoding)[-6:])
    assert error.code == "broken-byte"
    assert f"line 50002: byte {len(head)}" in str(error)


@pytest.mark.parametrize("wrapped", ["plain", "utf-16", "quoted", "gzip"])
def test_endless_line_is_refused_in_little_memory(tmp_path, wrapped):
    """Issue 2: a 2 GB line gets a clear error. In a process of its own, so that the memory is this file's alone."""
    path = tmp_path / "endless.csv"
    size = 128 << 20 if wrapped == "plain" else 64 << 20
    head = b'Day,Campaign\n2026-01-01,"' if wrapped == "quoted" else b"Day,Campaign\n2026-01-01,"
    if wrapped == "gzip":
        with gzip.open(path, "wb", compresslevel=1) as out:
            out.write(head)
            for _ in range(64):
                out.write(b"x" * (1 << 20))
    else:
        with path.open("wb") as out:
            out.write((head.decode().encode("utf-16")) if wrapped == "utf-16" else head)
            block = {"quoted": b"x\n" * (1 << 19), "utf-16": b"x\0" * (1 << 19)}.get(wrapped, b"x" * (1 << 20))
            for _ in range(size >> 20):
                out.write(block)
    script = f"""
        import resource
        from pathlib import Path
        import duckdb
        from leadline.errors import DataError
        from leadline.ingest.read import read
        con = duckdb.connect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            read(con, Path({str(path)!r}))
        except DataError as error:
            print(error.code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
    """
    found = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    code, grown = found.stdout.split()
    expected = (
        "archive-too-large" if wrapped == "gzip" else "unclosed-quote" if wrapped == "quoted" else "line-too-long"
    )
    assert code == expected
    assert int(grown) < 120


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def encrypted() -> bytes:
    """A ZIP whose only member claims to be encrypted."""
    raw = bytearray(zipped(("a.csv", b"a,b\n1,2\n")))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + at] |= 1
    return bytes(raw)


def damaged() -> bytes:
    raw = bytearray(zipped(("a.csv", GOOD.encode() * 50), ("b.csv", GOOD.encode() * 50)))
    raw[raw.index(b"b.csv") + 20] ^= 0xFF
    return bytes(raw)


ARCHIVES = {
    "cut": (zipped(("a.csv", GOOD.encode() * 99))[:-30], "truncated-zip"),
    "cut early": (zipped(("a.csv", GOOD.encode() * 99))[:60], "truncated-zip"),
    "damaged": (damaged(), "damaged-zip"),
    "empty": (zipped(), "empty-archive"),
    "folders only": (zipped(("a/", b""), ("__MACOSX/x", b"x")), "empty-archive"),
    "encrypted": (encrypted(), "encrypted-archive"),
    "bomb": (zipped(("a.csv", b"a,b\n" + b"1,1\n" * (20 << 20))), "archive-too-large"),
    "bad member": (zipped(("a.csv", GOOD.encode()), ("b.csv", HTML.encode())), "html-not-data"),
    "nested": (zipped(("a.zip", zipped(("b.zip", zipped(("c.csv", b"a,b\n1,2\n")))))), "nested-archive"),
}


@pytest.mark.parametrize(("content", "code"), list(ARCHIVES.values()), ids=list(ARCHIVES))
def test_archive_refused(refusal, content, code):
    error = refusal(content)
    assert (error.code, "report.csv" in str(error)) == (code, True)


def test_every_cut_of_an_archive_is_refused(tables):
    """No prefix of a ZIP or gzip file reads as anything."""
    from leadline.errors import DataError

    # from the fourth byte on they are known for what they are
    whole = zipped(("Queries.csv", GOOD.encode()), ("Pages.csv", GOOD.encode()))
    packed = gzip.compress(GOOD.encode())
    for content, cut in [(whole, at) for at in range(4, len(whole), 7)] + [
        (packed, at) for at in range(2, len(packed))
    ]:
        with pytest.raises(DataError):
            tables(content[:cut])


def test_missing_file_and_folder(con, tmp_path):
    from leadline.errors import DataError
    from leadline.ingest.read import read

    for path, code in ((tmp_path / "none.csv", "no-such-file"), (tmp_path, "is-a-folder")):
        with pytest.raises(DataError) as caught:
            read(con, path)
        assert caught.value.code == code


def test_wrong_and_unknown_format(refusal, tables):
    from leadline.errors import UsageError

    assert refusal(GOOD, format="parquet").code == "wrong-format"
    with pytest.raises(UsageError):
        tables(GOOD, format="docx")


def test_unknown_encoding(con, write):
    from leadline.errors import DataError
    from leadline.ingest.read import ReadOptions, read

    with pytest.raises(DataError) as caught:
        read(con, write(GOOD), ReadOptions(encoding="utf-99"))
    assert caught.value.code == "unknown-encoding"
