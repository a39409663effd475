"""Addresses of warehouses, told from file names."""

from __future__ import annotations


def is_address(warehouse: str) -> bool:
    """Whether the `warehouse` of a workspace is an address rather than a file name."""
    return "://" in warehouse or warehouse.startswith("spark:")
