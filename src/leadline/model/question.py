"""A question of the plan: what a team wants to know, and which metrics, broken down how, would answer it.

`questions/*.yaml` of a workspace has the form of the built-in sets beside the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct, field

from leadline.errors import DefinitionError, meant
from leadline.model import tree
from leadline.model.document import Document
from leadline.model.fact import Fact
from leadline.model.infer import dimensions_of
from leadline.model.metric import Metric, expand

FOLDER = "questions"
JourneyStage = Literal["awareness", "engage", "convert", "retain", "advocacy"]
JOURNEY: tuple[JourneyStage, ...] = ("awareness", "engage", "convert", "retain", "advocacy")
"""The buyer's journey, which the stages of every business model are laid onto."""
MODELS: dict[str, str] = {
    "b2b_saas": "B2B software by subscription: leads, sales team, recurring revenue",
    "ecommerce": "a shop: visits, orders, repeat purchases",
    "plg": "a product people sign up for and use before they pay",
    "lead_gen": "leads for a sales team or for others: services, agencies, brokers",
}
"""Business models, and what each is in words."""
Evidence = Literal["reminder_mails"]
"""What answers a question beside metrics: `reminder_mails` are reminders of an e-mail tool whose campaign names the
event, read as `leadline event` reads them.
"""


class QuestionDefinition(Struct, frozen=True, forbid_unknown_fields=True):
    """A question as written: all `metrics` together answer it, each broken down by all of `by`.

    Where they cannot, `evidence` may answer it instead. `decision` says what is decided with the answer: nobody needs
    to know what changes nothing.
    """

    ask: str
    metrics: tuple[str, ...]
    stage: JourneyStage
    by: tuple[str, ...] = ()
    decision: str = ""
    evidence: tuple[Evidence, ...] = ()


class QuestionFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A set of questions by id, for some business models or (without any) for all.

    `left_out` names questions of the built-in sets that this company does not ask, and why.
    """

    questions: dict[str, QuestionDefinition] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)


class Question(Struct, frozen=True):
    """A question resolved; `origin` is `file:line`."""

    id: str
    ask: str
    metrics: tuple[str, ...]
    stage: JourneyStage
    by: tuple[str, ...] = ()
    decision: str = ""
    origin: str = ""
    evidence: tuple[Evidence, ...] = ()


def read_question_file(document: Document, metrics: Mapping[str, Metric], facts: Mapping[str, Fact]) -> QuestionFile:
    """A set of questions, checked: `DefinitionError` with file and line for what is unknown or cannot be asked."""
    found = document.convert(QuestionFile, document.data or {})
    for number, model in enumerate(found.models):
        if model not in MODELS:
            raise _unknown("business model", model, list(MODELS), document.place("models", str(number)))
    for name, question in found.questions.items():
        if not question.ask.strip() or not question.metrics:
            raise DefinitionError(
                "bad-question",
                f"Question {name!r} has no {'metric' if question.ask.strip() else 'words'}.",
                why=document.place("questions", name),
                fix="write `ask: What …?` and `metrics: [leads]`",
            )
        for number, metric in enumerate(question.metrics):
            place = document.place("questions", name, "metrics", str(number))
            if metric not in metrics:
                raise _unknown("metric", metric, list(metrics), place)
            for dimension in question.by:
                _check_breakdown(metrics[metric], dimension, metrics, facts, document.place("questions", name, "by"))
    return found


def questions_in(document: Document, file: QuestionFile) -> Iterator[Question]:
    """The questions of a file with their places."""
    for name, one in file.questions.items():
        place = document.place("questions", name)
        yield Question(name, one.ask.strip(), one.metrics, one.stage, one.by, one.decision, place, one.evidence)


def _check_breakdown(
    metric: Metric, dimension: str, metrics: Mapping[str, Metric], facts: Mapping[str, Fact], place: str
) -> None:
    for part in tree.measures_of(expand(metric.tree, metrics)):
        legal = (*dimensions_of(part, facts), *facts[part.fact].breakdowns)
        if dimension not in legal:
            raise DefinitionError(
                "unknown-dimension",
                f"{metric.id} cannot be broken down by {dimension!r}.",
                why=f"{place}: its fact {part.fact} has no such dimension",
                fix=meant(dimension, legal, f"use {', '.join(legal[:12])}"),
            )


def _unknown(kind: str, name: str, known: list[str], place: str) -> DefinitionError:
    return DefinitionError(
        f"unknown-{kind.replace(' ', '-')}",
        f"There is no {kind} named {name!r}.",
        why=place,
        fix=meant(name, known, f"known: {', '.join(known[:12])}"),
    )
