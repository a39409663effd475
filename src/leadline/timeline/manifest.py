"""What a timeline consists of: one small file that names everything else, replaced in one step.

Files are written under new names and reach the disk before the manifest names them, so that a crash at any moment
leaves the last complete timeline. What no manifest names is left over from a crash and swept by the next writer.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from leadline.errors import DataError

FORMAT = 1
NAME = "manifest.json"

OWN = re.compile(r"g\d{6,}|.+-g\d{6,}\.parquet|\.manifest\.json\.\d+|spill")
"""Names that a timeline gives to its files, besides the manifest."""


class Segment(Struct, frozen=True, forbid_unknown_fields=True):
    """A folder of columns, sorted by person, moment and id: how many events and persons it holds."""

    name: str
    events: int
    persons: int


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The first segment is the base, later ones are what was added since.

    `dictionaries` names the files of each dictionary (`person`, `event` and each property), `sizes` the highest code
    given out in it. `probe` tells whether texts are still hashed as they were. `synced` is the last load taken over
    from a warehouse, `identity` the version of who is who there that persons are named by (0: the ids as they are).
    """

    generation: int
    properties: tuple[str, ...]
    segments: tuple[Segment, ...]
    dictionaries: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, int]
    probe: int
    synced: int = 0
    identity: int = 0
    format: int = FORMAT

    @property
    def files(self) -> set[str]:
        """Names of all files and folders that belong to it."""
        return {segment.name for segment in self.segments} | {
            name for names in self.dictionaries.values() for name in names
        }


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the timeline in `folder`; `DataError` when there is none or it cannot be used."""
    path = folder / NAME
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            "no-timeline", f"There is no timeline in {folder}.", fix="build one with Timeline.build"
        ) from None
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise DataError(
            "timeline-unreadable", f"{path} cannot be read.", why=str(error), fix="build the timeline again"
        ) from error
    if manifest.format != FORMAT:
        raise DataError(
            "timeline-format",
            f"The timeline in {folder} is of format {manifest.format}, not {FORMAT}.",
            fix="build it again",
        )
    return manifest


def write_manifest(folder: Path, manifest: Manifest, replaces: int) -> None:
    """Make `manifest` the valid one, if the timeline still is of generation `replaces` (0: there was none)."""
    if replaces:
        check_generation(folder, replaces)
    partial = folder / f".{NAME}.{os.getpid()}"
    with partial.open("wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest)))
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(folder)
    partial.replace(folder / NAME)
    sync_folder(folder)


def check_generation(folder: Path, generation: int) -> None:
    """Refuse to go on when somebody else has written meanwhile."""
    if read_manifest(folder).generation != generation:
        raise DataError(
            "timeline-changed",
            f"The timeline in {folder} was changed by somebody else meanwhile.",
            why="one process at a time may write to it",
            fix="open it anew and try again",
        )


def sweep(folder: Path, manifest: Manifest) -> None:
    """Remove what a timeline wrote here and the manifest does not name; what others put here stays."""
    for path in folder.iterdir():
        if OWN.fullmatch(path.name) and path.name not in manifest.files:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def sync_folder(folder: Path) -> None:
    """Let the names in a folder reach the disk, where the system can do that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Let the content of a written file reach the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
