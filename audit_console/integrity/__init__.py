"""Drives a source through the chain check and says what was found."""
