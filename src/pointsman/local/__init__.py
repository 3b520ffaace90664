"""The bundled backend: AWS's delivery services on this machine, executing for real.

``Backend`` is the library's door; see ``backend.py``. Nothing here imports the console, its services or its model.
"""

from pointsman.local.backend import Backend

__all__ = ["Backend"]
