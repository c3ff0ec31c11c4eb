# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the lab is made of and where it keeps things: the one place for each of these facts."""

from __future__ import annotations

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
BUILD = REPO / "build"

# Built once and kept between runs, clones and branches.
CACHE = Path(
    os.environ.get("HA_WEB_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ha-web-lab"
)
# Another name gives a second embedded engine beside the first (the engine's own test does so).
NAME = os.environ.get("HA_WEB_LAB", "ha-web-lab")
SECOND = f"{NAME}-two"  # what needs no times, beside the first: lanes.py
# Of the running embedded engine: sockets, logs, process ids.
RUN = Path("/run", NAME)

# Debian's archive; empty: the one that this machine's apt uses.
MIRROR = os.environ.get("HA_WEB_MIRROR", "")

# The nodes' Debian releases: those with even numbers run the second one, unless one release is wanted for all.
RELEASES = tuple(os.environ.get("HA_WEB_RELEASE", "bookworm trixie").split())

# The embedded engine's kernel, best first: unstable's has seccomp and is about twice as fast.
KERNEL_RELEASES = ("sid", "trixie")
GUEST_RELEASE = "trixie"
GUEST_DISK_GIB = 24
GUEST_MEMORY_MIB = (3072, int(os.environ.get("HA_WEB_MEMORY", "8192")))  # least and most
# A busy machine must not look like an outage: the embedded engine goes before all others.
ENGINE_NICENESS = int(os.environ.get("HA_WEB_NICENESS", "-10"))

# The lab's own network namespace; nothing of this is routed on the machine itself.
NETNS = NAME
TAP = "hwtap0"
TAP_ADDRESS = "10.87.0.1"
GUEST_ADDRESS = "10.87.0.2"
NODE_NETWORKS = "10.88.0.0/14"
DOCKER_PORT = 2375
APT_PROXY_PORT = 3142  # in the namespace
APT_CACHE_PORT = int(os.environ.get("HA_WEB_APT_CACHE_PORT", "13142"))  # on the machine's loopback

# Forwarded from the machine's loopback to the cluster's VIP, for a browser.
BROWSER_PORT = int(os.environ.get("HA_WEB_BROWSER_PORT", "8088"))

FREE_DISK_GIB = 8

# Packages of a node: bare is what a minimal installation has; stack adds what the roles install,
# for scenarios whose subject is not the installation.
NODE_BARE = (
    "systemd-sysv",
    "dbus",
    "iproute2",
    "python3",
    "python3-apt",
    "ca-certificates",
    "procps",
    "kmod",
    "curl",
)
NODE_STACK = (
    "ipvsadm",
    "keepalived",
    "nginx-light",
    "apache2",
    "php-fpm",
    "php-apcu",
    "php-redis",
    "php-memcached",
    "redis-server",
    "memcached",
    "nfs-kernel-server",
    "nftables",
    "tcpdump",
    "prometheus",
    "prometheus-node-exporter",
    "prometheus-nginx-exporter",
    "prometheus-apache-exporter",
    "python3-flask",
    "gunicorn",
    "python3-prometheus-client",
    "logrotate",
)
