# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Second stage: rules about shared storage. Nobody is let in who is not named."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator

from .._problems import Problem
from .carriers import Carriers
from .declaration import Declaration
from .findings import names, shared_values
from .model import family
from .shares import DeclaredShare

# The system's own: nothing is mounted over these or below them, and nothing here is given away.
_SYSTEM: tuple[str, ...] = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/root",
    "/run",
    "/sbin",
)
_SYSTEM += ("/sys", "/usr", "/var/cache", "/var/lib/dpkg", "/var/lib/apt", "/var/lib/nfs", "/var/run", "/var/log")
# A place of their own lies below these.
_PARENTS = ("/home", "/media", "/mnt", "/opt", "/srv", "/srv/ha-web", "/tmp", "/var", "/var/lib", "/var/tmp")
NAME_HOSTS = "Name hosts of the inventory; by default they are those of the group web."


def storage_hosts_have_nothing_else_to_do(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for group, why in (
        ("directors", "what a director hands over must not wait for the disk of the whole cluster."),
        ("web", "a host that mounts its own export can stand still for good when memory is short."),
    ):
        for name in getattr(declared, group):
            if name in declared.storage:
                yield Problem(name, f"is in both groups, {group} and storage.", f"Use separate hosts: {why}")


def shares_have_a_server(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    if declared.shares and not declared.storage:
        yield Problem(
            "group storage",
            "missing or empty, and ha_web_shares declares shares.",
            "Put the storage host into the inventory group storage, or remove ha_web_shares.",
        )
        return
    for share in declared.shares:
        if share.server not in declared.storage:
            yield Problem(
                share.item,
                f'server "{share.server}" is not in the group storage.',
                f"Use one of: {', '.join(declared.storage)}.",
            )


def clients_are_hosts_of_the_cluster(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    hosts = set(declared.hosts)
    for share in declared.shares:
        for client in share.clients:
            if client == share.server:
                yield Problem(share.item, f"client {client} is its server as well.", "Use the files where they are.")
            elif client not in hosts:
                yield Problem(share.item, f'client "{client}" {_stranger(client)}', NAME_HOSTS)


def _stranger(client: str) -> str:
    if client == "*":
        return "is the whole world."
    try:
        network = ipaddress.ip_network(client, strict=False)
    except ValueError:
        return "is not in the inventory."
    if not network.prefixlen:
        return "is the whole world."
    return "is a network, wider than needed." if network.num_addresses > 1 else "is an address, not a host."


def servers_and_clients_reach_each_other(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for share in declared.shares:
        for client in share.clients:
            known = declared.addresses_of(share.server) and declared.addresses_of(client)
            if known and client != share.server and not reached_at(declared, share, client):
                yield Problem(
                    share.item,
                    f"{share.server} and {client} have no addresses of one family.",
                    "Give one of them an address of the other's family, ha_web_address6.",
                )


def reached_at(declared: Declaration, share: DeclaredShare, client: str) -> tuple[str, str] | None:
    """The address at which a client reaches the server, and the one that it comes from."""
    for address in declared.addresses_of(share.server):
        if own := declared.address(client, family(address)):
            return address, own
    return None


def nothing_of_the_system_is_shared(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    paths = [("ha_web_storage_root", "path", declared.storage_root)] if declared.shares else []
    paths += [(share.item, "path", share.path) for share in declared.shares]
    paths += [(share.item, "mount", share.mount) for share in declared.shares]
    for item, key, path in paths:
        if path in _PARENTS or any(below(path, system) for system in _SYSTEM):
            yield Problem(item, f"{key} {path} belongs to the system.", "Choose a folder of its own: /srv/files.")


def paths_lie_below_the_root(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for share in declared.shares:
        if share.path and (share.path == declared.storage_root or not below(share.path, declared.storage_root)):
            yield Problem(
                share.item,
                f"path {share.path} does not lie below {declared.storage_root}.",
                "Move it there, or set ha_web_storage_root to the folder above all shares.",
            )


def shares_differ(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    named = [share for share in declared.shares if share.name]
    for name, items in shared_values((share.item, share.name) for share in named):
        yield Problem(names(items), f'have the same name "{name}".', "Give each share its own name.")
    for key, of in (("mount", lambda share: ("", share.mount)), ("path", lambda share: (share.server, share.path))):
        kept = [(share, of(share)) for share in named if of(share)[1]]
        for (_place, path), items in shared_values((share.item, value) for share, value in kept):
            yield Problem(names(items), f"have the same {key} {path}.", f"Give each share its own {key}.")
        for share, (place, path) in kept:
            for other, (others_place, above) in kept:
                if place == others_place and path != above and below(path, above):
                    yield Problem(
                        share.item,
                        f"{key} {path} lies below that of {other.name}, {above}.",
                        "Put them side by side: one may be missing while the other is there.",
                    )


def below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it."""
    return path == folder or path.startswith(f"{folder}/")


SHARE_RULES: tuple[Callable[[Declaration, Carriers], Iterable[Problem]], ...] = (
    storage_hosts_have_nothing_else_to_do,
    shares_have_a_server,
    clients_are_hosts_of_the_cluster,
    servers_and_clients_reach_each_other,
    nothing_of_the_system_is_shared,
    paths_lie_below_the_root,
    shares_differ,
)
