"""The questions of a workspace: the built-in sets of its business model, and its own in `questions/*.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from leadline.errors import DefinitionError, UsageError, meant, unknown
from leadline.model.document import Document, read_document
from leadline.model.question import FOLDER, JOURNEY, MODELS, Question, questions_in, read_question_file
from leadline.workspace import Workspace


def model_of(workspace: Workspace, name: str = "") -> str:
    """The business model asked for, else the workspace's; `UsageError` when neither names one."""
    model = name or workspace.settings.model
    if not model:
        raise UsageError(
            "no-business-model",
            "The workspace does not say what business it is.",
            why="questions and plans differ from business to business",
            fix=f"write `model: b2b_saas` into leadline.yaml, or --model NAME ({', '.join(MODELS)})",
        )
    if model not in MODELS:
        raise unknown("business model", model, MODELS)
    return model


def questions_of(workspace: Workspace, model: str = "") -> tuple[Question, ...]:
    """The questions of a business model in the order of the journey; a workspace's own replace those of the same id."""
    model = model_of(workspace, model)
    found: dict[str, Question] = {}
    left_out: dict[str, str] = {}
    for document, own in _documents(workspace):
        file = read_question_file(document, workspace.metrics, workspace.facts)
        if file.models and model not in file.models:
            continue
        for question in questions_in(document, file):
            before = found.get(question.id)
            if before is not None and before.origin.startswith(f"{FOLDER}/"):
                raise DefinitionError(
                    "question-twice",
                    f"There are two questions {question.id!r}.",
                    why=f"{before.origin} and {question.origin}",
                    fix="rename one of them",
                )
            found[question.id] = question
        if own:
            left_out |= {name: document.place("left_out", name) for name in file.left_out}
    for name, place in left_out.items():
        if name not in found:
            raise DefinitionError(
                "unknown-question",
                f"There is no question {name!r} to leave out.",
                why=place,
                fix=meant(name, found, "list them with `leadline coverage`"),
            )
    kept = (question for name, question in found.items() if name not in left_out)
    return tuple(sorted(kept, key=lambda question: JOURNEY.index(question.stage)))


def _documents(workspace: Workspace) -> Iterator[tuple[Document, bool]]:
    """The built-in sets, then the workspace's own."""
    for entry in sorted((resources.files("leadline.catalogue") / "questions").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            yield read_document(entry.read_text(encoding="utf-8"), f"catalogue/questions/{entry.name}"), False
    for path in sorted((workspace.path / FOLDER).glob("*.y*ml")):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise DefinitionError(
                "bad-yaml", f"{path.name} is not UTF-8 text.", why=str(error), fix="save it as UTF-8"
            ) from None
        yield read_document(text, f"{FOLDER}/{path.name}"), True
