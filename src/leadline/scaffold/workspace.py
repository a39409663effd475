"""Writing a new workspace from the templates beside this module.

Files of `templates/common` go into every workspace, those of `templates/MODEL` into workspaces of that business model.
Inside them `$name`, `$timezone` and the like are filled in.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from leadline.errors import UsageError, unknown
from leadline.model.question import MODELS

QUESTIONS = {
    "b2b_saas": "leads mql --by channel --grain month --period last-6-months",
    "ecommerce": "revenue aov --grain week --period last-12-weeks --compare year",
    "plg": "signups active_users --grain week --period last-12-weeks",
    "lead_gen": "leads cpl --by channel --grain month --period last-6-months",
}

# A file must not start with a dot inside the package, or packaging tools may leave it out.
DOTTED = {"gitignore": ".gitignore"}


def init_workspace(
    path: Path,
    model: str = "b2b_saas",
    *,
    name: str = "",
    timezone: str = "UTC",
    currency: str = "EUR",
    languages: Sequence[str] = ("en",),
) -> list[Path]:
    """Write a new workspace into `path`, made if missing; the files written, relative to it.

    Nothing is overwritten: if any of the files exists already, `UsageError` names them and nothing is written at all.
    """
    if model not in MODELS:
        raise unknown("business model", model, MODELS)
    if path.exists() and not path.is_dir():
        raise UsageError("not-a-folder", f"{path} is a file.", fix="name a folder for the workspace")
    values = {
        "name": name or path.resolve().name,
        "model": model,
        "timezone": timezone,
        "currency": currency,
        "languages": ", ".join(languages),
        "question": QUESTIONS[model],
    }
    templates = resources.files("leadline.scaffold") / "templates"
    files = dict(_files(templates / "common")) | dict(_files(templates / model))
    _refuse_to_overwrite(path, files)
    for relative, template in sorted(files.items()):
        target = path / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_fill(template.read_text(encoding="utf-8"), values), encoding="utf-8", newline="\n")
    return [Path(relative) for relative in sorted(files)]


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    """Every file below `folder`, with its path in the workspace."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + DOTTED.get(entry.name, entry.name), entry


def _refuse_to_overwrite(path: Path, files: dict[str, Traversable]) -> None:
    present = sorted(relative for relative in files if (path / relative).exists())
    if present:
        raise UsageError(
            "file-exists",
            f"{path} already has {', '.join(present)}.",
            why="a new workspace never overwrites what is there",
            fix="choose an empty folder, or move these files away first",
        )


def _fill(text: str, values: dict[str, str]) -> str:
    # YAML would read a bare `on: no` or a name with a colon as something else.
    quoted = {key: _quoted(value) if key == "name" else value for key, value in values.items()}
    return string.Template(text).safe_substitute(quoted | {"title": values["name"]})


def _quoted(text: str) -> str:
    """`text` as a double-quoted YAML scalar."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
