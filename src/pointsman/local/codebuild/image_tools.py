"""The programs of CodeBuild's images that a buildspec may count on; they lie at the end of a build's PATH.

``codebuild-hash-files GLOB…`` is one SHA-256 over files, for cache keys; ``codebuild-glob-search GLOB…`` lists files,
and ``codebuild-tests-run`` runs the share of the tests that falls to one build of a fan-out.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pointsman.local.codebuild.archives import NoMatch, Picked, pick
from pointsman.local.codebuild.buildspec import ArtifactSpec

HASH_FILES, GLOB_SEARCH, TESTS_RUN = "codebuild-hash-files", "codebuild-glob-search", "codebuild-tests-run"
PROGRAMS = (HASH_FILES, GLOB_SEARCH, TESTS_RUN)
SHARD = "POINTSMAN_SHARD"
"""The variable that tells a build of a fan-out which it is: ``2/5``."""
FILES = "CODEBUILD_CURRENT_SHARD_FILES"
STRATEGIES = ("equal-distribution", "stability")


def install(folder: Path) -> None:
    """Write the programs into a folder that is on a build's PATH. Blocking."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Isolated: nothing of the build's own Python settings reaches the program, and nothing of ours what it runs.
    start = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r}); "
        f"from {__name__} import main; sys.exit(main(sys.argv[1], sys.argv[2:]))"
    )
    for name in PROGRAMS:
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -c {shlex.quote(start)} {name} "$@"\n')
        program.chmod(0o700)


def found(root: Path, patterns: Sequence[str]) -> list[Picked]:
    """The files below a folder that match, by name; none when none does."""
    try:
        files, _ = pick(root, ArtifactSpec(files=tuple(patterns)))
    except NoMatch:
        return []
    return sorted(files, key=lambda one: one.name)


def hashed(root: Path, patterns: Sequence[str]) -> str:
    """The hash of the files that match; empty when none does."""
    files = found(root, patterns)
    total = hashlib.sha256()
    for file in files:
        with Path(file.path).open("rb") as body:
            total.update(hashlib.file_digest(body, "sha256").digest())
    return total.hexdigest() if files else ""


def share(files: Sequence[str], shard: int, shards: int, strategy: str) -> list[str]:
    """The files that fall to one of the builds of a fan-out.

    Args:
        files: All of them.
        shard: Which build, from 1.
        shards: How many there are.
        strategy: ``equal-distribution``: in the order of names, the same number for each, one more or less;
            ``stability``: by a hash of each name, so that a new file moves none of the others.
    """
    names = sorted(dict.fromkeys(files))
    if strategy == "stability":
        return [name for name in names if max(range(1, shards + 1), key=lambda one: _weight(name, one)) == shard]
    return names[len(names) * (shard - 1) // shards : len(names) * shard // shards]


def _weight(name: str, shard: int) -> bytes:
    return hashlib.sha256(f"{shard}\0{name}".encode("utf-8", "surrogateescape")).digest()


def run_tests(arguments: Sequence[str]) -> int:
    """``codebuild-tests-run``: find the test files, take this build's share, and run the command with it."""
    parser = argparse.ArgumentParser(TESTS_RUN)
    parser.add_argument("--test-command", required=True)
    parser.add_argument("--files-search", required=True)
    parser.add_argument("--sharding-strategy", choices=STRATEGIES, default=STRATEGIES[0])
    given = parser.parse_args(arguments)
    shell = os.environ.get("SHELL") or "/bin/sh"
    listed = subprocess.run([shell, "-c", given.files_search], stdout=subprocess.PIPE, check=False)
    if listed.returncode != 0:
        sys.stderr.write(f"{TESTS_RUN}: the files-search command ended with {listed.returncode}\n")
        return listed.returncode
    files = [line for line in listed.stdout.decode("utf-8", "surrogateescape").splitlines() if line.strip()]
    if not files:
        sys.stderr.write(f"{TESTS_RUN}: the files-search command found no test files\n")
        return 1
    shard, _, shards = os.environ.get(SHARD, "1/1").partition("/")
    mine = share(files, int(shard), int(shards), given.sharding_strategy)
    if not mine:
        sys.stdout.write(f"{TESTS_RUN}: no test files fall to build {shard} of {shards}\n")
        return 0
    environment = {**os.environ, FILES: "\n".join(mine)}
    command = f"{given.test_command} {' '.join(shlex.quote(one) for one in mine)}"
    sys.stdout.write(f"{TESTS_RUN}: {len(mine)} of {len(files)} test files, build {shard} of {shards}\n")
    sys.stdout.flush()
    return subprocess.run([shell, "-c", command], env=environment, check=False).returncode


def main(program: str, arguments: Sequence[str]) -> int:
    """Run one of the programs; its exit code."""
    root = Path(os.environ.get("CODEBUILD_SRC_DIR", "."))
    if program == TESTS_RUN:
        return run_tests(arguments)
    if program == HASH_FILES:
        sys.stdout.write(hashed(root, arguments) + "\n")
        return 0
    names = [one.name for one in found(Path.cwd(), arguments)]
    sys.stdout.write("".join(f"{name}\n" for name in names))
    return 0 if names else 1
