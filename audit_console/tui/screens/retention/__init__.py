"""Retention: `previewing` (what would go), the base of `screen` (the prune)."""
