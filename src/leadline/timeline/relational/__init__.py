"""The same questions as SQL, for warehouses without a timeline beside them.

Every function takes a relation with the columns `person`, `ts` (microseconds, BIGINT), `id` (whole number that breaks
ties), `event`, `value` (millionths) and the properties, each event once, and the dialect of the engine that will read
the statement. The statements keep to what DuckDB, PostgreSQL, ClickHouse and Spark have in common: window functions
without QUALIFY, joins on equal persons with the rest in WHERE, conditions within aggregates as CASE, and no comparison
with the row before a person's first (ClickHouse has a zero there, not nothing). What is left is in `dialect`.
"""
