"""The images CodeBuild offers, as its user guide lists them; builds here run on this machine whatever they name."""

from __future__ import annotations

from typing import Any

_STANDARD = "aws/codebuild/standard"
_AMAZON = "aws/codebuild/amazonlinux-x86_64-standard"
_ARM = "aws/codebuild/amazonlinux-aarch64-standard"
_LAMBDA = "aws/codebuild/amazonlinux-x86_64-lambda-standard"

_IMAGES: dict[str, dict[str, list[tuple[str, str]]]] = {
    "AMAZON_LINUX": {
        "BASE": [
            (f"{_AMAZON}:4.0", "AWS CodeBuild - Amazon Linux 2 x86_64 Standard Image"),
            (f"{_AMAZON}:5.0", "AWS CodeBuild - Amazon Linux 2023 x86_64 Standard Image"),
            (f"{_ARM}:2.0", "AWS CodeBuild - Amazon Linux 2 aarch64 Standard Image"),
            (f"{_ARM}:3.0", "AWS CodeBuild - Amazon Linux 2023 aarch64 Standard Image"),
        ],
        "NODE_JS": [(f"{_LAMBDA}:nodejs22", "AWS CodeBuild - Amazon Linux 2023 Lambda, Node.js 22")],
        "PYTHON": [(f"{_LAMBDA}:python3.13", "AWS CodeBuild - Amazon Linux 2023 Lambda, Python 3.13")],
    },
    "UBUNTU": {
        "BASE": [
            (f"{_STANDARD}:6.0", "AWS CodeBuild - Ubuntu 22.04 Standard Image"),
            (f"{_STANDARD}:7.0", "AWS CodeBuild - Ubuntu 22.04 Standard Image"),
        ]
    },
}


def platforms() -> list[dict[str, Any]]:
    """The images in AWS's shape."""
    return [
        {
            "platform": platform,
            "languages": [
                {
                    "language": language,
                    "images": [{"name": name, "description": told, "versions": [name]} for name, told in images],
                }
                for language, images in languages.items()
            ],
        }
        for platform, languages in _IMAGES.items()
    ]
