"""Models by rule: the place of a touch in its path decides its credit.

`weights` gives the credit of every touch, adding up to one in each path; `credit_by_rule` adds it up by channel.

first            all to the first touch
last             all to the last
last_non_direct  all to the last touch that is not direct; to the last one when all are (as GA4 does)
linear           the same to every touch
time_decay       2^(-age / half-life): a touch one half-life before another earns half as much; half-life 7 days
position         40 % first, 40 % last, 20 % shared by those between (U-shaped)
w_shaped         30 % first, 30 % the touch that made the lead, 30 % the one that opened the opportunity, 10 % the rest
full_path        22.5 % each to those three and to the last touch, 10 % to the rest

Where a role has no touch (no lead known, nothing between first and last), its part goes to the others in proportion;
one touch may hold several roles and then earns for all of them. A path of one touch gives it everything, one of two
gives each half under `position`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.attribution.credit import Credit
from leadline.attribution.path import LEAD, MICROSECONDS_A_DAY, OPPORTUNITY, Paths
from leadline.errors import UsageError, unknown

if TYPE_CHECKING:
    from leadline.attribution.path import Flags, Floats, Ints

RULES = ("first", "last", "last_non_direct", "linear", "time_decay", "position", "w_shaped", "full_path")
MARKED = ("w_shaped", "full_path")
DIRECT = "Direct"


class Shape(Struct, frozen=True):
    """Parts of the roles in a position-based model; `rest` is shared by the touches without a role."""

    first: float = 0.0
    lead: float = 0.0
    opportunity: float = 0.0
    last: float = 0.0
    rest: float = 0.0


SHAPES: Mapping[str, Shape] = {
    "position": Shape(first=0.4, last=0.4, rest=0.2),
    "w_shaped": Shape(first=0.3, lead=0.3, opportunity=0.3, rest=0.1),
    "full_path": Shape(first=0.225, lead=0.225, opportunity=0.225, last=0.225, rest=0.1),
}


class Settings(Struct, frozen=True):
    """What the rules may be told: the half-life in days, and the channels that count as direct."""

    half_life: float = 7.0
    direct: tuple[str, ...] = (DIRECT,)

    def check(self) -> None:
        """`UsageError` when the half-life is not above zero."""
        if not self.half_life > 0:
            raise UsageError(
                "bad-half-life", f"A half-life of {self.half_life:g} days is none.", fix="give more than 0"
            )


def weights(model: str, paths: Paths, settings: Settings | None = None) -> Floats:
    """The credit of each touch under a rule: float64, as long as `paths.codes`, adding up to 1 in every path.

    Raises `UsageError` for an unknown model, one that needs ages or marks that the paths have not, and for a half-life
    that is not above zero.
    """
    if model not in RULES:
        raise unknown("attribution rule", model, RULES)
    settings = settings or Settings()
    if model in SHAPES:
        return _shaped(paths, SHAPES[model], model)
    simple: Mapping[str, Callable[[Paths, Settings], Floats]] = {
        "first": _first,
        "last": _last,
        "last_non_direct": _last_non_direct,
        "linear": _linear,
        "time_decay": _time_decay,
    }
    return simple[model](paths, settings)


def credit_by_rule(model: str, paths: Paths, settings: Settings | None = None) -> Credit:
    """Credit by channel under a rule. Paths that never converted earn nothing; empty ones stay unattributed."""
    import numpy as np

    paths = paths.converted()
    share = weights(model, paths, settings)
    where = paths.path_of
    count = len(paths.channels)
    conversions = np.bincount(paths.codes, share * paths.conversions[where], minlength=count)
    values = np.bincount(paths.codes, share * paths.values[where], minlength=count)
    empty = paths.lengths == 0
    return Credit(
        model,
        dict(zip(paths.channels, conversions.tolist(), strict=True)),
        dict(zip(paths.channels, values.tolist(), strict=True)),
        float(paths.conversions[empty].sum()),
        float(paths.values[empty].sum()),
    )


def _first(paths: Paths, _: Settings) -> Floats:
    return _at(paths, _firsts(paths))


def _last(paths: Paths, _: Settings) -> Floats:
    return _at(paths, _lasts(paths))


def _last_non_direct(paths: Paths, settings: Settings) -> Floats:
    import numpy as np

    named = [number for number, name in enumerate(paths.channels) if name in settings.direct]
    direct = np.isin(paths.codes, named) if paths.direct is None else paths.direct
    place = np.where(direct, -1, np.arange(len(paths.codes)))
    found = _reduce(np.maximum, place, paths)
    return _at(paths, np.where(found >= 0, found, _lasts(paths)))


def _linear(paths: Paths, _: Settings) -> Floats:
    import numpy as np

    lengths = paths.lengths
    return np.repeat(1.0 / np.maximum(lengths, 1), lengths)


def _time_decay(paths: Paths, settings: Settings) -> Floats:
    import numpy as np

    if paths.ages is None:
        raise UsageError(
            "ages-missing", "Time decay needs the time of each touch.", fix="give `ages`, or use another model"
        )
    if not settings.half_life > 0:
        raise UsageError(
            "bad-half-life", f"A half-life of {settings.half_life:g} days is none.", fix="give more than 0"
        )
    # Ages from the youngest touch of the path: the ratios are the same, and old paths do not vanish into zero.
    youngest = _reduce(np.minimum, paths.ages, paths)
    since = paths.ages - np.repeat(youngest, np.diff(_starts(paths), append=len(paths.codes)))
    return _normal(paths, np.exp2(-since / (settings.half_life * MICROSECONDS_A_DAY)))


def _shaped(paths: Paths, shape: Shape, model: str) -> Floats:
    import numpy as np

    size = len(paths.codes)
    held = np.zeros(size)
    has_role = np.zeros(size, dtype=bool)
    roles = [(shape.first, _firsts(paths)), (shape.last, _lasts(paths))]
    if shape.lead or shape.opportunity:
        if paths.marks is None:
            raise UsageError(
                "marks-missing",
                f"The model {model} needs to know which touch made the lead and which opened the opportunity.",
                fix="give `marks`, or use `position`",
            )
        roles += [(shape.lead, np.flatnonzero(paths.marks & LEAD)),
                  (shape.opportunity, np.flatnonzero(paths.marks & OPPORTUNITY))]  # fmt: skip
    for part, places in roles:
        if part:
            held[places] += part
            has_role[places] = True
    others = _reduce(np.add, (~has_role).astype(np.int64), paths)
    lengths = paths.lengths[paths.lengths > 0]
    rest = np.repeat(shape.rest / np.maximum(others, 1), lengths)
    return _normal(paths, np.where(has_role, held, rest))


def _starts(paths: Paths) -> Ints:
    """Where the paths that have touches begin."""
    return paths.offsets[:-1][paths.lengths > 0]


def _firsts(paths: Paths) -> Ints:
    return _starts(paths)


def _lasts(paths: Paths) -> Ints:
    return paths.offsets[1:][paths.lengths > 0] - 1


def _reduce(operation: object, touches: Ints | Floats | Flags, paths: Paths) -> Ints:
    """A value per path with touches, from one per touch."""
    if len(touches) == 0:
        return _starts(paths)
    result: Ints = operation.reduceat(touches, _starts(paths))  # type: ignore[attr-defined]
    return result


def _at(paths: Paths, places: Ints) -> Floats:
    """All credit to one touch a path."""
    import numpy as np

    result = np.zeros(len(paths.codes))
    result[places] = 1.0
    return result


def _normal(paths: Paths, raw: Floats) -> Floats:
    """Weights that add up to one in each path, from any that are in proportion."""
    import numpy as np

    return raw / np.repeat(_reduce(np.add, raw, paths), paths.lengths[paths.lengths > 0])
