# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The nodes' system image, made of Debian's packages; no registry is asked."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import docker

from . import cache, debian
from .settings import CACHE, NODE_BARE, NODE_STACK, RELEASES

# Release and kind of each image that nodes are made of.
ALL = tuple(product(RELEASES, ("bare", "stack")))

_HOOKS = (
    'chroot "$1" systemctl --quiet mask getty.target systemd-logind.service apt-daily.timer apt-daily-upgrade.timer',
    # systemd runs all generators whenever it reads its units again: most of a deployment's time where all nodes share
    # one processor. A container needs but that of init scripts.
    'cd "$1" && mkdir --parents etc/systemd/system-generators; for one in usr/lib/systemd/system-generators/systemd-*;'
    " do ln --symbolic /dev/null etc/systemd/system-generators/${one##*/}; done;"
    " rm etc/systemd/system-generators/systemd-sysv-generator",
    # Emptied, so that each node gets its own.
    ': >"$1/etc/machine-id"',
)
# A stack image holds packages, not services: what runs is the roles' business.
_STACK_HOOKS = (
    'chroot "$1" sh -c "cd /lib/systemd/system && systemctl --quiet disable'
    " ipvsadm.service keepalived.service nginx.service apache2.service php*-fpm.service"
    " redis-server.service memcached.service prometheus.service prometheus-node-exporter.service"
    " prometheus-nginx-exporter.service prometheus-apache-exporter.service"
    ' nfs-server.service nfs-blkmap.service nfs-client.target rpcbind.service rpcbind.socket"',
    # They have units as well, and with these alone are enabled twice as fast.
    'rm "$1"/etc/init.d/prometheus*',
    *_HOOKS,
)
# The package lists stay in it: that all is installed must be found without the network.
_STACK_OPTIONS = ("--skip=cleanup/apt/lists",)


def name(release: str, kind: str) -> str:
    """Return the image's name in Docker; ``kind`` is ``bare`` or ``stack``."""
    return f"ha-web-node:{release}-{kind}"


def _packages(kind: str) -> tuple[str, ...]:
    return NODE_BARE + NODE_STACK if kind == "stack" else NODE_BARE


def build_from_registry(client: docker.DockerClient, release: str, kind: str) -> None:
    """Build the image from ``debian:RELEASE`` where mmdebstrap is missing."""
    client.images.build(
        path=str(Path(__file__).parent),
        tag=name(release, kind),
        buildargs={"RELEASE": release, "PACKAGES": " ".join(_packages(kind))},
    )


def archive(release: str, kind: str, detail: Callable[[str], None]) -> Path:
    """Return the image as a tar archive, made when it is not in the cache."""
    stack = kind == "stack"
    packages = _packages(kind)
    hooks = _STACK_HOOKS if stack else _HOOKS
    options = _STACK_OPTIONS if stack else ()
    recipe = cache.key("node 1", release, packages, hooks, options, debian.sources(release))

    def build(part: Path) -> None:
        detail(f"debian {release}, {kind}: {len(packages)} packages and what they need")
        debian.bootstrap(release, packages, part, form="tar", hooks=hooks, options=options)

    return cache.get(CACHE, f"node-{release}-{kind}", recipe, build)
