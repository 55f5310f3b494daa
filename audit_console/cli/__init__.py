"""The command line. Standard output is data, standard error is talk.

Modules here import little at the top, because `--help` must answer at once:
Polars, DuckDB and Textual are imported by the command that needs them.
"""
