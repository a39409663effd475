"""Compiling a kernel: machine code kept on disk between runs, the interpreter's lock released while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """`function` as machine code, compiled when first called with new types of arrays.

    The code is kept beside the package or in the user's cache folder; where neither can be written it is compiled anew
    in each process, which takes a second or two a kernel.
    """
    # TRICKY: kept code is told apart by its own file's time of change, not by that of files it calls into; after an
    # edit to `matching` alone, remove __pycache__ (an installed version is always of one piece).
    try:
        kernel: Callable[P, R] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba's word for: no folder to keep the code in
        kernel = numba.njit(nogil=True)(function)
    return kernel


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A small part of a kernel, compiled into those that call it."""
    part: Callable[P, R] = numba.njit(nogil=True)(function)
    return part
