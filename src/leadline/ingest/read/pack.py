"""Archives: gzip and ZIP unpacked into temporary files, within limits, and never under names of the sender's choice."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from leadline.errors import DataError
from leadline.ingest.read.table import Limits, fresh

BLOCK = 1 << 20

_SKIPPED = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


def gunzip(path: Path, name: str, limits: Limits, folder: Path) -> Path:
    """Unpack a gzip file; raises DataError when it is cut, damaged or unpacks to too much."""
    target = folder / fresh("member")
    try:
        with gzip.open(path, "rb") as source, target.open("wb") as out:
            _copy(source, out, name, path.stat().st_size, limits)
    except EOFError:
        raise _cut(name, "gzip") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(name, "gzip", str(error)) from None
    return target


def members(path: Path, name: str, limits: Limits, folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Unpack a ZIP member by member: a temporary file, its display name, and its name without suffix.

    Raises DataError for an archive that is cut, encrypted, empty, or states that it unpacks to too much before the
    first member is handed out, and for a damaged member when its turn comes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and not _is_skipped(info.filename)]
            _check(infos, name, limits)
            for info in infos:
                target = folder / fresh("member")
                label = f"{name}/{info.filename}"
                with archive.open(info) as source, target.open("wb") as out:
                    _copy(source, out, label, info.compress_size, limits)
                yield target, label, Path(info.filename).stem
    except zipfile.BadZipFile as error:
        if "not a zip file" in str(error).lower():
            raise _cut(name, "ZIP") from None
        raise _damaged(name, "ZIP", str(error)) from None
    except (zlib.error, EOFError) as error:
        raise _damaged(name, "ZIP", str(error)) from None
    except NotImplementedError as error:
        raise DataError(
            "unknown-compression",
            f"{name} is packed in a way that cannot be read.",
            why=str(error),
            fix="pack it again",
        ) from None


def _check(infos: list[zipfile.ZipInfo], name: str, limits: Limits) -> None:
    if not infos:
        raise DataError("empty-archive", f"{name} holds no files.", fix="export it again")
    if len(infos) > limits.members:
        raise DataError(
            "too-many-members",
            f"{name} holds {len(infos)} files; the limit is {limits.members}.",
            fix="unpack it first",
        )
    for info in infos:
        if info.flag_bits & 1:
            raise DataError(
                "encrypted-archive",
                f"{name}: {info.filename} is encrypted.",
                why="there is no way to give its password here",
                fix="unpack it with the password, then load the file",
            )
        check_ratio(f"{name}/{info.filename}", info.file_size, info.compress_size, limits)
    check_ratio(name, sum(i.file_size for i in infos), sum(i.compress_size for i in infos), limits)


def check_ratio(name: str, unpacked: int, packed: int, limits: Limits) -> None:
    """Raise DataError for something that unpacks to more than it should."""
    bomb = unpacked > limits.ratio_from and unpacked > limits.ratio * max(packed, 1)
    if unpacked > limits.unpacked or bomb:
        raise DataError(
            "archive-too-large",
            f"{name} unpacks from {packed >> 10} KiB to more than {unpacked >> 20} MiB.",
            why="that is no export but an archive made to fill the disk"
            if bomb
            else f"the limit is {limits.unpacked >> 30} GiB",
            fix="unpack and look at it yourself, then load the file",
        )


def _copy(source: IO[bytes] | gzip.GzipFile, out: BinaryIO, name: str, packed: int, limits: Limits) -> None:
    done = 0
    while block := source.read(BLOCK):
        done += len(block)
        check_ratio(name, done, packed, limits)
        out.write(block)


def _is_skipped(member: str) -> bool:
    return any(mark in member for mark in _SKIPPED)


def _cut(name: str, kind: str) -> DataError:
    return DataError(
        f"truncated-{kind.lower()}",
        f"{name} is cut off: the end of the {kind} archive is missing.",
        why="the download or copy stopped early",
        fix="download it again",
    )


def _damaged(name: str, kind: str, reason: str) -> DataError:
    return DataError(
        f"damaged-{kind.lower()}", f"{name} is a damaged {kind} archive.", why=reason, fix="download it again"
    )


def plain_path(path: Path, folder: Path) -> Path:
    """The same file under a name without characters that DuckDB takes for a pattern (`report[1].csv`)."""
    if not set(str(path)) & set("*?[]{}"):
        return path
    link = folder / f"{fresh('link')}{path.suffix}"
    try:
        link.symlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, link)
    return link
