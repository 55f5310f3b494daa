"""Events by the column: pure Polars, no files, no clock."""
