"""Names for the arrays of a timeline."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Moments: TypeAlias = NDArray[np.int64]
"""Microseconds since 1970 in UTC."""

Indices: TypeAlias = NDArray[np.int64]
"""Positions of events, or counts."""

Masks: TypeAlias = NDArray[np.unsignedinteger]
"""Dictionary codes, or one bit a step."""

Flags: TypeAlias = NDArray[np.uint8]
"""Small numbers, one a person."""

Weights: TypeAlias = NDArray[np.float64]
"""Credit and other real numbers."""
