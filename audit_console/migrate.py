"""Brings a PostgreSQL database to the schema of the log."""
