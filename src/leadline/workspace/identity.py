"""Who is who in a workspace: brought up to date when asked for, shown, and corrected by hand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from leadline.errors import RefusedError
from leadline.workspace.beside import answered_near
from leadline.workspace.ground import Ground

if TYPE_CHECKING:
    from leadline.journey.correction import Correction, Known
    from leadline.journey.identity import Action
    from leadline.model.fact import Fact


class Identifying(Ground):
    """Answers who is who."""

    def refresh_identity(self) -> None:
        """Make persons anew when ids came, changed or went, or commands were given, since they were made.

        Nothing for another view of the data, and nothing on another engine: there, who is who lies in the near copy.
        """
        from leadline.journey.registry import freshness, mark_current, rebuild

        stored = self._stored()
        if self._elsewhere() or not self.warehouse().has(stored):
            return
        match freshness(self.warehouse().con, stored):
            case "stale":
                rebuild(self.warehouse(write=True).con, stored)
            case "behind":
                mark_current(self.warehouse(write=True).con)
            case "current":
                pass

    @answered_near
    def who(self, given: str) -> Known:
        """The person of an id, all ids of the person, their accounts, and the decisions that made them one."""
        from leadline.journey.correction import look_up

        self._refuse_elsewhere()
        self.refresh_identity()
        return look_up(self.warehouse().con, given)

    @answered_near
    def correct_identity(
        self, action: Action, left: str, right: str, *, said_by: str = "", reason: str = "", dry_run: bool = False
    ) -> Correction:
        """Say that two ids are one person (`merge`) or two (`separate`), and what that changes.

        Kept with who said it, when and why; facts are not changed, so the opposite brings back what was. A merge that
        another command forbids is refused.
        """
        from leadline.journey.correction import correct

        self._refuse_elsewhere()
        self.refresh_identity()
        con = self.warehouse(write=not dry_run).con
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        return correct(
            con, self._stored(), action, left, right, at=now, said_by=said_by, reason=reason, dry_run=dry_run
        )

    def _stored(self) -> dict[str, Fact]:
        """The facts as the warehouse keeps them: what lookups and segments lend them has no column there."""
        return {name: self.project.tables[name] for name in self.facts}

    def _elsewhere(self) -> bool:
        from leadline.engines.address import is_address

        return self._shared is not None or is_address(self.settings.warehouse)

    def _refuse_elsewhere(self) -> None:
        if self._elsewhere():
            raise RefusedError(
                "identity-elsewhere",
                "Who is who is told by the workspace itself only.",
                why="this is another view of its data",
                fix="ask the workspace, under the definitions it has now",
            )
