"""Put together what is released: the application, its page, and ``build.json``, which says what was built.

``dist/`` is the site; ``bundle/`` is the same application as CodeDeploy wants it, with ``appspec.yml`` and its scripts.
Commit and build number come from CodeBuild's environment; run by hand they say so.
"""

import json
import os
import shutil
from pathlib import Path

from webapp.app import page

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"
BUNDLE = HERE / "bundle"


def main():
    """Write ``dist/`` and ``bundle/``."""
    for folder in (DIST, BUNDLE):
        shutil.rmtree(folder, ignore_errors=True)
    about = {
        "commit": os.environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION") or os.environ.get("COMMIT_ID") or "by hand",
        "build": os.environ.get("CODEBUILD_BUILD_NUMBER", "0"),
        "stage": os.environ.get("STAGE", "none"),
    }
    shutil.copytree(HERE / "webapp", DIST / "webapp", ignore=shutil.ignore_patterns("__pycache__"))
    (DIST / "build.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    (DIST / "index.html").write_text(page("", about), encoding="utf-8")
    shutil.copytree(DIST, BUNDLE / "app")
    shutil.copy(HERE / "appspec.yml", BUNDLE)
    shutil.copytree(HERE / "deploy", BUNDLE / "scripts")
    print(f"dist/ is build {about['build']} of {about['commit']}")


if __name__ == "__main__":
    main()
