"""Checkpoints that a writer signs as it goes."""
