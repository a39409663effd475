"""Agreements: which team signed which meaning of a definition, kept as text beside the definitions.

`agreements/<metric>.yaml` is a record that is only ever added to, with the text of every meaning that was signed, so
that what changed since can be said without asking the history of the repository.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec
import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from leadline.errors import DefinitionError
from leadline.model.document import read_document

FOLDER = "agreements"
_HEAD = "# Who agreed to what {metric} means. Written by `leadline agree`: the definition itself is elsewhere.\n"
_PLAIN = re.compile(r"[a-z0-9_]+")


class SignOff(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A team agreed to a meaning (its hash) on a day, or withdrew its agreement. `by` is who said so."""

    team: str
    did: Literal["agreed", "withdrew"]
    day: dt.date
    meaning: str
    version: int = 1
    by: str = ""
    note: str = ""


class Agreement(Struct, frozen=True, forbid_unknown_fields=True):
    """All sign-offs of a metric, oldest first, and the meanings signed, by hash."""

    metric: str
    record: tuple[SignOff, ...] = ()
    meanings: dict[str, dict[str, str]] = field(default_factory=dict)

    def last(self, team: str) -> SignOff | None:
        """What a team said last."""
        return next((one for one in reversed(self.record) if one.team == team), None)

    def signed(self, sign_off: SignOff, parts: Mapping[str, str]) -> Agreement:
        """With one more sign-off, and the meaning it is about."""
        return replace(self, record=(*self.record, sign_off), meanings={**self.meanings, sign_off.meaning: dict(parts)})


def agreement_path(folder: Path, metric: str) -> Path:
    """The file of a metric's agreement: its id, or a hash where the id is no safe name for a file."""
    name = metric if _PLAIN.fullmatch(metric) else f"m-{hashlib.sha256(metric.encode()).hexdigest()[:12]}"
    return folder / FOLDER / f"{name}.yaml"


def read_agreements(folder: Path) -> dict[str, Agreement]:
    """The agreements of a workspace folder by metric; `DefinitionError` with file and line."""
    found: dict[str, Agreement] = {}
    for path in sorted((folder / FOLDER).glob("*.y*ml")):
        document = read_document(path.read_text(encoding="utf-8"), f"{FOLDER}/{path.name}")
        agreement = document.convert(Agreement, document.data)
        if agreement.metric in found:
            raise DefinitionError(
                "agreement-twice",
                f"Two files tell who agreed to {agreement.metric}.",
                why=document.file,
                fix="keep the one that `leadline agree` writes, with the sign-offs of both",
            )
        for number, one in enumerate(agreement.record):
            if one.meaning not in agreement.meanings:
                raise DefinitionError(
                    "bad-agreement",
                    f"The meaning {one.meaning} that {one.team} signed is not written down.",
                    why=document.place("record", str(number)),
                    fix="take the file as it was from the repository's history, or sign again",
                )
        found[agreement.metric] = agreement
    return found


def write_agreement(folder: Path, agreement: Agreement) -> Path:
    """Write an agreement, whole or not at all; gives its path."""
    path = agreement_path(folder, agreement.metric)
    path.parent.mkdir(exist_ok=True)
    kept = {one.meaning for one in agreement.record}
    plain = msgspec.to_builtins(
        replace(agreement, meanings={name: parts for name, parts in agreement.meanings.items() if name in kept}),
        builtin_types=(dt.date,),
    )
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=116)
    partial = path.with_suffix(".part")
    partial.write_text(_HEAD.format(metric=" ".join(agreement.metric.split())) + text, encoding="utf-8", newline="\n")
    partial.replace(path)
    return path
