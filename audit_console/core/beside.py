"""How the small files beside a log are called: by its name, and one of these endings."""

from __future__ import annotations

CHECKPOINTS, PRUNES, HOLDS = ".checkpoints.jsonl", ".prunes.jsonl", ".holds.jsonl"
BESIDE_A_LOG = (CHECKPOINTS, PRUNES, HOLDS)
