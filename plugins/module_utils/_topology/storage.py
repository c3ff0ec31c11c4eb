# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What each host has to know of the shares: what it exports, and what it mounts from where."""

from __future__ import annotations

import re
import uuid

from .declaration import Declaration
from .model import Export, Mount, Share, family
from .openings import Transfer
from .share_rules import reached_at
from .shares import EXPORT_OPTIONS, MOUNT_OPTIONS, DeclaredShare, merged

# A share keeps its file handles when its files move to another disk or host.
_FSIDS = uuid.UUID("7c1fc9ab-0f3a-4d0c-9d0e-6a2b0c7f4d51")
_SQUASHES = {
    "root": ["root_squash", "no_all_squash"],
    "all": ["root_squash", "all_squash"],
    "none": ["no_root_squash", "no_all_squash"],
}


def shares(declared: Declaration) -> list[Share]:
    return [Share(share.name, share.server, share.mount, share.clients) for share in declared.shares]


def exports(declared: Declaration, host: str) -> list[Export]:
    return [
        Export(
            name=share.name,
            path=_below_root(declared, share),
            directory=share.path,
            clients=[reached[1] for client in share.clients if (reached := reached_at(declared, share, client))],
            options=_export_options(share),
            owner=share.owner,
            group=share.group,
            mode=share.mode,
        )
        for share in declared.shares
        if share.server == host
    ]


def mounts(declared: Declaration, host: str) -> list[Mount]:
    return [
        Mount(
            name=share.name,
            unit=unit(share.mount),
            server=reached[0],
            source=f"{_bracketed(reached[0])}:{_below_root(declared, share)}",
            path=share.mount,
            options=["vers=4.2", "ro" if share.read_only else "rw", *merged(MOUNT_OPTIONS, share.mount_options)],
        )
        for share in declared.shares
        if host in share.clients and (reached := reached_at(declared, share, host))
    ]


def transfers(declared: Declaration) -> list[Transfer]:
    return [
        Transfer(share.server, share.name, source, to)
        for share in declared.shares
        for client in share.clients
        for to, source in filter(None, [reached_at(declared, share, client)])
    ]


def unit(path: str) -> str:
    """The name that systemd wants for the unit of a mount."""
    escaped = re.sub(r"[^A-Za-z0-9:_./]", lambda found: f"\\x{ord(found[0]):02x}", path.strip("/"))
    return re.sub(r"^\.", r"\\x2e", escaped).replace("/", "-") + ".mount"


def _below_root(declared: Declaration, share: DeclaredShare) -> str:
    return share.path[len(declared.storage_root) :]


def _bracketed(address: str) -> str:
    return f"[{address}]" if family(address) == "ipv6" else address


def _export_options(share: DeclaredShare) -> list[str]:
    return [
        "ro" if share.read_only else "rw",
        *merged(EXPORT_OPTIONS, share.export_options),
        *_SQUASHES[share.squash],
        f"anonuid={share.anonuid}",
        f"anongid={share.anongid}",
        f"fsid={uuid.uuid5(_FSIDS, share.name)}",
    ]
