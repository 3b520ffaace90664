"""Who is at the other end of a loopback connection: the user its socket belongs to, as the kernel says."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def _written(host: str, port: int) -> set[str]:
    """An address as the kernel's tables write it: bytes of each 32-bit word in this machine's order."""
    address = ipaddress.ip_address(host.partition("%")[0])
    forms = [address.packed]
    if address.version == 4:
        forms.append(b"\0" * 10 + b"\xff\xff" + address.packed)
    elif address.ipv4_mapped is not None:
        forms.append(address.ipv4_mapped.packed)
    return {"".join(_word(form[at : at + 4]) for at in range(0, len(form), 4)) + f":{port:04X}" for form in forms}


def _word(part: bytes) -> str:
    return f"{int.from_bytes(part, sys.byteorder):08X}"


def uid_of(client: tuple[str, int], server: tuple[str, int]) -> int | None:
    """The user the client's end belongs to; None when the system does not tell.

    Args:
        client: The client's address and port.
        server: Ours.
    """
    try:
        near, far = _written(*client), _written(*server)
    except ValueError:
        return None
    for table in _TABLES:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 7 and fields[1] in near and fields[2] in far:
                return int(fields[7])
    return None
