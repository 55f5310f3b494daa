"""Runs the script that checks proofs, many times in one process."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import CodeType
from unittest.mock import patch


@cache
def _script() -> CodeType:
    source = files("audit_console.integrity").joinpath("check_proof_script.py")
    return compile(source.read_bytes(), "check_proof.py", "exec")


NOBODYS_WORD = "FAIL: by whose word? Name verifier keys"
"""What the script says of a proof that holds where no key is named."""


def script_accepts(proof: str, *vkeys: str) -> bool:
    """Tell whether the script ends well when its file holds this text.

    Without a key: whether nothing is wrong but that nobody vouches for the checkpoint.
    """
    file = patch.object(Path, "read_text", lambda *_: proof)
    given = patch.multiple(sys, argv=["", "file", *vkeys], excepthook=sys.excepthook)
    with file, redirect_stdout(io.StringIO()), given:
        try:
            exec(_script(), {"__name__": "__main__"})  # noqa: S102 - the script under test
        except SystemExit as ended:
            return not vkeys and ended.code == NOBODYS_WORD
        except Exception:  # noqa: BLE001 - whatever ends it, the proof is refused
            return False
    return True
