"""Roll-ups as the settings ask for them: facts to be kept counted up by day, with the dimensions to keep."""

from __future__ import annotations

from collections.abc import Mapping

from leadline.errors import DefinitionError, meant
from leadline.model.document import Document
from leadline.model.fact import Fact

RollupDefinitions = dict[str, tuple[str, ...]]


def check_rollups(rollups: RollupDefinitions, facts: Mapping[str, Fact], document: Document) -> None:
    """A roll-up keeps dimensions that many rows share: not ids, moments, or a person's own words."""
    for name, dimensions in rollups.items():
        if name not in facts:
            raise DefinitionError(
                "unknown-fact",
                f"There is no fact named {name!r}.",
                why=document.place("rollups", name),
                fix=meant(name, facts, "list them with `leadline facts`"),
            )
        shared = [
            column.name
            for column in facts[name].columns
            if not column.personal and (column.role == "dimension" or column.type == "boolean")
        ]
        for dimension in dimensions:
            if dimension not in shared:
                raise DefinitionError(
                    "bad-rollup",
                    f"A roll-up of {name} cannot keep {dimension!r}.",
                    why=f"{document.place('rollups', name)}: it is no stored dimension of {name}",
                    fix=meant(dimension, shared, f"choose from {', '.join(shared)}"),
                )
