"""Reports: results and scorecards as terminal text, CSV, JSON, Parquet and self-contained HTML."""
