"""Moments of the simulation: kept in UTC without a zone, written in whatever time a vendor's file uses."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from leadline.demo.dice import Dice

VISITS_BY_HOUR = (0, 0, 0, 0, 0, 1, 2, 5, 9, 12, 12, 10, 8, 9, 11, 11, 9, 7, 5, 4, 4, 4, 3, 2)


class Clock:
    """Conversions between UTC and the company's local time, and moments at which people do things."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self._offsets: dict[tuple[int, int, int, int], timedelta] = {}

    def local(self, moment: datetime) -> datetime:
        """The wall-clock time of a UTC moment."""
        # Offsets are remembered by the hour: a zone changes only on full hours here, and look-ups are many.
        key = (moment.year, moment.month, moment.day, moment.hour)
        offset = self._offsets.get(key)
        if offset is None:
            offset = moment.replace(tzinfo=UTC).astimezone(self.zone).utcoffset() or timedelta()
            self._offsets[key] = offset
        return moment + offset

    def utc(self, local: datetime) -> datetime:
        """The UTC moment of a wall-clock time (the earlier one where the clock is set back)."""
        return local.replace(tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)

    def midnight(self, day: date) -> datetime:
        """The UTC moment at which a local day begins."""
        return self.utc(datetime.combine(day, time()))

    def month(self, moment: datetime) -> str:
        """The local month of a UTC moment, as 2026-06."""
        return f"{self.local(moment):%Y-%m}"

    def visit(self, day: date, dice: Dice) -> datetime:
        """A moment of a local day at which somebody is on the site: any waking hour, most often office hours."""
        hour = dice.pick(range(24), VISITS_BY_HOUR)
        return self.utc(datetime(day.year, day.month, day.day, hour, dice.randrange(60)))

    def awake(self, moment: datetime, dice: Dice) -> datetime:
        """`moment`, or, when that is night, some time the following morning. Full minutes."""
        local = self.local(moment.replace(second=0, microsecond=0))
        if local.hour < 6:
            local = local.replace(hour=6 + dice.randrange(3), minute=dice.randrange(60))
        return self.utc(local)

    def working(self, moment: datetime, dice: Dice) -> datetime:
        """A moment in office hours of the day of `moment`, or of the next working day; later than `moment`."""
        local = self.local(moment.replace(second=0, microsecond=0))
        if local.hour >= 17:
            local = (local + timedelta(days=1)).replace(hour=8, minute=0)
        elif local.hour < 8:
            local = local.replace(hour=8, minute=0)
        while local.weekday() > 4:
            local = (local + timedelta(days=1)).replace(hour=8, minute=0)
        left = (18 - local.hour) * 60 - local.minute
        return self.utc(local + timedelta(minutes=1 + dice.randrange(left)))


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time some months later, or the month's last day where it is shorter."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return moment.replace(year=year, month=month + 1)


def month_starts(first: date, last: date) -> list[date]:
    """First days of the months that begin within `first` and `last`, both included."""
    months, current = [], first.replace(day=1)
    while current <= last:
        if current >= first:
            months.append(current)
        current = (current.replace(day=28) + timedelta(days=4)).replace(day=1)
    return months
