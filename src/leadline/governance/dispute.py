"""Disputes about breaches, kept as text that both teams can read: `sla/disputes.csv`.

A dispute changes no figure until somebody writes `upheld` into its column `outcome`; then the breach is excused.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.errors import DefinitionError, UsageError, meant, unknown
from leadline.model.promise import FOLDER

if TYPE_CHECKING:
    from leadline.governance.sla import Item

FILE = f"{FOLDER}/disputes.csv"
COLUMNS = ("record", "promise", "handed_over", "reason", "by", "on", "outcome")
OUTCOMES = ("", "upheld", "dismissed")


class Dispute(Struct, frozen=True):
    """A breach that a team does not accept. `handed_at` (naive UTC) tells the cases of one record apart."""

    record: str
    promise: str
    handed_at: dt.datetime
    reason: str
    by: str
    on: str = ""
    outcome: str = ""


def read_disputes(folder: Path, teams: Sequence[str]) -> dict[tuple[str, str, dt.datetime], Dispute]:
    """The disputes of a workspace by record, promise and handover; `DefinitionError` with the line."""
    path = folder / FILE
    if not path.is_file():
        return {}
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    head = tuple(next(rows, ()))
    if head != COLUMNS:
        raise DefinitionError(
            "bad-dispute", "This table has other columns than disputes have.", why=f"{FILE}:1", fix=",".join(COLUMNS)
        )
    found = {}
    for row in rows:
        place = f"{FILE}:{rows.line_num}"
        if not any(row):
            continue
        cells = dict(zip(COLUMNS, row, strict=False))
        if len(row) != len(COLUMNS) or cells["outcome"] not in OUTCOMES or cells["by"] not in teams:
            raise DefinitionError(
                "bad-dispute", "This dispute cannot be read.", why=place,
                fix=f"`by` is {' or '.join(teams)}, `outcome` upheld, dismissed or empty",
            )  # fmt: skip
        try:
            handed = dt.datetime.fromisoformat(cells["handed_over"]).replace(tzinfo=None)
        except ValueError as error:
            raise DefinitionError(
                "bad-dispute", "The handover is no moment.", why=f"{place}: {error}", fix="2026-06-05T15:55:00Z"
            ) from None
        dispute = Dispute(
            cells["record"], cells["promise"], handed, cells["reason"], cells["by"], cells["on"], cells["outcome"]
        )
        found[dispute.record, dispute.promise, handed] = dispute
    return found


def raise_dispute(
    folder: Path,
    items: Sequence[Item],
    record: str,
    *,
    reason: str,
    by: str,
    teams: Sequence[str],
    on: dt.date,
    promise: str = "",
) -> Dispute:
    """Write down that a team disputes the breach of `record`; the dispute written.

    Raises `UsageError` when there is no such breach, when there are several and `promise` does not tell which, when
    the reason is empty, and when it is disputed already.
    """
    if by not in teams:
        raise unknown("team", by, teams)
    if not reason.strip():
        raise UsageError("no-reason", "A dispute has a reason.", fix='--reason "was on the phone with them already"')
    breaches = [item for item in items if item.record == record and promise in ("", item.promise)]
    breached = [item for item in breaches if item.state in ("breached", "excused")]
    if not breached:
        known = sorted({item.record for item in items if item.state == "breached"})
        raise UsageError(
            "no-breach", f"No promise about {record!r} is breached.",
            fix=meant(record, known, "see `leadline sla --breaches`"),
        )  # fmt: skip
    if len({item.promise for item in breached}) > 1:
        names = ", ".join(sorted({item.promise for item in breached}))
        raise UsageError(
            "several-breaches",
            f"Several promises about {record} are breached.",
            why=names,
            fix="say which with --promise",
        )
    item = max(breached, key=lambda one: one.handed_at)
    if (item.record, item.promise, item.handed_at) in read_disputes(folder, teams):
        raise UsageError(
            "disputed-already", f"{item.promise} of {record} is disputed already.", why=FILE, fix="edit its line there"
        )
    dispute = Dispute(record, item.promise, item.handed_at, " ".join(reason.split()), by, on.isoformat())
    cells = (dispute.record, dispute.promise, f"{dispute.handed_at.isoformat()}Z", dispute.reason, by, dispute.on, "")
    append_line(folder / FILE, COLUMNS, cells)
    return dispute


def append_line(path: Path, head: Sequence[str], cells: Sequence[str]) -> None:
    """Add a line to a table of the workspace, made with its heading when missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if not path.exists() or not path.read_text(encoding="utf-8"):
        writer.writerow(head)
    elif not path.read_text(encoding="utf-8").endswith("\n"):
        text.write("\n")
    writer.writerow(cells)
    with path.open("a", encoding="utf-8", newline="") as stream:
        stream.write(text.getvalue())
