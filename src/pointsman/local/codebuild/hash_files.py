"""``codebuild-hash-files GLOB…``: one SHA-256 over the files below CODEBUILD_SRC_DIR that match, for cache keys.

CodeBuild's images have this program; a build whose cache has a key finds it at the end of its PATH.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from pointsman.local.codebuild.archives import NoMatch, pick
from pointsman.local.codebuild.buildspec import ArtifactSpec

PROGRAM = "codebuild-hash-files"


def install(folder: Path) -> None:
    """Write the program into a folder that is on a build's PATH. Blocking."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    program = folder / PROGRAM
    source = Path(__file__).parents[3]
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(source))} exec {shlex.quote(sys.executable)} -P -m {__name__} "$@"\n'
    )
    program.chmod(0o700)


def hashed(root: Path, patterns: Sequence[str]) -> str:
    """The hash of the files that match, by name and content; of nothing when none does."""
    try:
        files, _ = pick(root, ArtifactSpec(files=tuple(patterns)))
    except NoMatch:
        return ""
    total = hashlib.sha256()
    for file in sorted(files, key=lambda one: one.name):
        with Path(file.path).open("rb") as body:
            total.update(hashlib.file_digest(body, "sha256").digest())
    return total.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(hashed(Path(os.environ.get("CODEBUILD_SRC_DIR", ".")), sys.argv[1:]) + "\n")
