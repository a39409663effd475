"""Engines run SQL. DuckDB is the embedded default."""
