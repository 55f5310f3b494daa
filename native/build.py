"""Compiles `module.c` when the project is built or installed in place.

Where that fails, as it does without a compiler, the project is built without it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

MODULE = "audit_console.columns._native"


class NativeBuild(BuildHookInterface):
    """Puts the module into a wheel, or beside its Python for an installation in place."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile outside the project's files, which may be read-only, and say what came of it."""
        self._folder = TemporaryDirectory()
        built = _compiled(Path(self.root, "native"), Path(self._folder.name))
        place = Path(*MODULE.split(".")).with_name(built.name)
        if not built.exists():
            self.app.display_warning(f"{MODULE} could not be compiled: built without it")
        if version == "editable":
            self._replace(Path(self.root, place), built)
        elif built.exists():
            build_data["force_include"][str(built)] = str(place)
            build_data["pure_python"] = False
            build_data["tag"] = _tag()

    def finalize(self, *_: object) -> None:
        """Drop what is in the wheel by now."""
        self._folder.cleanup()

    def _replace(self, old: Path, built: Path) -> None:
        """Replace a file, by none if need be: written over, it would crash who has it loaded."""
        try:
            old.unlink(missing_ok=True)
            if built.exists():
                shutil.copy(built, old)
        except OSError as error:
            self.app.display_warning(f"{MODULE} could not be put in place: {error}")


def _compiled(source: Path, folder: Path) -> Path:
    """Compile for this Python and later ones; give the file, which is not there if that failed."""
    extension = Extension(
        MODULE,
        [str(source / "module.c")],
        extra_compile_args=["-std=gnu11", "-O3", "-g0"],
        py_limited_api=True,
        optional=True,
    )
    command = build_ext(Distribution({"ext_modules": [extension]}))
    command.build_lib, command.build_temp = str(folder / "lib"), str(folder / "objects")
    command.ensure_finalized()
    command.run()
    return Path(command.get_ext_fullpath(MODULE))


def _tag() -> str:
    """Name this Python and later ones, on this platform as installers call it."""
    return next(
        str(tag)
        for tag in sys_tags()
        if (tag.interpreter, tag.abi) == ("cp311", "abi3")
        and not tag.platform.startswith(("manylinux", "musllinux"))  # promises about libraries
    )
