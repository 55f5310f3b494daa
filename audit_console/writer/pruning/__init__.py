"""Deletes what retention lets go, so that the rest stays verifiable.

The standard library is all that it needs, but for PostgreSQL.
"""
