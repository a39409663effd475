"""Who looks, and how they want it: language, light or dark, role and rows."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from starlette.requests import Request

from leadline.catalogue import LANGUAGES
from leadline.errors import LeadlineError
from leadline.language.language import Language
from leadline.language.read import workspace_language
from leadline.language.tag import language_code
from leadline.workspace import Workspace

Role = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "editor", "admin")
Theme = Literal["", "light", "dark"]


class Visitor(Struct, frozen=True):
    """A person (or a token) with a role. `rows` is a condition that every query of theirs is put under."""

    name: str = ""
    role: Role = "viewer"
    rows: str = ""
    language: str = ""
    theme: Theme = ""

    def may(self, role: Role) -> bool:
        """Whether the visitor has at least this role."""
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def reveals(self) -> bool:
        """Whether personal data is shown to them."""
        return self.role == "admin"


def told_language(request: Request) -> str:
    """The language asked for: in the address, by an earlier choice, else the best of what the browser accepts."""
    for tag in (request.query_params.get("lang"), request.cookies.get("lang")):
        if tag and _known(tag):
            return tag
    wanted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag))
        except ValueError:
            continue
    return next((tag for _, tag in sorted(wanted, key=lambda pair: pair[0]) if _known(tag)), "")


def told_theme(request: Request) -> Theme:
    """Light or dark by choice; empty follows the device."""
    for choice in (request.query_params.get("theme"), request.cookies.get("theme")):
        if choice == "light":
            return "light"
        if choice == "dark":
            return "dark"
    return ""


def spoken(workspace: Workspace, visitor: Visitor) -> Language:
    """The language to answer in."""
    return workspace_language(workspace, visitor.language or None)


def _known(tag: str) -> bool:
    try:
        return language_code(tag) in LANGUAGES
    except LeadlineError:
        return False
