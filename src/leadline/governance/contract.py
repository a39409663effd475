"""Contracts: definitions that teams have to agree on, and whether they agree on what is written today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from leadline.errors import UsageError, unknown
from leadline.governance.agreement import Agreement, SignOff, read_agreements, write_agreement
from leadline.governance.meaning import Change, changes, meaning_hash, meaning_parts
from leadline.ingest.definition import Definition, read_definitions
from leadline.model.metric import Metric
from leadline.model.version import since
from leadline.project import Project

State = Literal["agreed", "stale", "withdrawn", "missing"]


class Standing(Struct, frozen=True):
    """Where a team stands on a definition.

    `stale`: it agreed to another meaning, and `changes` say what is different now.
    """

    team: str
    state: State
    sign_off: SignOff | None = None
    changes: tuple[Change, ...] = ()


class Term(Struct, frozen=True):
    """A definition under contract: its meaning and where every team stands.

    `since` is the first day on which the newest definition holds, None where there was no other. `gone`: there are
    sign-offs, and no such metric any more.
    """

    metric: str
    label: str
    owner: str
    version: int
    since: dt.date | None
    meaning: str
    standings: tuple[Standing, ...]
    origin: str = ""
    gone: bool = False

    @property
    def agreed(self) -> bool:
        """Whether all teams have signed what is written today."""
        return not self.gone and all(one.state == "agreed" for one in self.standings)


def read_terms(project: Project) -> tuple[Term, ...]:
    """All definitions under contract: those that say so, and those that somebody agreed to."""
    agreements = read_agreements(project.folder)
    sources = own_sources(project)
    named = [metric.id for metric in project.metrics.values() if metric.contract is not None]
    return tuple(term_of(name, project, agreements.get(name), sources) for name in dict.fromkeys((*named, *agreements)))


def own_sources(project: Project) -> list[Definition]:
    """The workspace's own source definitions."""
    return read_definitions(project.folder / "sources", project.tables)


def term_of(name: str, project: Project, agreement: Agreement | None, sources: Sequence[Definition]) -> Term:
    """The contract of a metric as it stands."""
    metric = project.metrics.get(name)
    teams = teams_of(metric, project, agreement)
    if metric is None:
        known = [Standing(team, "missing", agreement.last(team) if agreement else None) for team in teams]
        return Term(name, name, "", 0, None, "", tuple(known), gone=True)
    parts = meaning_parts(metric, project, sources)
    standings = tuple(_standing(team, agreement, parts) for team in teams)
    owner = metric.contract.owner if metric.contract is not None and metric.contract.owner else metric.owner
    return Term(name, metric.label, owner, metric.version, since(metric), meaning_hash(parts), standings, metric.origin)


def teams_of(metric: Metric | None, project: Project, agreement: Agreement | None = None) -> tuple[str, ...]:
    """The teams that must sign: the contract's, else the workspace's; of a metric that is gone, those that signed."""
    if metric is None:
        return tuple(dict.fromkeys(one.team for one in agreement.record)) if agreement else ()
    return (metric.contract.teams if metric.contract is not None else ()) or project.settings.teams


def _standing(team: str, agreement: Agreement | None, parts: Mapping[str, str]) -> Standing:
    last = agreement.last(team) if agreement is not None else None
    if agreement is None or last is None:
        return Standing(team, "missing")
    if last.did == "withdrew":
        return Standing(team, "withdrawn", last)
    if last.meaning == meaning_hash(parts):
        return Standing(team, "agreed", last)
    return Standing(team, "stale", last, changes(agreement.meanings[last.meaning], parts))


def sign(
    project: Project,
    name: str,
    team: str,
    day: dt.date,
    *,
    by: str = "",
    note: str = "",
    withdraw: bool = False,
) -> Term:
    """Write down that a team agrees to what a metric means today, or withdraws; gives the contract as it stands then.

    To agree again to the same, without a word more, changes nothing.
    Raises `UsageError` for an unknown metric or team, and for a withdrawal of what was never agreed to.
    """
    metric = project.metrics.get(name)
    if metric is None:
        raise unknown("metric", name, project.metrics, fix="list them with `leadline metrics`")
    teams = teams_of(metric, project)
    if team not in teams:
        raise unknown("team", team, teams, why=f"the teams that sign {name} are {', '.join(teams)}")
    agreement = read_agreements(project.folder).get(name) or Agreement(name)
    sources = own_sources(project)
    parts = meaning_parts(metric, project, sources)
    last = agreement.last(team)
    if withdraw and (last is None or last.did == "withdrew"):
        raise UsageError(
            "nothing-to-withdraw",
            f"{team} has not agreed to {name}.",
            fix=f"see who has with `leadline agree {name} --status`",
        )
    if not withdraw and not note and last is not None and (last.did, last.meaning) == ("agreed", meaning_hash(parts)):
        return term_of(name, project, agreement, sources)
    sign_off = SignOff(
        team,
        "withdrew" if withdraw else "agreed",
        day,
        last.meaning if withdraw and last is not None else meaning_hash(parts),
        last.version if withdraw and last is not None else metric.version,
        by,
        note,
    )
    signed = agreement.meanings[sign_off.meaning] if withdraw else parts
    agreement = agreement.signed(sign_off, signed)
    write_agreement(project.folder, agreement)
    return term_of(name, project, agreement, sources)
