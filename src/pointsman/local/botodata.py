"""botocore's own data files, read faster: what every client is made from, for sessions of the backend.

The same files give the same answers; only the JSON is decoded by msgspec, and which services there are is read off the
folders' names instead of asking the disk of each of four hundred whether it has a model.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import Loader
from botocore.model import ServiceModel


class _Files:
    """Loads ``name.json`` or ``name.json.gz``: botocore's interface of a file loader."""

    def exists(self, file_path: str) -> bool:
        """Whether there is such a file."""
        return Path(f"{file_path}.json").is_file() or Path(f"{file_path}.json.gz").is_file()

    def load_file(self, file_path: str) -> Any:
        """The decoded content; None when there is no such file."""
        try:
            packed = Path(f"{file_path}.json.gz").read_bytes()
        except FileNotFoundError:
            try:
                return msgspec.json.decode(Path(f"{file_path}.json").read_bytes())
            except FileNotFoundError:
                return None
        return msgspec.json.decode(gzip.decompress(packed))


class QuickLoader(Loader):  # type: ignore[misc]
    """botocore's loader over its own data."""

    def __init__(self) -> None:
        super().__init__(file_loader=_Files())
        self._services: list[str] = []

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """The services' names; each of botocore's folders is one.

        Args:
            type_name: ``service-2`` and the like; whether a service lacks it is found out when it is loaded.
        """
        if not self._services:
            found = {place.name for path in self.search_paths if Path(path).is_dir() for place in Path(path).iterdir()}
            self._services = sorted(name for name in found if "." not in name)
        return self._services


@cache
def loader() -> QuickLoader:
    """The loader the backend's own models come from."""
    return QuickLoader()


@cache
def service_model(service: str) -> Any:
    """The model of a service, made without a session; botocore's UnknownServiceError when there is none."""
    return ServiceModel(loader().load_service_model(service, "service-2"), service)
