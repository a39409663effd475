"""The monthly statement: how both sides kept their promises, under a hash that both sign.

The hash covers every figure, breach and dispute and the promises themselves: when a late load, a settled dispute or an
edited promise changes any of it, signatures under the old one are stale.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from typing import Any

import msgspec
from msgspec import Struct

from leadline.errors import RefusedError, UsageError, unknown
from leadline.governance.dispute import append_line
from leadline.governance.sla import Ledger, agreements_of, measure_sla
from leadline.model.promise import FOLDER
from leadline.workspace import Workspace

FILE = f"{FOLDER}/signatures.csv"
COLUMNS = ("period", "team", "statement", "by", "on")


class Signature(Struct, frozen=True):
    """A team's word for a statement; `stale` when the statement has changed since."""

    team: str
    statement: str
    by: str
    on: str
    stale: bool = False


class Statement(Struct, frozen=True):
    """The ledger of a month with its hash, and who signed it."""

    ledger: Ledger
    hash: str
    signatures: tuple[Signature, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The teams that have not signed this very statement."""
        signed = {signature.team for signature in self.signatures if not signature.stale}
        return tuple(team for team in self.ledger.teams if team not in signed)


def make_statement(
    workspace: Workspace, period: str, *, as_known_at: str | None = None, reveal: bool | None = None
) -> Statement:
    """The statement of a period, with the last signature of each team; `reveal` as for the ledger, which it holds."""
    ledger = measure_sla(workspace, period, as_known_at=as_known_at, reveal=reveal)
    digest = _digest(ledger, workspace)
    return Statement(ledger, digest, _signatures(workspace, _label(ledger), digest))


def sign(workspace: Workspace, period: str, team: str, by: str = "") -> Statement:
    """Sign the statement of a period for a team; the statement with its signatures.

    Raises `RefusedError` while the period has promises that are still open, `UsageError` for an unknown team.
    """
    statement = make_statement(workspace, period)
    ledger = statement.ledger
    if team not in ledger.teams:
        raise unknown("team", team, ledger.teams)
    still = sum(tally.open for tally in ledger.tallies) + sum(one.state == "open" for one in ledger.deliveries)
    if still or (ledger.period is not None and ledger.period.end > workspace.today):
        raise RefusedError(
            "not-closed", f"The statement of {_label(ledger)} is not closed yet.",
            why=f"{still} promises of it are open" if still else "the period is not over",
            fix="sign it when all that is due in it is known",
        )  # fmt: skip
    if team not in statement.missing:
        raise UsageError(
            "signed-already",
            f"{team} has signed this statement.",
            why=f"{FILE}, hash {statement.hash}",
            fix="nothing is left to do",
        )
    cells = (_label(ledger), team, statement.hash, by, workspace.today.isoformat())
    append_line(workspace.path / FILE, COLUMNS, cells)
    return make_statement(workspace, period)


def _label(ledger: Ledger) -> str:
    """The period as its first day and how long it is: the same however it was asked for."""
    period = ledger.period
    if period is None:
        raise UsageError("no-period", "A statement is about a month.", fix="write for example 2026-06")
    month = period.unit == "month" and period.count == 1
    return (
        f"{period.start:%Y-%m}"
        if month and period.start.day == 1
        else f"{period.start}..{period.end - dt.timedelta(days=1)}"
    )


def _digest(ledger: Ledger, workspace: Workspace) -> str:
    told: dict[str, Any] = {
        "period": _label(ledger),
        "agreements": agreements_of(workspace),
        "tallies": ledger.tallies,
        "deliveries": ledger.deliveries,
        # In an order that time does not change, and without how late the never done is by now.
        "breaches": sorted(
            (one.promise, one.record, one.due, str(one.done_at), one.dispute) for one in ledger.breaches
        ),
    }
    text = msgspec.json.encode(told, order="sorted")
    return hashlib.sha256(text).hexdigest()[:12]


def _signatures(workspace: Workspace, label: str, digest: str) -> tuple[Signature, ...]:
    path = workspace.path / FILE
    if not path.is_file():
        return ()
    last: dict[str, Signature] = {}
    for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))):
        if row.get("period") == label:
            team, told = row.get("team") or "", row.get("statement") or ""
            last[team] = Signature(team, told, row.get("by") or "", row.get("on") or "", stale=told != digest)
    return tuple(last.values())
