"""Credit: what each channel earned of the conversions and their value, under one model."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Credit(Struct, frozen=True):
    """One model's answer. Credit and `unattributed` always add up to all conversions, and to all their value.

    `conversions` and `values` are by channel; the unattributed part belongs to conversions without a touch to credit.
    `error` is the standard error of `conversions` by channel where they are sampled, and empty where they are exact.
    `note` says what the model assumed.
    """

    model: str
    conversions: Mapping[str, float]
    values: Mapping[str, float]
    unattributed: float
    unattributed_value: float
    error: Mapping[str, float] = {}
    note: str = ""

    @property
    def total(self) -> float:
        """All conversions, credited or not."""
        return sum(self.conversions.values()) + self.unattributed

    @property
    def total_value(self) -> float:
        """The value of all conversions."""
        return sum(self.values.values()) + self.unattributed_value

    def share(self, channel: str) -> float:
        """A channel's part of the credited conversions; 0 when nothing is credited."""
        credited = sum(self.conversions.values())
        return self.conversions.get(channel, 0.0) / credited if credited else 0.0
