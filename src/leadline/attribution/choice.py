"""Which models can answer for the paths at hand, and why the others cannot."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.attribution.compare import all_models
from leadline.attribution.credit import Credit
from leadline.attribution.read import Reading
from leadline.attribution.rule import MARKED, RULES
from leadline.errors import UsageError
from leadline.model.note import Note

ON_REQUEST = {"shapley_rate": Note("it credits the chance to convert, below zero too, and is only there by its name")}


def credits_of(models: Sequence[str], reading: Reading) -> list[Credit]:
    """Credit by those of the models that these paths can answer."""
    _, left_out = possible_models(reading)
    return all_models(reading.paths, models=[model for model in models if _kind(model) not in left_out])


def _kind(model: str) -> str:
    return "markov" if model.startswith("markov_") else model


def possible_models(reading: Reading) -> tuple[list[str], dict[str, str]]:
    """Models that these paths can answer, and why the others cannot."""
    left_out: dict[str, str] = {}
    if not reading.has_marks:
        why = Note(
            "it needs touches before the stages lead and opportunity on the way to the conversion (fact stage_entry)"
        )
        left_out = dict.fromkeys(MARKED, why)
    if not reading.failed:
        why = Note("it needs journeys that ended without a conversion, and none has ended yet")
        left_out |= {"markov": why, "shapley_rate": why}
    known = [*RULES, "markov", "shapley", "shapley_rate"]
    return [model for model in known if model not in left_out], left_out


def choose_credits(models: str | Sequence[str], reading: Reading, name: str) -> tuple[list[Credit], dict[str, str]]:
    """Credit by the models asked for; `UsageError` for one that these paths cannot answer."""
    possible, left_out = possible_models(reading)
    if models == "all":
        chosen = [model for model in possible if model not in ON_REQUEST]
        return all_models(reading.paths, models=chosen), {**ON_REQUEST, **left_out}
    names = [word.strip() for word in (models.split(",") if isinstance(models, str) else models)]
    for model in names:
        cause = left_out.get(_kind(model))
        if cause:
            raise UsageError(
                "model-has-no-answer",
                f"{model} cannot credit {name} here.",
                why=cause,
                fix=f"ask for {', '.join(possible)}",
            )
    return all_models(reading.paths, models=list(dict.fromkeys(names))), {}
