"""Every error Leadline raises at its users: a code, what happened, why, and how to mend it.

The same text appears on the command line, over HTTP and to agents. An error never loses data: it is raised before
anything is written, or inside a transaction that is rolled back.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

EXIT_USAGE = 2
EXIT_DEFINITION = 3
EXIT_DATA = 4
EXIT_REFUSED = 5


class LeadlineError(Exception):
    """Base of all errors shown to users.

    `code` is stable and kebab-case, `what` one sentence, `why` the reason or place, `fix` the cure;
    `exit_code` is what the command line ends with.
    """

    exit_code = 1

    def __init__(self, code: str, what: str, *, why: str = "", fix: str = "") -> None:
        self.code = code
        self.what = what
        self.why = why
        self.fix = fix
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [f"{_one_line(self.what)} [{self.code}]"]
        if self.why:
            lines.append(f"  why: {_one_line(self.why)}")
        if self.fix:
            lines.append(f"  fix: {_one_line(self.fix)}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str]:
        """The error as plain data, for JSON surfaces."""
        return {"code": self.code, "what": self.what, "why": self.why, "fix": self.fix}


class UsageError(LeadlineError):
    """The request itself is off: an unknown name, a bad period, options that exclude each other."""

    exit_code = EXIT_USAGE


class DefinitionError(LeadlineError):
    """A definition (metric, source, workspace file) is wrong; `why` carries file and line."""

    exit_code = EXIT_DEFINITION


class DataError(LeadlineError):
    """A delivered file or table cannot be read or is refused; the last good state stays."""

    exit_code = EXIT_DATA


class RefusedError(LeadlineError):
    """The question has no right answer with these facts, so none is given."""

    exit_code = EXIT_REFUSED


def _one_line(text: str) -> str:
    """A text without line ends: an error takes three lines at most, whatever a formula or a driver put into it."""
    return " ".join(line.strip() for line in text.splitlines()) if "\n" in text else text


def closest(name: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """The `limit` known names most like `name`, best first; a shared prefix or part counts too."""
    names = sorted(set(known))
    lowered = {candidate.lower(): candidate for candidate in names}
    found = [lowered[match] for match in difflib.get_close_matches(name.lower(), list(lowered), n=limit, cutoff=0.5)]
    for candidate in names:
        if len(found) >= limit:
            break
        if candidate not in found and name and (name.lower() in candidate.lower() or candidate.lower() in name.lower()):
            found.append(candidate)
    return found[:limit]


def meant(
    name: str, known: Iterable[str], otherwise: str = "", *, limit: int = 3, told: Callable[[str], str] = str
) -> str:
    """The cure for a wrong name: which of the known ones may be meant, as `told` writes them; else `otherwise`."""
    near = closest(name, known, limit=limit)
    return f"did you mean {', '.join(map(told, near))}?" if near else otherwise


def unknown(kind: str, name: str, known: Iterable[str], *, why: str = "", fix: str = "") -> UsageError:
    """An error for a name nobody defined, with the closest known names as the cure."""
    names = list(known)
    cure = " ".join(filter(None, (meant(name, names), fix)))
    if not cure:
        shown = ", ".join(sorted(names)[:12])
        cure = f"known: {shown}" if shown else f"no {kind} is defined yet"
    return UsageError(f"unknown-{kind.replace(' ', '-')}", f"There is no {kind} named {name!r}.", why=why, fix=cure)
