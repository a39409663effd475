"""Frozen definitions: facts, formulas and metrics."""
