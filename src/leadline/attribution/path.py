"""Touch paths: what happened before each conversion, and in journeys that ended without one.

All paths of a question lie in one array of channel codes, one after the other; `offsets` says where each begins. That
is all the models need, so a million paths cost a few arrays and no objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from leadline.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints: TypeAlias = NDArray[np.int64]
    Floats: TypeAlias = NDArray[np.float64]
    Flags: TypeAlias = NDArray[np.bool_]

MICROSECONDS_A_DAY = 86_400_000_000
LEAD, OPPORTUNITY = 1, 2
"""Bits of `Paths.marks`: the touch that made the person a lead, and the one that opened the opportunity."""


class Paths(Struct, frozen=True, eq=False):
    """Paths of touches.

    channels     names; a touch's code is the place of its channel here. A channel may be any label: a campaign too
    codes        channel of each touch, path after path, the earliest touch first; int64, as long as there are touches
    offsets      where each path begins in `codes`, and the end of the last; one longer than there are paths. A path
                 may be empty: a conversion that no touch came before
    conversions  how often the path ended in a conversion; float64, one a path
    values       what those conversions were worth together; float64
    nulls        how often the path ended without one; float64
    ages         microseconds from each touch to its conversion; int64, for time decay
    marks        bits `LEAD` and `OPPORTUNITY` of each touch; int64, for W-shaped and full path
    direct       whether each touch is a direct visit, where labels are not channels; bool, for last non-direct
    """

    channels: tuple[str, ...]
    codes: Ints
    offsets: Ints
    conversions: Floats
    values: Floats
    nulls: Floats
    ages: Ints | None = None
    marks: Ints | None = None
    direct: Flags | None = None

    @property
    def lengths(self) -> Ints:
        """Touches of each path."""
        import numpy as np

        return np.diff(self.offsets)

    @property
    def path_of(self) -> Ints:
        """The path each touch is in."""
        import numpy as np

        return np.repeat(np.arange(len(self.conversions)), self.lengths)

    def converted(self) -> Paths:
        """The paths that converted, without the others; unaltered when all did."""
        import numpy as np

        keep = self.conversions > 0
        if keep.all():
            return self
        touches = np.repeat(keep, self.lengths)
        offsets = np.concatenate(([0], np.cumsum(self.lengths[keep])))
        return Paths(
            self.channels,
            self.codes[touches],
            offsets,
            self.conversions[keep],
            self.values[keep],
            np.zeros(int(keep.sum())),
            None if self.ages is None else self.ages[touches],
            None if self.marks is None else self.marks[touches],
            None if self.direct is None else self.direct[touches],
        )


def paths_of(
    touches: Sequence[Sequence[str]],
    conversions: Sequence[float],
    nulls: Sequence[float] | None = None,
    *,
    values: Sequence[float] | None = None,
    ages: Sequence[Sequence[int]] | None = None,
    marks: Sequence[Sequence[int]] | None = None,
    channels: Sequence[str] | None = None,
) -> Paths:
    """Paths from plain lists: the channels of each path, how often it converted and how often it did not.

    `values` default to one a conversion. `UsageError` when lists that belong together differ in length or a count is
    negative.
    """
    import numpy as np

    for name, other in (("conversions", conversions), ("nulls", nulls), ("values", values), ("ages", ages)):
        if other is not None and len(other) != len(touches):
            raise UsageError(
                "paths-differ", f"There are {len(touches)} paths and {len(other)} {name}.", fix="give one for each path"
            )
    names = tuple(channels) if channels is not None else tuple(sorted({name for path in touches for name in path}))
    code = {name: number for number, name in enumerate(names)}
    lengths = [len(path) for path in touches]
    flat_ages = None if ages is None else np.array([age for path in ages for age in path], dtype=np.int64)
    flat_marks = None if marks is None else np.array([mark for path in marks for mark in path], dtype=np.int64)
    counted = np.asarray(conversions, dtype=np.float64)
    missed = np.zeros(len(touches)) if nulls is None else np.asarray(nulls, dtype=np.float64)
    if (counted < 0).any() or (missed < 0).any():
        raise UsageError("negative-count", "A path cannot convert, or fail to, less than zero times.")
    for flat, name in ((flat_ages, "ages"), (flat_marks, "marks")):
        if flat is not None and len(flat) != sum(lengths):
            raise UsageError(
                "paths-differ", f"There are {sum(lengths)} touches and {len(flat)} {name}.", fix="give one a touch"
            )
    return Paths(
        names,
        np.array([code[name] for path in touches for name in path], dtype=np.int64),
        np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64),
        counted,
        counted.copy() if values is None else np.asarray(values, dtype=np.float64),
        missed,
        flat_ages,
        flat_marks,
    )
