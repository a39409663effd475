"""Reading a language: the texts beside the catalogue, and those a workspace gives for its own metrics."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from leadline.catalogue import LANGUAGES
from leadline.errors import DefinitionError, meant
from leadline.language.language import ENGLISH, Labels, Language, MetricText
from leadline.language.tag import language_code, locale_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable

FOLDER = "languages"
"""Where a workspace keeps translations of its own metrics: `languages/vi.yaml`."""


def read_language(tag: str, *, folder: Path | None = None, home: str = "en", known: Iterable[str] = ()) -> Language:
    """The language of a tag such as `vi` or `ar-EG`.

    `folder` is a workspace whose `languages/CODE.yaml` names its own metrics, written in the language `home`; `known`
    are the ids it may name. Raises `UsageError` for a language without texts, `DefinitionError` for a wrong file.
    """
    code = language_code(tag)
    own = _own(folder / FOLDER / f"{code}.yaml", tuple(known)) if folder is not None else {}
    return msgspec.structs.replace(built_in(code), locale=locale_of(tag), own=own, home=language_code(home))


def workspace_language(space: Any, tag: str | None = None) -> Language:
    """The language to answer in: the one asked for, or the first of the workspace's `languages`."""
    home = (space.settings.languages or ("en",))[0]
    asked = tag or home
    if language_code(asked) == "en" and not (space.path / FOLDER / "en.yaml").is_file():
        # The surfaces speak English themselves: no file needs reading.
        return msgspec.structs.replace(ENGLISH, locale=locale_of(asked), home=language_code(home))
    return read_language(asked, folder=space.path, home=home, known=space.metrics)


@cache
def built_in(code: str) -> Language:
    """The texts that come with Leadline; `code` is one of `LANGUAGES`."""
    folder = resources.files("leadline.catalogue") / "language" / code
    data: dict[str, Any] = {name: _yaml(folder / f"{name}.yaml") for name in ("words", "labels", "formula")}
    metrics: dict[str, Any] = {}
    for entry in sorted((folder / "metrics").iterdir(), key=lambda item: item.name) if code != "en" else ():
        metrics |= _yaml(entry)
    return Language(
        code=code,
        locale=code,
        name=LANGUAGES[code],
        words=(ENGLISH.words if code == "en" else {}) | msgspec.convert(data["words"], dict[str, str | dict[str, str]]),
        labels=msgspec.convert(data["labels"], Labels),
        formula=msgspec.convert(data["formula"], dict[str, str]),
        metrics=msgspec.convert(metrics, dict[str, MetricText]),
    )


def terms(code: str) -> dict[str, Any]:
    """The term base of a language: for each concept of the field the words chosen, and words never to be used."""
    folder = resources.files("leadline.catalogue") / "language" / code
    found: dict[str, Any] = _yaml(folder / "terms.yaml")
    return found


def _yaml(entry: Traversable) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # Safe: the safe loader under both names.
    data: dict[str, Any] = yaml.load(entry.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    return data


def _own(path: Path, known: tuple[str, ...]) -> dict[str, MetricText]:
    if not path.is_file():
        return {}
    from leadline.model.document import read_document

    document = read_document(path.read_text(encoding="utf-8"), f"{FOLDER}/{path.name}")
    found = document.convert(dict[str, MetricText], document.data)
    for name in found:
        if known and name not in known:
            raise DefinitionError(
                "unknown-metric",
                f"There is no metric named {name!r}.",
                why=document.place(name),
                fix=meant(name, known, "list them with `leadline metrics`"),
            )
    return found
