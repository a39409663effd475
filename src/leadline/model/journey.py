"""A journey as a definition: which stages there are, in which order, and which entries end it.

`journeys/sales.yaml` of a workspace; without any, the journey of most B2B companies holds:

    title: From lead to customer
    stages: [lead, mql, sal, sql, opportunity, customer]
    exits: [rejected]
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from leadline.errors import DefinitionError, UsageError, unknown
from leadline.model.document import Document

FOLDER = "journeys"
MOST_STAGES = 16
"""As many as the events of a funnel can be told apart by."""


class JourneyDefinition(Struct, frozen=True, forbid_unknown_fields=True):
    """Ids of stages in the order of the journey, and of the stages that end it without its goal."""

    stages: tuple[str, ...]
    exits: tuple[str, ...] = ()
    title: str = ""


BUILT_IN = JourneyDefinition(("lead", "mql", "sal", "sql", "opportunity", "customer"), ("rejected", "disqualified"))


def read_journey(document: Document) -> JourneyDefinition:
    """The journey of a file, checked; errors name file and line."""
    journey = document.convert(JourneyDefinition, document.data)
    for field, names in (("stages", journey.stages), ("exits", (*journey.stages, *journey.exits))):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DefinitionError(
                "journey-stage-twice",
                f"The stage {twice!r} is named twice.",
                why=document.place(field),
                fix="name each stage once, in `stages` or in `exits`",
            )
    if not 2 <= len(journey.stages) <= MOST_STAGES:
        raise DefinitionError(
            "journey-stages",
            f"A journey has 2 to {MOST_STAGES} stages, not {len(journey.stages)}.",
            why=document.place("stages"),
            fix="list the main stages in their order",
        )
    return journey


def choose_journey(journeys: Mapping[str, JourneyDefinition], name: str = "") -> JourneyDefinition:
    """The journey of that name; without one the only one there is, or the built-in one where there is none."""
    if name:
        if name not in journeys:
            raise unknown("journey", name, journeys, why=f"journeys are files in {FOLDER}/")
        return journeys[name]
    if len(journeys) > 1:
        raise UsageError(
            "which-journey",
            "There are several journeys.",
            why=f"{FOLDER}/ has {', '.join(journeys)}",
            fix=f"name one, for example --journey {next(iter(journeys))}",
        )
    return next(iter(journeys.values()), BUILT_IN)
