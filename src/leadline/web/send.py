"""What a form sends, brought where it can be worked on: fields as text, files in a folder of their own; and files
that an answer is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from msgspec import Struct
from starlette.datastructures import UploadFile
from starlette.requests import Request

from leadline.charts.label import clean
from leadline.errors import DataError
from leadline.web.question import Sent

MOST_FILES = 50
MOST_BYTES = 1 << 30
"""A form may send a gigabyte; what is larger is loaded from where it lies, by the command line."""


class Download(Struct, frozen=True):
    """An answer as a file: its name, and its content, whole or line by line."""

    name: str
    content: str | bytes | Iterator[str]


def asked_for(request: Request) -> dict[str, str]:
    """What an address asks; a name that is there more than once (boxes of a form) has its values with commas."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    return {name: ",".join(filter(None, values)) for name, values in given.items()}


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Sent]:
    """The form of a request; its files are there until the block ends."""
    told = int(request.headers.get("content-length") or 0)
    if told > MOST_BYTES:
        raise DataError(
            "upload-too-large",
            f"{told / 1e6:,.0f} MB are too much to send by a form.",
            fix="load the file from where it lies: leadline load FILE",
        )
    fields: dict[str, str] = {}
    files: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="leadline-") as folder:
        async with request.form(max_files=MOST_FILES) as form:
            for name, value in form.multi_items():
                if not isinstance(value, UploadFile):
                    fields[name] = value
                elif value.filename:
                    # Each in a folder of its own, so that two of one name do not meet.
                    path = Path(folder) / str(len(files)) / (Path(clean(value.filename)).name or "file")
                    await anyio.to_thread.run_sync(_keep, value, path)
                    files.append(path)
        yield Sent(fields, tuple(files))


def _keep(sent: UploadFile, path: Path) -> None:
    path.parent.mkdir()
    sent.file.seek(0)
    with path.open("wb") as target:
        shutil.copyfileobj(sent.file, target)
