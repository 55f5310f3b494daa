"""A log in PostgreSQL: the only place that knows its tables."""

from audit_console.sources.postgres.source import PostgresSource, open_postgres

__all__ = ["PostgresSource", "open_postgres"]
