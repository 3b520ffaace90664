"""Put together what is released: the application, its page, and ``build.json``, which says what was built.

Commit and build number come from CodeBuild's environment; run by hand they say so.
"""

import json
import os
import shutil
from pathlib import Path

from webapp.app import page

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"


def main():
    """Write ``dist/``."""
    shutil.rmtree(DIST, ignore_errors=True)
    about = {
        "commit": os.environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION") or os.environ.get("COMMIT_ID") or "by hand",
        "build": os.environ.get("CODEBUILD_BUILD_NUMBER", "0"),
        "stage": os.environ.get("STAGE", "none"),
    }
    shutil.copytree(HERE / "webapp", DIST / "webapp", ignore=shutil.ignore_patterns("__pycache__"))
    (DIST / "build.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    (DIST / "index.html").write_text(page("", about), encoding="utf-8")
    print(f"dist/ is build {about['build']} of {about['commit']}")


if __name__ == "__main__":
    main()
