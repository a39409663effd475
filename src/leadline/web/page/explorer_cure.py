"""Ways out of a question that has no right answer: the nearest ones that have, each tried before it is offered."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from leadline.errors import LeadlineError, closest
from leadline.web.page.explorer_ask import PERIOD, Asked, check
from leadline.web.question import Question

MOST_CURES = 4
Cure = tuple[str, str]


def cures(question: Question, asked: Asked) -> list[Cure]:
    """What to ask instead, in words, and its address."""
    found: dict[Asked, str] = {}
    for text, other in _near(question, asked):
        if len(found) < MOST_CURES and other not in found and other.metrics and _answers(question, other):
            found[other] = text
    return [(text, other.address()) for other, text in found.items()]


def legal(question: Question, metric: str) -> tuple[str, ...]:
    """What a metric can be broken down by; nothing for one that is not known."""
    space = question.workspace
    return space.meaning(metric).dimensions if metric in space.metrics else ()


def _near(question: Question, asked: Asked) -> Iterator[tuple[str, Asked]]:
    language, known = question.language, question.workspace.metrics
    for name in asked.metrics:
        if name not in known:
            for other in closest(name, known):
                changed = tuple(other if one == name else one for one in asked.metrics)
                text = language.fill("{name} instead", name=language.metric_name(known[other]))
                yield text, replace(asked, metrics=tuple(dict.fromkeys(changed)))
    if asked.sort:
        yield language.say("Not sorted"), replace(asked, sort="")
    for name in asked.by:
        rest = tuple(one for one in asked.by if one != name)
        yield language.fill("Without {name}", name=language.column(name)), replace(asked, by=rest, sort="")
    for name in asked.by:
        fitting = tuple(one for one in asked.metrics if name in legal(question, one))
        if fitting and fitting != asked.metrics:
            told = ", ".join(language.metric_name(known[one]) for one in fitting)
            yield language.fill("Only {name}", name=told), replace(asked, metrics=fitting, sort="")
    if asked.where:
        yield language.say("Without the filter"), replace(asked, where="")
    if asked.compare:
        yield language.say("Without the comparison"), replace(asked, compare="")
    if asked.period != PERIOD:
        yield language.say("Last 12 months"), replace(asked, period=PERIOD)
    if asked.grain != "none":
        yield language.say("in all"), replace(asked, grain="none", sort="")
    for name in asked.metrics:
        if name in known and len(asked.metrics) > 1:
            rest = tuple(one for one in asked.metrics if one != name)
            text = language.fill("Without {name}", name=language.metric_name(known[name]))
            yield text, replace(asked, metrics=rest, sort="")
    if asked.by:
        yield language.say("Not broken down"), replace(asked, by=(), sort="")
    # Where more than one thing is off: the metrics themselves.
    bare = tuple(name for name in asked.metrics if name in known)
    told = ", ".join(language.metric_name(known[name]) for name in bare)
    yield language.fill("Only {name}", name=told), Asked(bare)


def _answers(question: Question, asked: Asked) -> bool:
    try:
        check(question, asked)
    except LeadlineError:
        return False
    return True
