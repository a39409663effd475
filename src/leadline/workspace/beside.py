"""Questions that are answered from the near copy where the warehouse is on another engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def answered_near(method: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """A method of a workspace that asks the near copy (`leadline.workspace.near`) of a warehouse on another engine."""

    @wraps(method)
    def ask(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not self.is_far:
            return method(self, *args, **kwargs)
        tell: Any = kwargs.get("tell")
        with self.near(tell) as near:
            # By name: the near copy has a way of its own for some.
            answer: R = getattr(near, method.__name__)(*args, **kwargs)
            return answer

    return ask
