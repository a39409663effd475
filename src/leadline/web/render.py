"""Views become text: one environment, autoescaped, and what every page has around it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from leadline.catalogue import LANGUAGES
from leadline.charts.label import clean_lines
from leadline.charts.value import text_direction
from leadline.errors import LeadlineError
from leadline.language.language import Language
from leadline.version import __version__
from leadline.web.asset import address
from leadline.web.question import Page, View
from leadline.web.visitor import Visitor

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment() -> Environment:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    made = Environment(
        # Bodies of pages that are also written as files are the report's.
        loader=ChoiceLoader([PackageLoader("leadline.web"), PackageLoader("leadline.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = address
    return made


def render(template: str, view: View, around: View) -> str:
    """A page's text: the template over the view and what is around every page."""
    return environment().get_template(template).render(**around, **view)


def surroundings(
    language: Language,
    visitor: Visitor,
    workspace: str,
    pages: Sequence[Page],
    here: Page | None,
    title: str,
    address: str,
) -> View:
    """What every page has: words, direction, theme, navigation, the other languages."""
    return {
        "t": language.say,
        "fill": language.fill,
        "count": language.count,
        "lang": language.tag,
        "dir": language.direction,
        "theme": visitor.theme,
        "visitor": visitor,
        "workspace": workspace,
        "title": title,
        "menu": [
            {"href": page.path, "name": language.say(page.title), "here": _at(page, here)}
            for page in pages
            if page.menu and visitor.may(page.role)
        ],
        "languages": [
            {"tag": tag, "name": name, "dir": text_direction(tag), "here": tag == language.code}
            for tag, name in LANGUAGES.items()
        ],
        "address": address,
        "version": __version__,
    }


def _at(entry: Page, here: Page | None) -> str:
    """The `aria-current` of an entry of the navigation: the page itself, or the one that it is part of."""
    if here is None:
        return ""
    return "page" if entry.id == here.id else "true" if entry.id == here.under else ""


def error_view(error: LeadlineError) -> View:
    """An error as a page shows it."""
    return {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}


def _harmless(value: Any) -> Any:
    # Drawings and other markup of our own are marked as such; everything else may have come from data.
    if value is None or hasattr(value, "__html__"):
        return "" if value is None else value
    return clean_lines(str(value))
