"""The same questions as SQL, for warehouses without a timeline beside them.

Every function takes a relation with the columns `person`, `ts` (microseconds, BIGINT), `id` (whole number that breaks
ties), `event`, `value` (millionths) and the properties, each event once. They are written for DuckDB and keep to what
PostgreSQL, ClickHouse and Spark have too (window functions, joins, grouping) except where a note says otherwise.
"""
