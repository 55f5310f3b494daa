"""Screens over one source. They know the `Source` protocol, never a file format or a database."""
