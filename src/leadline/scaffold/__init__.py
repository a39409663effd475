"""A new workspace: a small commented folder to start from, by business model."""

from __future__ import annotations

from leadline.model.question import MODELS
from leadline.scaffold.workspace import init_workspace

__all__ = ["MODELS", "init_workspace"]
