"""Compiles `module.c` when the project is built or installed in place.

Where that fails, as it does without a compiler, the project is built without it.
"""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

MODULE = "audit_console.columns._native"


class NativeBuild(BuildHookInterface):
    """Puts the module into a wheel, or beside its Python for an installation in place."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say what the wheel then is."""
        root = Path(self.root)
        built = _compiled(root / "native", root / "build")
        if not built.exists():
            self.app.display_warning(f"{MODULE} could not be compiled: built without it")
            return
        place = Path(*MODULE.split(".")).with_name(built.name)
        if version == "editable":
            shutil.copy(built, root / place)
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["force_include"][str(built)] = str(place)
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{platform}"


def _compiled(source: Path, folder: Path) -> Path:
    """Compile for this Python and later ones; give the file, which is not there if that failed."""
    extension = Extension(
        MODULE,
        [str(source / "module.c")],
        depends=[str(header) for header in source.glob("*.h")],
        extra_compile_args=["-std=gnu11", "-O3", "-g0"],
        py_limited_api=True,
        optional=True,
    )
    command = build_ext(Distribution({"ext_modules": [extension]}))
    command.build_lib, command.build_temp = str(folder), str(folder / "native")
    command.ensure_finalized()
    built = Path(command.get_ext_fullpath(MODULE))
    built.unlink(missing_ok=True)
    command.run()
    return built
